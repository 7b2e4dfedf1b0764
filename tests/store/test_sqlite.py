"""SQLite alone: what runs on the loop's thread, what beside it, and other processes at the same file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Barrier
from time import perf_counter
from typing import Any

import pytest

from fieldstone.errors import Unavailable
from fieldstone.query.ast import EVERYTHING, And, CallerValue, Filter, OrderKey, Select, Slot, Term
from fieldstone.settings import Limits
from fieldstone.store import sqlite
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from fieldstone.store.sqlite_connection import SqliteConnection
from fieldstone.store.sqlite_plan import reads_quickly, writes_quickly
from fieldstone.store.statement import ReadStatement
from fieldstone.store.use import Watch
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

ITEM = """name: item
ownership: none
fields: {state: {type: text}, rank: {type: number, scale: 0, index: true}, note: {type: text}}
indexes: [{fields: [state, created_at]}]
"""
WALL = Term("organization_id", "eq", CallerValue("organization_id"))
NEWEST = (OrderKey("created_at", descending=True), OrderKey("id", descending=True))


@pytest.fixture
async def store(tmp_path: Path, sqlite_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, ITEM), sqlite_url, Limits(statement_seconds=1)) as opened:
        yield opened


def plan(
    store: SqlStore, url: str, where: Filter, order: tuple[OrderKey, ...], *, after: int | None = None
) -> list[str]:
    statement = store.prepare(Select("item", ("id", "note"), where, order, after=after, limited=True))
    assert isinstance(statement, ReadStatement)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        parameters = (None,) * len(statement.sql.takes)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql.text}", parameters)]
    finally:
        connection.close()


def test_the_usual_reads_are_served_by_an_index_whole(store: SqlStore, sqlite_url: str) -> None:
    state = And((WALL, Term("state", "eq", Slot(0))))
    up, down = (OrderKey("rank"), OrderKey("id")), (OrderKey("rank", descending=True), OrderKey("id", descending=True))
    cases: list[tuple[Filter, tuple[OrderKey, ...], int | None]] = [
        (Term("id", "eq", Slot(0)), (), None),
        (And((WALL, Term("id", "in", Slot(0)))), (OrderKey("id"),), None),
        (WALL, (OrderKey("id"),), None),
        (WALL, up, None),
        (WALL, down, None),
        (state, NEWEST, None),
        (state, NEWEST, 1),
    ]
    for where, order, after in cases:
        steps = plan(store, sqlite_url, where, order, after=after)
        assert steps[0].startswith("SEARCH item USING INDEX"), steps
        assert not any("B-TREE" in step for step in steps), steps
        assert reads_quickly(steps, bounded=True)


@pytest.mark.parametrize(
    ("steps", "bounded", "quick"),
    [
        (["SEARCH item USING INDEX x (id=?)"], False, True),
        (["SCAN item"], True, False),
        (["SCAN item USING INDEX x"], True, True),
        (["SCAN item USING COVERING INDEX x"], False, False),
        (["SCAN item USING INDEX x", "USE TEMP B-TREE FOR ORDER BY"], True, False),
        (["SCAN item USING INDEX x", "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"], True, True),
        (["SEARCH item USING INDEX x (id=?)", "SCAN json_each VIRTUAL TABLE INDEX 1:"], False, True),
        (["SEARCH item USING INDEX x (id=?)", "CORRELATED SCALAR SUBQUERY 1", "SCAN other"], True, False),
    ],
)
def test_a_read_is_quick_by_an_index_alone(steps: list[str], bounded: bool, quick: bool) -> None:
    assert reads_quickly(steps, bounded=bounded) is quick


@pytest.mark.parametrize(
    ("steps", "quick"),
    [
        ([], True),
        (["SEARCH item USING INDEX x (id=?)"], True),
        (["SEARCH item USING INDEX x (organization_id=? AND id=?)"], False),
        (["SEARCH item USING INDEX x (owner_id=?)"], False),
        (["SCAN item"], False),
    ],
)
def test_a_write_is_quick_by_its_id_alone(steps: list[str], quick: bool) -> None:
    assert writes_quickly(steps) is quick


async def test_a_read_that_proves_slow_answers_and_moves_to_a_thread(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store.transaction() as transaction:
        rows = [(*system_values(f"{number:05}"), "o", "x" * 100) for number in range(20_000)]
        await transaction.insert("item", (*SYSTEM, "organization_id", "note"), rows)
    count = store.prepare_count("item", And((WALL, Term("note", "contains", Slot(0)))))
    monkeypatch.setattr(sqlite, "ON_LOOP_SECONDS", 0.0)
    binds = Binds(values=("XX",), caller={"organization_id": "o"})
    for _ in range(3):
        assert await store.fetch(count, binds) == [(20_000,)]


async def test_a_quick_read_stays_quick_when_another_schema_has_to_be_read_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sqlite.SqliteDatabase(tmp_path / "x.db", synchronous="full", statement_seconds=5)
    other = sqlite3.connect(tmp_path / "x.db")
    known, new = "SELECT 1 FROM item WHERE id = ?", "SELECT 2 FROM item WHERE id = ?"
    try:
        other.execute("CREATE TABLE item (id TEXT PRIMARY KEY)")
        await database.read(known, ("a",), bounded=True)
        monkeypatch.setattr(sqlite, "ON_LOOP_SECONDS", 0.0)
        for first in (known, new):
            tables = "".join(f"CREATE TABLE t{first[7]}{place} (a);" for place in range(3000))
            other.executescript(f"BEGIN; {tables} COMMIT;")
            await database.read(first, ("a",), bounded=True)
        assert database.use().connections == 1
    finally:
        other.close()
        await database.close()


async def test_the_loop_goes_on_while_a_slow_read_runs(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        rows = [(*system_values(f"{number:05}"), "o", "x" * 100) for number in range(20_000)]
        await transaction.insert("item", (*SYSTEM, "organization_id", "note"), rows)
    slow = store.prepare_count("item", Term("note", "contains", Slot(0)))
    reading = asyncio.ensure_future(store.fetch(slow, Binds(values=("y",))))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert await reading == [(0,)]


async def test_writing_waits_for_another_process_and_gives_up_in_time(store: SqlStore, sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        start = perf_counter()
        with pytest.raises(Unavailable):
            await write(store, "a")
        assert perf_counter() - start < 5
        waiting = asyncio.ensure_future(write(store, "b"))
        await asyncio.sleep(0.05)
        connection.execute("COMMIT")
        await waiting
        assert connection.execute("SELECT id FROM item").fetchall() == [("b",)]
    finally:
        connection.close()


async def test_reads_go_on_while_somebody_writes(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await transaction.insert("item", SYSTEM, [system_values("a")])
        statement = store.prepare(Select("item", ("id",), EVERYTHING, (OrderKey("id"),), limited=True))
        assert await store.fetch(statement, Binds(limit=5)) == []
    assert await store.fetch(statement, Binds(limit=5)) == [("a",)]


async def test_the_log_is_carried_over_into_the_file_while_the_store_is_open(store: SqlStore, sqlite_url: str) -> None:
    for number in range(sqlite.COMMITS_BETWEEN_CHECKPOINTS + 1):
        await write(store, f"{number:05}")
    for _ in range(200):
        if b"00100" in content(sqlite_url):
            break
        await asyncio.sleep(0.01)
    assert b"00100" in content(sqlite_url)


def content(url: str) -> bytes:
    return Path(url.removeprefix("sqlite:///")).read_bytes()


async def write(store: SqlStore, record_id: str) -> None:
    async with store.transaction() as transaction:
        await transaction.insert("item", SYSTEM, [system_values(record_id)])


async def test_a_new_file_may_be_opened_many_times_at_once(tmp_path: Path) -> None:
    for place in range(40):
        together = Barrier(3)

        def opened(name: str, together: Barrier) -> SqliteConnection:
            together.wait(10)
            return SqliteConnection(tmp_path / name, Watch(), interval=1000, writes=True, synchronous="normal")

        each = (asyncio.to_thread(opened, f"{place}.db", together) for _ in range(3))
        for connection in await asyncio.gather(*each):
            connection.close()


async def test_a_query_read_bit_by_bit_may_take_its_time_until_its_first_row(tmp_path: Path) -> None:
    database = sqlite.SqliteDatabase(tmp_path / "x.db", synchronous="normal", statement_seconds=30)
    numbers = (
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) SELECT n FROM c ORDER BY -n"
    )
    try:
        found = [max(number for (number,) in rows) async for rows in database.stream(numbers, (), 20_000)]
        assert found == [60_000, 40_000, 20_000]
    finally:
        await database.close()


async def test_the_log_is_carried_over_by_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = sqlite.SqliteDatabase(tmp_path / "x.db", synchronous="normal", statement_seconds=5)
    monkeypatch.setattr(sqlite, "COMMITS_BETWEEN_CHECKPOINTS", 1)
    opened: list[sqlite3.Connection] = []

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        opened.append(real(*given, **named))
        return opened[-1]

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    try:
        for place in range(5):
            async with database.transaction() as session:
                await session.write(f"CREATE TABLE t{place} (a)")
            await asyncio.sleep(0.02)
    finally:
        await database.close()
    assert len(opened) == 1
    with pytest.raises(sqlite3.ProgrammingError):
        opened[0].execute("SELECT 1")
