"""Summaries: what each write to the records below does to the one above, what it does not, and what is seen of it meanwhile."""

from decimal import Decimal
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Clone, Create, Delete, Get, Read, ReadHistory, Restore, Update
from fieldstone.engine.outcome import Page, Record
from fieldstone.errors import Invalid
from fieldstone.query.document import QueryDocument
from fieldstone.store.outbox import EVENT_TABLE
from tests.engine.office import Office, codes
from tests.statements import noted_statements

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def account_of(ledger: Office, account: str, *fields: str) -> Any:
    """Returns a field of an account, or several."""
    stored = await ledger.stored("account", account)
    return stored[fields[0]] if len(fields) == 1 else tuple(stored[name] for name in fields)


async def test_a_new_record_has_nothing_below_it(ledger: Office) -> None:
    account = await ledger.make("account", name="new")
    figures = await account_of(ledger, account, "entries", "amounts", "total", "mean", "least", "last", "against")
    assert figures == (0, 0, Decimal("0.00"), None, None, None, 0)
    assert isinstance(figures[2], Decimal)


async def test_a_summary_raises_no_version_and_makes_no_event_and_is_no_change_of_its_record(ledger: Office) -> None:
    account = await ledger.make("account", name="a")
    before = await account_of(ledger, account, "version", "updated_at", "updated_by")
    entry = await ledger.make("entry", account=account, amount=5, state="posted")
    assert await account_of(ledger, account, "total") == 5
    assert await account_of(ledger, account, "version", "updated_at", "updated_by") == before
    rows = await ledger.store._database.read(
        f"SELECT object, action FROM {EVENT_TABLE} WHERE record_id IN ('{account}', '{entry}') ORDER BY position",
        (),
        bounded=False,
    )
    assert [tuple(row) for row in rows] == [("account", "created"), ("entry", "created")]
    await ledger.update(SYSTEM, "account", account, at=1, name="still at version one")


async def test_a_change_of_what_no_summary_looks_at_locks_no_parent(ledger: Office, statements: list[str]) -> None:
    account = await ledger.make("account", name="a")
    entry = await ledger.make("entry", account=account, amount=5)
    statements.clear()
    await ledger.update(SYSTEM, "entry", entry, note="nothing to add up")
    assert [text for text in statements if '"account"' in text] == []
    await ledger.update(SYSTEM, "entry", entry, amount=6)
    assert len(computations(statements)) == 1


async def test_an_object_that_is_in_no_summary_pays_nothing(ledger: Office, statements: list[str]) -> None:
    region = await ledger.make("region", name="r")
    statements.clear()
    await ledger.update(SYSTEM, "region", region, name="s")
    assert len([text for text in statements if "UPDATE region" in text]) == 1
    assert [text for text in statements if "FOR NO KEY" in text] == []


async def test_five_thousand_records_in_a_batch_compute_their_parents_once(
    ledger: Office, statements: list[str]
) -> None:
    one, other = await ledger.make("account", name="one"), await ledger.make("account", name="other")
    rows = [
        {"data": {"account": one if place % 2 else other, "amount": Decimal("0.01"), "state": "posted"}}
        for place in range(5000)
    ]
    statements.clear()
    result = await ledger.batch(ledger.caller("ann", "everything"), "entry", "create", rows)
    assert all(row.error is None for row in result.rows)
    assert await account_of(ledger, one, "entries", "total") == (2500, 25)
    assert await account_of(ledger, other, "entries", "total") == (2500, 25)
    assert len(computations(statements)) == 1


async def test_within_a_unit_every_read_sees_what_was_written_before_it(ledger: Office) -> None:
    seen: list[Any] = []

    async def look(context: Context, change: Change) -> None:
        account = change.values["account"]
        record = await context.execute(Get("account", account, ["entries", "total"]), SYSTEM)
        assert isinstance(record, Record)
        where = {"id": account, "entries": {"$gt": 0}}
        page = await context.execute(Read("account", QueryDocument(where=where)), SYSTEM)
        assert isinstance(page, Page)
        seen.append((*record.row[:2], len(page.rows)))

    account = await ledger.make("account", name="a")
    hooked = ledger.rebuilt(Hook("look", "entry", "after_create", look))
    rows = [{"account": account, "amount": 1, "state": "posted"} for _ in range(2)]
    await hooked.create(SYSTEM, "entry", rows[0])
    await hooked.create(SYSTEM, "entry", *rows)
    assert seen == [(1, 1, 1), (3, 3, 1), (3, 3, 1)]


async def test_a_dry_run_meets_the_same_refusals_and_leaves_the_summary_alone(ledger: Office) -> None:
    account = await ledger.make("account", name="a")
    amount = Decimal("499999999999999.00")
    row = {"account": account, "amount": amount, "state": "posted"}
    create = Create("entry", (row,) * 10)
    await ledger.door.execute(create, SYSTEM, dry=True)
    assert await account_of(ledger, account, "total") == 0
    await ledger.door.execute(create, SYSTEM)
    for dry in (True, False):
        with pytest.raises(Invalid, match="beyond"):
            await ledger.door.execute(create, SYSTEM, dry=dry)
    assert await account_of(ledger, account, "total", "entries") == (10 * amount, 10)


