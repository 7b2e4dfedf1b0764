"""Whole writes: which there are, and that one which may not stand, or comes too late, does nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.query.ast import EVERYTHING, NOTHING, And, Exists, Filter, OrderKey, Select, Slot, Term
from fieldstone.store.binds import Binds
from fieldstone.store.event import RecordEvent
from fieldstone.store.interface import Row, WholeWrite
from fieldstone.store.outbox import EVENT_TABLE
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import NOW, SYSTEM, catalog_of, store_of, system_values

TEAM = """name: team
ownership: none
fields: {name: {type: text}, places: {type: summary, summaryOperations: {object: player, function: count}}}
"""
PLAYER = """name: player
ownership: none
nameField: name
fields:
  name: {type: text, unique: global, searchable: true}
  captain: {type: lookup, reference: player}
  team: {type: master_detail, reference: team}
"""
FAN = """name: fan
ownership: none
nameField: name
fields: {name: {type: text, unique: global, searchable: true}, friend: {type: lookup, reference: fan}}
"""
COLUMNS = (*SYSTEM, "name")
AT_VERSION = And((Term("id", "eq", Slot(0)), Term("version", "eq", Slot(1))))
FRIENDS = Exists("fan", "friend", "id", EVERYTHING)
PLAYERS = Exists("player", "name", "name", EVERYTHING)


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, TEAM, PLAYER, FAN), database_url) as opened:
        yield opened


def write(check: Filter = EVERYTHING, *, of: str = "fan", where: Filter | None = None, **more: Any) -> WholeWrite:
    seen = Select(of, ("id", "version", "name"), EVERYTHING, flags=(check, Term("name", "eq", Slot(2))), **more)
    return WholeWrite(seen, COLUMNS if where is None else ("name",), where)


def event(record_id: str, version: int) -> RecordEvent:
    return RecordEvent(None, "fan", record_id, "created", version, None, NOW, ("name",))


async def run(store: SqlStore, asked: WholeWrite, values: Row, record_id: str, version: int) -> list[Row] | None:
    """Runs a whole write where the database has them; says that nothing was done where it has not."""
    statement = store.prepare_whole(asked)
    if statement is None:
        return None
    async with store.transaction() as transaction:
        binds = Binds((record_id, version, "ada"))
        return await transaction.write_whole(statement, values, event(record_id, version), binds)


async def contents(store: SqlStore) -> list[tuple[Any, ...]]:
    """Returns the records, each with how many words of it are kept, and the events, as one list."""
    select = Select("fan", ("id", "version", "name"), EVERYTHING, (OrderKey("id"),))
    rows = await store.fetch(store.prepare(select), Binds())
    words = await store._database.read('SELECT id, w_name FROM "fan.words" ORDER BY id', (), bounded=True)
    events = await store._database.read(f"SELECT record_id, version FROM {EVENT_TABLE}", (), bounded=True)
    return [*rows, *map(tuple, words), *map(tuple, events)]


def test_what_depends_on_other_records_of_its_object_is_no_whole_write(store: SqlStore) -> None:
    whole = store.dialect.name == "postgresql"
    assert [
        store.prepare_whole(asked) is not None
        for asked in (write(), write(PLAYERS), write(where=AT_VERSION), write(FRIENDS), write(of="player"))
    ] == [whole, whole, whole, False, False]


async def test_a_record_its_words_and_its_event_are_written_and_answered_at_once(store: SqlStore) -> None:
    whole = store.dialect.name == "postgresql"
    made = await run(store, write(), (*system_values("a"), "ada"), "a", 1)
    changed = await run(store, write(where=AT_VERSION), ("bea",), "a", 1)
    late = await run(store, write(where=AT_VERSION), ("cleo",), "a", 1)
    if whole:
        assert (made, changed, late) == ([("a", 1, "ada", True, True)], [("a", 2, "bea", True, False)], None)
        assert await contents(store) == [("a", 2, "bea"), ("a", " bea "), ("a", 1), ("a", 1)]
    else:
        assert (made, changed, late, await contents(store)) == (None, None, None, [])


async def test_what_may_not_stand_or_clashes_does_nothing(store: SqlStore) -> None:
    await run(store, write(), (*system_values("a"), "ada"), "a", 1)
    before = await contents(store)
    assert await run(store, write(NOTHING), (*system_values("b"), "bea"), "b", 1) is None
    assert await run(store, write(), (*system_values("b"), "ada"), "b", 1) is None
    assert await run(store, write(NOTHING, where=AT_VERSION), ("bea",), "a", 1) is None
    assert await contents(store) == before


async def test_a_transaction_that_has_begun_and_a_rehearsal_take_none(store: SqlStore) -> None:
    statement = store.prepare_whole(write())
    values, asked = (*system_values("a"), "ada"), Binds(("a", 1, "ada"))

    async def look(_transaction: object) -> None:
        assert [row[0] for row in await contents(store)] == ["b", "b"]

    async with store.transaction() as transaction:
        await transaction.insert("fan", COLUMNS, [(*system_values("b"), "bea")])
        assert statement is None or await transaction.write_whole(statement, values, event("a", 1), asked) is None
    with store.rehearsing(look):
        async with store.transaction() as transaction:
            assert statement is None or await transaction.write_whole(statement, values, event("a", 1), asked) is None
    assert [row[0] for row in await contents(store)] == ["b", "b"]
