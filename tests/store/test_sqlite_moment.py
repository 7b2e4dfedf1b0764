"""The moment: what is read within one turn of the loop on SQLite is of one moment, and nobody misses what he may have heard of."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import count as count_from
from pathlib import Path

import pytest

from fieldstone.store.sqlite import SqliteDatabase
from fieldstone.store.sqlite_connection import SqliteConnection
from fieldstone.store.sqlite_moment import Moment
from fieldstone.store.use import Watch

TABLE = "CREATE TABLE counter (id TEXT PRIMARY KEY, n INTEGER)"
FIRST = "INSERT INTO counter VALUES ('a', 0)"
READ = "SELECT n FROM counter WHERE id = 'a'"
WRITE = "UPDATE counter SET n = n + 1 WHERE id = 'a'"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / "x.db", synchronous="full", statement_seconds=1)
    async with opened.transaction() as session:
        await session.write(TABLE)
        await session.write(FIRST)
    yield opened
    await opened.close()


@pytest.fixture
def other(tmp_path: Path, database: SqliteDatabase) -> Iterator[sqlite3.Connection]:
    """Another process at the same file."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    yield connection
    connection.close()


async def count(database: SqliteDatabase) -> int:
    """Returns what is read within this turn of the loop."""
    ((value,),) = await database.read(READ, (), bounded=True)
    return int(value)


async def test_reads_of_one_turn_are_of_one_moment_and_those_of_the_next_of_another(
    database: SqliteDatabase, other: sqlite3.Connection
) -> None:
    await count(database)
    await asyncio.sleep(0)
    first = [await count(database), await count(database)]
    other.execute(WRITE)
    same_turn = await count(database)
    await asyncio.sleep(0)
    assert [*first, same_turn] == [first[0]] * 3
    assert await count(database) == first[0] + 1


async def test_whoever_is_called_after_a_commit_sees_it(database: SqliteDatabase, other: sqlite3.Connection) -> None:
    """A request comes after a commit that somebody was told of, while others read."""
    loop, seen = asyncio.get_running_loop(), []

    async def request() -> None:
        seen.append((known, await count(database)))

    for _ in range(20):
        await count(database)
        await count(database)
        other.execute(WRITE)
        ((known,),) = other.execute(READ).fetchall()
        await loop.create_task(request())
    assert len(seen) == 20
    assert all(known == found for known, found in seen)


async def test_what_is_written_within_the_turn_is_seen_at_once(database: SqliteDatabase) -> None:
    before = await count(database)
    async with database.transaction() as session:
        await session.write(WRITE)
        assert [await count(database), await count(database)] == [before, before]
    assert await count(database) == before + 1


async def test_a_moment_that_is_over_keeps_nobody_from_emptying_the_log(
    database: SqliteDatabase, other: sqlite3.Connection
) -> None:
    other.execute(WRITE)
    await count(database)
    await count(database)
    await asyncio.sleep(0)
    other.execute("PRAGMA busy_timeout = 0")
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


async def test_a_moment_ends_where_the_database_is_closed(tmp_path: Path) -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
    opened = SqliteDatabase(tmp_path / "closed.db", synchronous="full", statement_seconds=1)
    for _ in range(2):
        await opened.read("SELECT 1", (), bounded=True)
    await opened.close()
    await asyncio.sleep(0)
    assert not failed


async def test_a_moment_begins_and_ends_however_late_the_read_before_it_was(tmp_path: Path) -> None:
    """The connection looks at its clock in the midst of every statement here, and each time an hour has passed."""
    hours = count_from(0.0, 3600.0)
    reader = SqliteConnection(tmp_path / "x.db", Watch(), interval=1, clock=lambda: next(hours))
    moment = Moment(reader)
    held = []
    for _ in range(3):
        moment.read()
        moment.read()
        held.append(reader.in_transaction)
        with suppress(sqlite3.OperationalError):
            reader.rows("SELECT 1", (), 0.001)
        moment.end()
        held.append(reader.in_transaction)
        await asyncio.sleep(0)
    reader.close()
    assert held == [True, False] * 3


async def test_what_others_have_written_before_a_transaction_is_not_missed_behind_it(
    database: SqliteDatabase, other: sqlite3.Connection
) -> None:
    async def undone() -> None:
        async with database.transaction() as session:
            assert await session.read(READ, (), bounded=True) == [(first + 1,)]
            raise InterruptedError

    first = [await count(database), await count(database)][1]
    other.execute(WRITE)
    with pytest.raises(InterruptedError):
        await undone()
    assert await count(database) == first + 1
