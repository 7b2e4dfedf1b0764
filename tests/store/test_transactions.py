"""Transactions: all or nothing, savepoints, clashes, and what two of them at once make of each other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fieldstone.errors import Conflict, FieldstoneError, Internal, Timeout, UniqueViolation
from fieldstone.query.ast import EVERYTHING, And, Literal, Or, OrderKey, Select, Slot, Term
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Store, Transaction
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

CUSTOMER = """name: customer
ownership: none
fields:
  code: {type: text, unique: true}
  email: {type: text, unique: global}
  first: {type: text}
  last: {type: text}
  parent: {type: lookup, reference: customer}
  notes: {type: number, scale: 0}
indexes: [{fields: [first, last], unique: true}]
"""
BY_ID = Term("id", "eq", Slot(0))
COLUMNS = (*SYSTEM, "organization_id", "code")


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, CUSTOMER), database_url) as opened:
        yield opened


async def add(transaction: Transaction, *ids: str) -> None:
    await transaction.insert("customer", SYSTEM, [system_values(record_id) for record_id in ids])


async def ids(store: Store | Transaction, prepare: Store) -> str:
    statement = prepare.prepare(Select("customer", ("id",), EVERYTHING, (OrderKey("id"),)))
    return "".join(row[0] for row in await store.fetch(statement, Binds()))


async def test_a_transaction_sees_its_own_writes_and_others_see_them_after_the_commit(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await add(transaction, "a")
        assert (await ids(transaction, store), await ids(store, store)) == ("a", "")
    assert await ids(store, store) == "a"


async def test_an_exception_leaves_nothing(store: SqlStore) -> None:
    async def fail() -> None:
        async with store.transaction() as transaction:
            await add(transaction, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await ids(store, store) == ""


async def test_a_cancelled_task_leaves_nothing_and_lets_the_next_one_write(store: SqlStore) -> None:
    async def write() -> None:
        async with store.transaction() as transaction:
            for start in range(0, 5000, 250):
                await add(transaction, *(f"{number:05}" for number in range(start, start + 250)))
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.transaction() as transaction:
        await add(transaction, "a")
    assert await ids(store, store) == "a"


async def test_savepoints_nest_and_roll_back_to_where_they_began(store: SqlStore) -> None:
    async def fail(transaction: Transaction) -> None:
        async with transaction.savepoint():
            await add(transaction, "c")
            async with transaction.savepoint():
                await add(transaction, "d")
            raise ZeroDivisionError

    async with store.transaction() as transaction:
        await add(transaction, "a")
        async with transaction.savepoint():
            await add(transaction, "b")
            with pytest.raises(ZeroDivisionError):
                await fail(transaction)
            await add(transaction, "e")
    assert await ids(store, store) == "abe"


async def test_a_clash_names_the_declared_fields_and_a_savepoint_outlives_it(store: SqlStore) -> None:
    async def clash(first: dict[str, str], second: dict[str, str]) -> list[str] | None:
        async with store.transaction() as transaction:
            await transaction.delete("customer", EVERYTHING, Binds())
            await transaction.insert("customer", (*SYSTEM, *first), [(*system_values("a"), *first.values())])
            try:
                async with transaction.savepoint():
                    row = (*system_values(second.pop("id", "b")), *second.values())
                    await transaction.insert("customer", (*SYSTEM, *second), [row])
            except UniqueViolation as error:
                assert await ids(transaction, store) == "a"
                return list(error.details["fields"])
        return None

    def in_organization(name: str, **values: str) -> dict[str, str]:
        return {"organization_id": name, **values}

    assert await clash(in_organization("o", code="1"), in_organization("o", code="1")) == ["code"]
    assert await clash(in_organization("o", code="1"), in_organization("p", code="1")) is None
    assert await clash(in_organization("o", email="1"), in_organization("p", email="1")) == ["email"]
    names = {"first": "1", "last": "2"}
    assert await clash(in_organization("o", **names), in_organization("o", **names)) == ["first", "last"]
    assert await clash(in_organization("o", first="1"), in_organization("o", first="1")) is None
    assert await clash({}, {"id": "a"}) == ["id"]


async def test_a_clash_in_an_update_is_told_too(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await transaction.insert("customer", COLUMNS, [(*system_values(name), "o", name) for name in ("a", "b")])
    with pytest.raises(UniqueViolation, match="`code`") as caught:
        async with store.transaction() as transaction:
            await transaction.update("customer", {"code": "a"}, BY_ID, Binds(values=("b",)))
    assert caught.value.details == {"fields": ["code"]}
    assert "o" not in caught.value.message.split("`")


async def test_a_reference_to_nothing_is_a_conflict_at_the_commit(store: SqlStore) -> None:
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            await transaction.insert("customer", (*SYSTEM, "parent"), [(*system_values("a"), "nobody")])
    assert await ids(store, store) == ""


async def test_records_that_refer_to_each_other_come_and_go_in_one_transaction(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        rows = [(*system_values("a"), "b"), (*system_values("b"), "a")]
        await transaction.insert("customer", (*SYSTEM, "parent"), rows)
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            assert await transaction.delete("customer", BY_ID, Binds(values=("a",))) == 1
    async with store.transaction() as transaction:
        assert await transaction.delete("customer", EVERYTHING, Binds()) == 2
    assert await ids(store, store) == ""


async def test_of_many_updates_at_one_version_exactly_one_succeeds(store: SqlStore, database_url: str) -> None:
    async with store.transaction() as transaction:
        await add(transaction, "a")
    at_version = And((BY_ID, Term("version", "eq", Slot(1))))

    async def update(through: SqlStore, number: int) -> int:
        async with through.transaction() as transaction:
            binds = Binds(values=("a", 1))
            return await transaction.update("customer", {"notes": number}, at_version, binds)

    async with store_of(store.catalog, database_url) as other:
        counts = await asyncio.gather(*(update(through, number) for number in range(25) for through in (store, other)))
    assert sorted(counts) == [0] * 49 + [1]


async def test_writers_of_two_stores_lose_no_update(store: SqlStore, database_url: str) -> None:
    async with store.transaction() as transaction:
        await transaction.insert("customer", (*SYSTEM, "notes"), [(*system_values("a"), 0)])
    statement = store.prepare(Select("customer", ("notes", "version"), BY_ID))

    async def add_one(through: SqlStore) -> None:
        done = 0
        while not done:
            ((notes, version),) = await through.fetch(statement, Binds(values=("a",)))
            async with through.transaction() as transaction:
                condition = And((BY_ID, Term("version", "eq", Slot(1))))
                binds = Binds(values=("a", version))
                done = await transaction.update("customer", {"notes": notes + 1}, condition, binds)

    async with store_of(store.catalog, database_url) as other:
        await asyncio.gather(*(add_one(through) for _ in range(10) for through in (store, other)))
    assert await store.fetch(statement, Binds(values=("a",))) == [(20, 21)]


async def test_the_epoch_rises_with_the_commit_for_every_store(store: SqlStore, database_url: str) -> None:
    async def raise_and_fail() -> None:
        async with store.transaction() as transaction:
            await transaction.raise_epoch()
            raise ZeroDivisionError

    async with store_of(store.catalog, database_url) as other:
        before = await other.epoch()
        async with store.transaction() as transaction:
            await transaction.raise_epoch()
            assert await other.epoch() == before
        assert (await store.epoch(), await other.epoch()) == (before + 1, before + 1)
        with pytest.raises(ZeroDivisionError):
            await raise_and_fail()
        assert await other.epoch() == before + 1


async def test_a_statement_over_its_time_is_stopped(tmp_path: Path, database_url: str) -> None:
    async with store_of(catalog_of(tmp_path, CUSTOMER), database_url, Limits(statement_seconds=1)) as store:
        rows = [(*system_values(f"{number:05}"), "x" * 5000) for number in range(500)]
        async with store.transaction() as transaction:
            await transaction.insert("customer", (*SYSTEM, "first"), rows)
        many = Or(tuple(Term("first", "contains", Literal(f"y{number}")) for number in range(400)))
        slow = store.prepare_count("customer", many)
        with pytest.raises(Timeout):
            await store.fetch(slow, Binds())
        with pytest.raises(Timeout):
            async with store.transaction() as transaction:
                await transaction.fetch(slow, Binds())
        assert len(await ids(store, store)) == 2500


async def test_a_failure_says_nothing_of_the_database(store: SqlStore) -> None:
    with pytest.raises(FieldstoneError) as caught:
        async with store.transaction() as transaction:
            await transaction.insert("customer", ("id",), [("a",)])
    assert (caught.value.code, caught.value.message) == ("INTERNAL", "The database refused a statement.")


async def test_a_transaction_that_has_failed_is_not_taken_for_committed(store: SqlStore, database_url: str) -> None:
    async def go_on() -> None:
        async with store.transaction() as transaction:
            await add(transaction, "a")
            with pytest.raises(UniqueViolation):
                await add(transaction, "a")

    if database_url.startswith("sqlite"):
        await go_on()
        assert await ids(store, store) == "a"
    else:
        with pytest.raises(Internal):
            await go_on()
        assert await ids(store, store) == ""
