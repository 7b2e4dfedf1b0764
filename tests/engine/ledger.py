"""A ledger in memory: what every summary of the world `ledger` must be, worked out from the records that there are."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fieldstone.access.caller import SYSTEM
from tests.engine.office import Office

Record = dict[str, Any]
ACCOUNT = ("entries", "amounts", "total", "mean", "least", "last", "against", "twice", "bigs")
REGION = ("accounts", "total", "rich", "last", "remarks", "spread")
_THOUSANDTH = Decimal("0.001")


class Books:
    """The records of a ledger by object and id; those in the trash are marked `gone`, with what they went along with."""

    def __init__(self) -> None:
        self.regions: dict[str, Record] = {}
        self.accounts: dict[str, Record] = {}
        self.entries: dict[str, Record] = {}
        self.remarks: dict[str, Record] = {}

    def live(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """Returns the records that are not in the trash."""
        return {record_id: record for record_id, record in records.items() if record.get("gone") is None}

    def account(self, account_id: str) -> Record:
        """Returns what the summaries of an account must be."""
        entries = list(self.live(self.entries).values())
        own = [entry for entry in entries if entry["account"] == account_id]
        contra = [entry for entry in entries if entry["contra"] == account_id]
        amounts = values(own, "amount")
        counted = [
            entry
            for entry in own
            if entry["state"] in ("draft", "posted") or (entry["day"] is not None and entry["day"] > "2026-03-01")
        ]
        return {
            "entries": len(own),
            "amounts": len(amounts),
            "total": sum(values((entry for entry in own if entry["state"] == "posted"), "amount"), Decimal()),
            "mean": mean(amounts),
            "least": min(values(counted, "amount"), default=None),
            "last": max(values(own, "day"), default=None),
            "against": sum(values(contra, "units")),
            "twice": sum(map(doubled, amounts), Decimal()),
            "bigs": sum(doubled(amount) > 500 for amount in amounts),
        }

    def region(self, region_id: str) -> Record:
        """Returns what the summaries of a region must be."""
        own = [
            self.account(account_id)
            for account_id, account in self.live(self.accounts).items()
            if account["region"] == region_id
        ]
        return {
            "accounts": len(own),
            "total": sum(values(own, "total"), Decimal()),
            "rich": sum(account["total"] > 100 for account in own),
            "last": max(values(own, "last"), default=None),
            "spread": max((account["twice"] - account["total"] for account in own), default=None),
            "remarks": sum(remark["region"] == region_id for remark in self.remarks.values()),
        }


async def compare(ledger: Office, books: Books) -> None:
    """Asserts that every summary that is stored is what it must be."""
    live = books.live(books.accounts)
    stored = await read_all(ledger, "account", ACCOUNT, live)
    assert stored == {account_id: books.account(account_id) for account_id in live}
    regions = await read_all(ledger, "region", REGION, books.regions)
    assert regions == {region_id: books.region(region_id) for region_id in books.regions}


async def read_all(ledger: Office, object_name: str, fields: Iterable[str], ids: Iterable[str]) -> dict[str, Record]:
    """Returns fields of records by id, as they are stored."""
    wanted = list(ids)
    if not wanted:
        return {}
    page = await ledger.page(SYSTEM, object_name, where={"id": {"$in": wanted}}, fields=["id", *fields], limit=200)
    return {record.pop("id"): record for record in page.records()}


def values(records: Iterable[Mapping[str, Any]], field: str) -> list[Any]:
    """Returns the values that there are in a field."""
    return [record[field] for record in records if record[field] is not None]


def doubled(amount: Decimal) -> Decimal:
    """Returns what the formula `doubled` makes of an amount."""
    return (2 * amount + Decimal("0.005")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def mean(amounts: list[Decimal]) -> Decimal | None:
    """Returns the mean to three digits, half a last one rounded away from zero."""
    if not amounts:
        return None
    return (sum(amounts, Decimal()) / len(amounts)).quantize(_THOUSANDTH, ROUND_HALF_UP)
