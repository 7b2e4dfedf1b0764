"""Turns at the writer of SQLite: what commits together, who is told when, and what becomes of the others where one fails."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from fieldstone.errors import Conflict, SerializationFailure, UniqueViolation
from fieldstone.query.ast import EVERYTHING, OrderKey, Select
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.database import Session
from fieldstone.store.open import open_database
from fieldstone.store.sql_store import SqlStore
from fieldstone.store.sqlite import SqliteDatabase
from fieldstone.store.sqlite_turns import Turns
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values
from tests.turns import LoopTurns

ITEM = """name: item
ownership: none
fields: {code: {type: text, unique: global}, parent: {type: lookup, reference: item}}
"""
COLUMNS = (*SYSTEM, "code", "parent")
INSERT = f"INSERT INTO item ({', '.join(SYSTEM)}, code) VALUES (?, ?, ?, ?, ?)"


@pytest.fixture
async def store(tmp_path: Path, sqlite_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, ITEM), sqlite_url) as opened:
        yield opened


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many turns each commit was for."""
    found: list[int] = []
    commit = Turns.commit

    async def counted(turns: Turns, kept: int, *, many: bool) -> None:
        found.append(kept)
        await commit(turns, kept, many=many)

    monkeypatch.setattr(Turns, "commit", counted)
    return found


async def add(store: SqlStore, record_id: str, code: str | None = None, parent: str | None = None) -> str:
    async with store.transaction() as transaction:
        await transaction.insert("item", COLUMNS, [(*system_values(record_id), code or record_id, parent)])
    return record_id


async def put(session: Session, record_id: str) -> None:
    await session.write(INSERT, (*system_values(record_id), record_id))


async def ids(store: SqlStore) -> str:
    statement = store.prepare(Select("item", ("id",), EVERYTHING, (OrderKey("id"),)))
    return "".join(row[0] for row in await store.fetch(statement, Binds()))


def outcomes(found: Sequence[str | BaseException]) -> list[str]:
    return [one if isinstance(one, str) else type(one).__name__ for one in found]


async def test_writes_that_come_together_share_one_commit(store: SqlStore, commits: list[int]) -> None:
    assert await asyncio.gather(*(add(store, name) for name in "abcdef")) == list("abcdef")
    assert (await ids(store), commits) == ("abcdef", [6])


async def test_those_who_have_waited_write_within_one_turn_of_the_loop_and_commit_in_the_next_but_one(
    store: SqlStore, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(sqlite_url, synchronous="full", limits=Limits())
    found: list[tuple[str, int]] = []
    commit = Turns.commit

    async def noted(turns: Turns, kept: int, *, many: bool) -> None:
        found.append((f"commit of {kept}", loop.now))
        await commit(turns, kept, many=many)

    async def joint(name: str) -> None:
        async with database.joint() as session:
            await session.write_many(INSERT, [(*system_values(name), name)])
            found.append((name, loop.now))

    monkeypatch.setattr(Turns, "commit", noted)
    with LoopTurns() as loop:
        async with database.transaction():
            waiting = [asyncio.create_task(joint(name)) for name in "abcdefghij"]
            await asyncio.sleep(0)
        found.clear()
        began = loop.now
        await asyncio.gather(*waiting)
    assert found == [*((name, began + 1) for name in "abcdefghij"), ("commit of 10", began + 3)]
    assert await ids(store) == "abcdefghij"
    await database.close()


async def test_a_write_by_itself_waits_for_nobody(store: SqlStore, commits: list[int]) -> None:
    for name in "abc":
        await add(store, name)
    assert (await ids(store), commits) == ("abc", [1, 1, 1])


async def test_each_failure_is_its_own(store: SqlStore, commits: list[int]) -> None:
    writes = (add(store, name, code) for name, code in [("a", "1"), ("b", "1"), ("c", "2"), ("d", "2"), ("e", "3")])
    found = outcomes(await asyncio.gather(*writes, return_exceptions=True))
    assert found == ["a", "UniqueViolation", "c", "UniqueViolation", "e"]
    assert (await ids(store), commits) == ("ace", [3])


async def test_a_failure_of_the_first_leaves_the_next_ones_a_transaction(store: SqlStore) -> None:
    await add(store, "a", "1")
    found = outcomes(
        await asyncio.gather(add(store, "b", "1"), add(store, "c", "2"), add(store, "d", "3"), return_exceptions=True)
    )
    assert (found, await ids(store)) == (["UniqueViolation", "c", "d"], "acd")


async def test_nobody_is_told_anything_before_the_commit(
    store: SqlStore, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, may_commit = Turns.commit, asyncio.Event()

    async def held(turns: Turns, kept: int, *, many: bool) -> None:
        await may_commit.wait()
        await commit(turns, kept, many=many)

    monkeypatch.setattr(Turns, "commit", held)
    kept, refused = asyncio.create_task(add(store, "a", "1")), asyncio.create_task(add(store, "b", "1"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not kept.done()
    assert not refused.done()
    may_commit.set()
    assert await kept == "a"
    with pytest.raises(UniqueViolation):
        await refused
    outside = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert outside.execute("SELECT id FROM item").fetchall() == [("a",)]
    outside.close()


async def test_where_a_commit_fails_each_tries_again_by_himself(store: SqlStore, commits: list[int]) -> None:
    async def persist(name: str, parent: str | None = None) -> str:
        tries = 0
        while True:
            tries += 1
            try:
                return f"{await add(store, name, parent=parent)}{tries}"
            except SerializationFailure:
                continue

    found = await asyncio.gather(persist("a"), persist("b", "nobody"), persist("c"), return_exceptions=True)
    assert [str(found[0]), type(found[1]), str(found[2])] == ["a2", Conflict, "c2"]
    assert (await ids(store), commits) == ("ac", [3, 1, 1, 1])


async def test_what_sqlite_undoes_for_one_is_tried_again_by_all(store: SqlStore, sqlite_url: str) -> None:
    database = await open_database(sqlite_url, synchronous="full", limits=Limits())
    assert isinstance(database, SqliteDatabase)

    async def write(name: str, *, lose: bool = False) -> str:
        async with database.joint() as session:
            await put(session, name)
            if lose:
                await session.command("ROLLBACK")
        return name

    found = outcomes(await asyncio.gather(write("a"), write("b", lose=True), write("c"), return_exceptions=True))
    assert found == ["SerializationFailure", "Internal", "c"]
    assert await ids(store) == "c"
    await database.close()


async def test_one_who_has_gone_leaves_the_others_what_they_wrote(store: SqlStore) -> None:
    writes = [asyncio.create_task(add(store, name)) for name in "abc"]
    await asyncio.sleep(0)
    writes[0].cancel()
    found = outcomes(await asyncio.gather(*writes, return_exceptions=True))
    assert found == ["CancelledError", "b", "c"]
    assert await ids(store) in ("abc", "bc")


async def test_a_transaction_by_itself_comes_behind_those_before_it(store: SqlStore, sqlite_url: str) -> None:
    database = await open_database(sqlite_url, synchronous="full", limits=Limits())
    order: list[str] = []

    async def joint(name: str) -> None:
        async with database.joint() as session:
            await put(session, name)
        order.append(name)

    async def alone(name: str) -> None:
        async with database.transaction() as session:
            await put(session, name)
            seen = await ids(store)
        order.append(f"{name} after {seen}")

    await asyncio.gather(joint("a"), joint("b"), alone("c"), joint("d"))
    assert (order[-1], "c after ab" in order) == ("d", True)
    assert await ids(store) == "abcd"
    await database.close()