@pytest.mark.parametrize(
    ("amounts", "mean"),
    [
        (["1", "2"], "1.5"),
        (["0.01", "0.01", "0.02"], "0.013"),
        (["0.01", "0.02", "0.02"], "0.017"),
        (["0.00", "0.00", "0.00", "0.01", "0.01", "0.00", "0.00", "0.00"], "0.003"),
        (["-0.01", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "-0.01"], "-0.003"),
        (["9999999999999999.99", "9999999999999999.99"], None),
        (["999999999999999.99", "999999999999999.97"], "999999999999999.98"),
    ],
)
async def test_a_mean_is_exact_and_half_a_last_digit_is_rounded_away_from_zero(
    ledger: Office, amounts: list[str], mean: str | None
) -> None:
    account = await ledger.make("account", name="a")
    rows = [{"account": account, "amount": Decimal(amount), "state": "void"} for amount in amounts]
    if mean is None:
        with pytest.raises(Invalid, match="beyond"):
            await ledger.create(SYSTEM, "entry", *rows)
        return
    await ledger.create(SYSTEM, "entry", *rows)
    assert await account_of(ledger, account, "mean") == Decimal(mean)


async def test_nobody_sets_a_summary_or_a_number(ledger: Office) -> None:
    account = await ledger.make("account", name="a")
    for caller in (SYSTEM, ledger.caller("ann", "everything")):
        for values in ({"total": 1}, {"number": "ACC-9"}):
            with pytest.raises(Invalid) as caught:
                await ledger.create(caller, "account", {"name": "b", **values})
            assert codes(caught.value) == {next(iter(values)): "invalid_value"}
            with pytest.raises(Invalid) as caught:
                await ledger.update(caller, "account", account, **values)
            assert codes(caught.value) == {next(iter(values)): "invalid_value"}


async def test_a_clone_begins_with_nothing_below_it_and_a_number_of_its_own(ledger: Office) -> None:
    account = await ledger.make("account", name="a")
    entry = await ledger.make("entry", account=account, amount=2, state="posted")
    ann = ledger.caller("ann", "everything")
    copy = (await ledger.door.execute(Clone("account", account, {}), ann)).ids[0]
    assert await account_of(ledger, copy, "entries", "total") == (0, 0)
    assert await account_of(ledger, copy, "number") != await account_of(ledger, account, "number")
    await ledger.door.execute(Clone("entry", entry, {}), ann)
    assert await account_of(ledger, account, "entries", "total") == (2, 4)


async def test_an_upsert_moves_what_it_changes(ledger: Office) -> None:
    one, other = await ledger.make("account", name="one"), await ledger.make("account", name="other")
    ann = ledger.caller("ann", "everything")
    for account in (one, other):
        records = [{"externalId": key, "data": {"account": account, "amount": 1}} for key in (f"{one}a", f"{one}b")]
        result = await ledger.batch(ann, "entry", "upsert", records, external_id_field="key")
        assert all(row.error is None for row in result.rows)
    assert await account_of(ledger, one, "entries") == 0
    assert await account_of(ledger, other, "entries") == 2


async def test_a_version_that_comes_back_brings_its_values_and_neither_number_nor_figures(ledger: Office) -> None:
    entry = await ledger.make("entry", amount=1, note="first")
    number = (await ledger.stored("entry", entry))["number"]
    await ledger.update(SYSTEM, "entry", entry, note="second")
    written = await ledger.door.execute(Restore("entry", entry, 1), ledger.caller("ann", "everything"))
    assert written.versions == (3,)
    stored = await ledger.stored("entry", entry)
    assert (stored["note"], stored["number"]) == ("first", number)
    history = await ledger.door.execute(ReadHistory("entry", entry), SYSTEM)
    assert [[change.field for change in version.changes] for version in history.versions[:2]] == [["note"], ["note"]]


async def test_a_reference_that_lets_go_takes_the_record_out_of_the_figure(ledger: Office) -> None:
    contra = await ledger.make("account", name="contra")
    own = await ledger.make("account", name="own")
    await ledger.make("entry", account=own, contra=contra, units=4, amount=1)
    assert await account_of(ledger, contra, "against") == 4
    await ledger.delete(SYSTEM, "account", contra)
    await ledger.door.execute(Delete("account", contra, purge=True), SYSTEM)
    assert await account_of(ledger, own, "entries") == 1
    other = await ledger.make("account", name="other")
    await ledger.door.execute(Update("entry", (await entries_of(ledger, own))[0], {"contra": other}), SYSTEM)
    assert await account_of(ledger, other, "against") == 4


async def entries_of(ledger: Office, account: str) -> list[str]:
    page = await ledger.page(SYSTEM, "entry", where={"account": account}, fields=["id"])
    return [row[0] for row in page.rows]


def computations(statements: list[str]) -> list[str]:
    """Returns those of some statements that compute the summaries of accounts."""
    return [text for text in statements if text.startswith(("UPDATE account", 'UPDATE "account"'))]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of all statements that transactions run, in their order."""
    return noted_statements(monkeypatch)
