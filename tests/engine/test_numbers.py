"""Numbers: what a new record is numbered by, whose days count, and that nobody gets a number twice."""

import asyncio
from typing import Any

import msgspec
import pytest

from fieldstone.access.caller import SYSTEM, system_in
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.operation import Across, Create
from fieldstone.ids import new_id
from fieldstone.settings import Settings
from fieldstone.store.sql_store import SqlTransaction
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def number_of(ledger: Office, object_name: str, record_id: str, field: str = "number") -> str:
    number: str = (await ledger.stored(object_name, record_id))[field]
    return number


def at(ledger: Office, now: str) -> Office:
    """Returns the same office at an instant."""
    other = ledger.rebuilt()
    settings = Settings(secret="secret of the tests")
    other.door = Door(ledger.store, DATA_HANDLERS, settings, hooks=(), preparers={}, clock=lambda: now, new_id=new_id)
    return other


async def numbers(ledger: Office, *rows: dict[str, Any], object_name: str = "entry") -> list[str]:
    """Returns the numbers of new records that are made together."""
    written = await ledger.create(ledger.caller("ann", "everything"), object_name, *rows)
    return [await number_of(ledger, object_name, record_id) for record_id in written.ids]


async def test_each_frame_of_an_organisation_is_counted_by_itself(ledger: Office) -> None:
    assert await numbers(ledger, *({"state": state} for state in ("draft", "void", "draft"))) == [
        "draft-005",
        "void-005",
        "draft-006",
    ]
    assert await numbers(ledger, {"state": "void"}) == ["void-006"]
    elsewhere = await ledger.make("entry", ledger.caller("eve", "everything"), state="void")
    assert await number_of(ledger, "entry", elsewhere) == "void-005"


async def test_a_number_stays_when_what_it_was_made_of_changes(ledger: Office) -> None:
    entry = await ledger.make("entry", state="draft")
    await ledger.update(SYSTEM, "entry", entry, state="void")
    assert await number_of(ledger, "entry", entry) == "draft-005"
    assert await numbers(ledger, {"state": "void"}) == ["void-005"]


async def test_a_counter_goes_beyond_its_width(ledger: Office) -> None:
    await ledger.create(system_in(ledger.here), "invoice", *({"series": "A-"} for _ in range(100)))
    page = await ledger.page(
        SYSTEM, "invoice", where={"organization_id": ledger.here}, fields=["number"], order_by="-id", limit=200
    )
    assert {row[0].rpartition("-")[2] for row in page.rows} == {*(f"{count:02d}" for count in range(1, 101))}


async def test_the_day_is_that_of_the_organisation(ledger: Office) -> None:
    await ledger.update(SYSTEM, "sys_organization", ledger.elsewhere, timezone="Pacific/Kiritimati")
    late = at(ledger, "2026-12-31T23:30:00.000Z")
    ann, eve = ledger.caller("ann", "everything"), ledger.caller("eve", "everything")
    berlin = msgspec.structs.replace(ann, values={**ann.values, "timezone": "Europe/Berlin"})
    for caller, number, day_number in (
        (ann, "x2026/12-31-01", "20261231-1"),
        (berlin, "x2027/01-01-01", "20270101-1"),
        (system_in(ledger.here), "x2026/12-31-02", "20261231-2"),
        (system_in(ledger.elsewhere), "x2027/01-01-01", "20270101-1"),
        (eve, "x2026/12-31-01", "20261231-1"),
    ):
        invoice = await late.make("invoice", caller, series="x")
        assert await number_of(ledger, "invoice", invoice) == number
        assert await number_of(ledger, "invoice", invoice, "day_number") == day_number


async def test_an_absent_value_is_nothing_and_a_long_one_is_as_good_as_any(ledger: Office) -> None:
    then = at(ledger, "2026-03-05T10:00:00.000Z")
    long = "ü" * 300
    for series in (None, long, None, long):
        await then.make("invoice", series=series)
    page = await ledger.page(
        SYSTEM, "invoice", where={"organization_id": ledger.here}, fields=["number"], order_by="id"
    )
    bare = "2026/03-05-"
    assert [row[0] for row in page.rows] == [f"{bare}01", f"{long}{bare}01", f"{bare}02", f"{long}{bare}02"]


async def test_a_number_is_found_by_filters_and_by_its_words(ledger: Office) -> None:
    account = await ledger.make("account", name="a")
    number = await number_of(ledger, "account", account)
    inside = {"organization_id": ledger.here}
    assert [row[0] for row in (await ledger.page(SYSTEM, "account", where=inside | {"number": number})).rows] == [
        account
    ]
    found = await ledger.page(ledger.caller("ann", "everything"), "account", search=number.rpartition("-")[2])
    assert [row[0] for row in found.rows] == [account]


async def test_a_batch_reserves_its_numbers_by_one_statement_for_each_counter_and_portion(
    ledger: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved: list[int] = []
    reserve = SqlTransaction.reserve

    async def noting(self: Any, counter: Any, count: int, start: int) -> int:
        reserved.append(count)
        return await reserve(self, counter, count, start)

    monkeypatch.setattr(SqlTransaction, "reserve", noting)
    rows = [{"data": {"state": "void"}} for _ in range(600)]
    result = await ledger.batch(ledger.caller("ann", "everything"), "entry", "create", rows, return_records=True)
    assert reserved == [250, 250, 100]
    given = [(row.record or ())[row.columns.index("number")] for row in result.rows]
    assert given == [f"void-{count:03d}" for count in range(5, 605)]


async def test_what_is_undone_gives_its_numbers_back(ledger: Office) -> None:
    ann = ledger.caller("ann", "everything")
    row = {"object": "entry", "action": "create", "data": {"state": "void"}}
    wrong = {"object": "account", "action": "create", "data": {"name": None}}
    await ledger.door.execute(Across((row, wrong)), ann)
    await ledger.door.execute(Create("entry", ({"state": "void"},)), ann, dry=True)
    assert await numbers(ledger, {"state": "void"}) == ["void-005"]


async def test_makers_at_once_get_different_numbers_without_a_gap(ledger: Office) -> None:
    async def make(count: int) -> list[str]:
        return await numbers(ledger, *({"state": "posted"} for _ in range(count)))

    given = [number for made in await asyncio.gather(*(make(count % 3 + 1) for count in range(12))) for number in made]
    assert sorted(given) == [f"posted-{count:03d}" for count in range(5, 5 + len(given))]
    assert len(given) == 24
