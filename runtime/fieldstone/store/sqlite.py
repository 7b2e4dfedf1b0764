"""SQLite: one writer, a reader on the loop's own thread for quick reads, and threads with readers of their own for the rest.

A quick read costs less than the way to another thread and back, so it runs where the loop runs, with a deadline of a few
milliseconds after which it is run again in a thread. Writes take turns; whoever holds the turn may await nothing but his own statements,
for everybody else's writes wait behind him.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from functools import partial
from math import inf
from pathlib import Path
from time import thread_time
from types import MappingProxyType
from typing import Any, TypeVar

from fieldstone.store.database import RawRows, UniqueKeys
from fieldstone.store.dialects import Dialect, SqliteDialect
from fieldstone.store.failures import SQLITE_FAILURES, busy, sqlite_failure
from fieldstone.store.sqlite_connection import SqliteConnection, Synchronous
from fieldstone.store.sqlite_moment import Moment
from fieldstone.store.sqlite_plan import RUNS_BESIDE, Pace, reads_quickly, writes_quickly
from fieldstone.store.sqlite_turns import Turns
from fieldstone.store.use import Asked, Use, Waits, Watch, use_of

T = TypeVar("T")

READERS = 2
STREAMS = 2
"""So many queries may be read bit by bit at a time, each on a connection of its own."""

ON_LOOP_SECONDS = 0.003
ON_LOOP_INTERVAL = 2_000
IN_THREAD_INTERVAL = 50_000
ON_LOOP_ROWS = 50
STATEMENTS_WITHOUT_PAUSE = 32
COMMITS_BETWEEN_CHECKPOINTS = 256
PACES_KEPT = 4096


class SqliteDatabase:
    """The connections to one file."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous,
        statement_seconds: float,
    ) -> None:
        """Opens the file, making it if need be."""
        self.watch = Watch()
        connect = partial(SqliteConnection, path, self.watch)
        self.dialect: Dialect = SqliteDialect()
        self.unique_keys: UniqueKeys = {}
        self.seconds = statement_seconds
        self.writer = connect(interval=IN_THREAD_INTERVAL, writes=True, synchronous=synchronous)
        self._path = path
        self._reader = connect(interval=ON_LOOP_INTERVAL, clock=thread_time)
        self._moment = Moment(self._reader)
        self._idle: list[SqliteConnection] = []
        self._connect = partial(connect, interval=IN_THREAD_INTERVAL)
        self._readers: list[SqliteConnection] = []
        self._streamed = Asked(self.watch)
        self._waits = Waits()
        self._functions: Mapping[str, Callable[..., Any]] = MappingProxyType({})
        self._streaming = asyncio.Semaphore(STREAMS)
        self._reading = asyncio.Semaphore(READERS)
        self._threads = ThreadPoolExecutor(READERS + STREAMS + 2, thread_name_prefix="fieldstone-sqlite")
        self._paces: dict[str, Pace] = {}
        self._turns = Turns(
            self.writer,
            partial(self.beside, self.writer),
            self._moment,
            self._count_commits,
            self._waits,
            seconds=statement_seconds,
        )
        self._commits = 0
        self._checkpoint: asyncio.Future[None] | None = None
        self._carrier: sqlite3.Connection | None = None

    def know(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Lets statements call more functions; a connection that is busy gets to know them at its next turn."""
        self._functions = {**self._functions, **functions}
        for connection in (self._reader, *self._idle):
            connection.know(self._functions)

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query by itself."""
        pace = self._paces.get(text) or self.read_pace(text, len(parameters), bounded=bounded)
        if pace.quick:
            if pace.beside:
                pace.beside -= 1
            else:
                self._moment.read()
                rows = self.at_once(self._reader, pace, text, parameters)
                if rows is not None:
                    return rows
        return await self._read_beside(text, parameters)

    async def stream(self, text: str, parameters: tuple[Any, ...], count: int) -> AsyncGenerator[RawRows, None]:
        """Yields the rows of a query bit by bit, in threads; the log of changes grows as long as it is read."""
        async with self._turn(self._streaming):
            connection = await self._another()
            try:
                cursor = await self.beside(connection, partial(connection.open, text, parameters, self.seconds))
                while rows := await self.beside(connection, partial(connection.some, cursor, count, self.seconds)):
                    yield rows
            finally:
                self._streamed.add(connection.asked)
                connection.close()

    def at_once(
        self, connection: SqliteConnection, pace: Pace, text: str, parameters: tuple[Any, ...]
    ) -> RawRows | None:
        """Returns the rows of a quick query, or None when it is to be run in a thread."""
        try:
            return connection.rows(text, parameters, ON_LOOP_SECONDS)
        except SQLITE_FAILURES as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code == sqlite3.SQLITE_INTERRUPT:
                with suppress(*SQLITE_FAILURES):
                    if connection.catch_up():
                        return self.at_once(connection, pace, text, parameters)
                pace.beside = RUNS_BESIDE
                return None
            if code == sqlite3.SQLITE_BUSY:
                return None
            raise sqlite_failure(error) from error

    def read_pace(self, text: str, parameters: int, *, bounded: bool) -> Pace:
        """Returns how a query is to be run, decided once for each text."""
        return self._paces.get(text) or self._keep(text, reads_quickly(self._plan(text, parameters), bounded=bounded))

    def write_pace(self, text: str, parameters: int) -> Pace:
        """Returns how a write is to be run, decided once for each text."""
        return self._paces.get(text) or self._keep(text, writes_quickly(self._plan(text, parameters)))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteSession"]:
        """Opens a transaction when it is its turn."""
        session = SqliteSession(self)
        async with self._turns.alone(session):
            self.writer.know(self._functions)
            yield session

    @asynccontextmanager
    async def joint(self) -> AsyncIterator["SqliteSession"]:
        """Opens a transaction when it is its turn; it commits together with those that wait behind it."""
        session = SqliteSession(self)
        async with self._turns.joint(session):
            self.writer.know(self._functions)
            yield session

    @asynccontextmanager
    async def reshaping(self) -> AsyncIterator["SqliteSession"]:
        """Opens a transaction without foreign keys: a table that is dropped for its copy would take along what refers to its records."""
        session = SqliteSession(self)
        async with self._turns.alone(session, references=False):
            yield session

    @asynccontextmanager
    async def schema_change(self) -> AsyncIterator[None]:
        """Does nothing: the one transaction of a change locks the file."""
        yield

    def use(self) -> Use:
        """Returns what was asked, and how the connections stand: those that read beside the loop, and the one that writes."""
        every = (self._reader, *self._readers, self.writer)
        asked = (self._streamed, *(connection.asked for connection in every))
        busy = len(self._readers) - len(self._idle) + self.writer.in_transaction
        return use_of(asked, self._waits, connections=len(self._readers) + 1, busy=busy)

    async def close(self) -> None:
        """Waits for a running checkpoint, then closes every connection; the last one to close empties the log."""
        await self._turns.settled()
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])
        self._threads.shutdown(wait=True)
        self._moment.end()
        if self._carrier is not None:
            self._carrier.close()
        for connection in (self._reader, *self._idle, self.writer):
            connection.close()

    async def beside(self, connection: SqliteConnection, work: Callable[[], T]) -> T:
        """Runs work in a thread. When the caller is cancelled, stops the work and waits for its end before passing that on."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        job = self._threads.submit(copy_context().run, work)
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(_end, ended))
        try:
            await ended
        except asyncio.CancelledError:
            connection.interrupt()
            with suppress(*SQLITE_FAILURES):
                await asyncio.wrap_future(job)
            raise
        try:
            return job.result()
        except SQLITE_FAILURES as error:
            raise sqlite_failure(error) from error

    async def _read_beside(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        async with self._turn(self._reading):
            connection = self._idle.pop() if self._idle else await self._another_reader()
            connection.know(self._functions)
            try:
                return await self.beside(connection, partial(connection.rows, text, parameters, self.seconds))
            finally:
                self._idle.append(connection)

    async def _another_reader(self) -> SqliteConnection:
        connection = await self._another()
        self._readers.append(connection)
        return connection

    async def _another(self) -> SqliteConnection:
        """Opens one more connection, in a thread: the first thing that it does is to read the whole schema."""
        opening = asyncio.get_running_loop().run_in_executor(self._threads, self._connect)
        try:
            connection = await asyncio.shield(opening)
        except asyncio.CancelledError:
            (await opening).close()
            raise
        except SQLITE_FAILURES as error:
            raise sqlite_failure(error) from error
        connection.know(self._functions)
        return connection

    @asynccontextmanager
    async def _turn(self, among: asyncio.Semaphore) -> AsyncIterator[None]:
        try:
            if among.locked():
                async with asyncio.timeout(self.seconds):
                    with self._waits.waiting():
                        await among.acquire()
            else:
                await among.acquire()
        except TimeoutError:
            raise busy() from None
        try:
            yield
        finally:
            among.release()

    def _plan(self, text: str, parameters: int) -> list[str]:
        with suppress(sqlite3.Error):
            self._reader.catch_up()
            rows = self._reader.rows(f"EXPLAIN QUERY PLAN {text}", (None,) * parameters, ON_LOOP_SECONDS)
            return [str(row[3]) for row in rows]
        return ["SCAN unknown"]

    def _keep(self, text: str, quick: bool) -> Pace:
        if len(self._paces) >= PACES_KEPT:
            self._paces.clear()
        pace = self._paces[text] = Pace(quick)
        return pace

    def _count_commits(self, turns: int) -> None:
        self._commits += turns
        if self._commits >= COMMITS_BETWEEN_CHECKPOINTS and (self._checkpoint is None or self._checkpoint.done()):
            self._commits = 0
            loop = asyncio.get_running_loop()
            self._checkpoint = loop.run_in_executor(self._threads, self._carry_over)

    def _carry_over(self) -> None:
        """Carries the log of changes over into the file, on a connection that stays: a new one reads the whole schema first."""
        with suppress(sqlite3.Error):
            if self._carrier is None:
                self._carrier = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
            self._carrier.execute("PRAGMA wal_checkpoint(PASSIVE)")


class SqliteSession:
    """The transaction that is open on the writer."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Takes the database whose turn to write is held."""
        self._database = database
        self._writer = database.writer
        self._statements = 0
        self.many = False

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query, the transaction's own changes among them."""
        await self._pause()
        pace = self._database.read_pace(text, len(parameters), bounded=bounded)
        if pace.quick and not pace.beside:
            rows = self._database.at_once(self._writer, pace, text, parameters)
            if rows is not None:
                return rows
        return await self._beside(partial(self._writer.rows, text, parameters, self._database.seconds))

    look = read

    async def write(self, text: str, parameters: tuple[Any, ...] = ()) -> int:
        """Runs a statement that changes rows; returns how many."""
        work = partial(self._writer.run, text, parameters, self._database.seconds)
        return await self._at_its_pace(work, text, len(parameters))

    async def write_and_tell(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Runs a statement that changes rows and answers something of each."""
        work = partial(self._writer.rows, text, parameters, self._database.seconds)
        return await self._at_its_pace(work, text, len(parameters))

    async def write_many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Runs a statement for each row of parameters; many of them in a thread."""
        await self._pause()
        if len(rows) == 1:
            _at_once(partial(self._writer.run, text, rows[0], self._database.seconds))
            return
        work = partial(self._writer.run_many, text, rows, self._database.seconds)
        if len(rows) <= ON_LOOP_ROWS:
            _at_once(work)
        else:
            self.many = True
            await self._beside(work)

    async def run_alone(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Returns nothing: the transaction has begun."""
        del text, parameters
        return ()

    async def command(self, text: str) -> None:
        """Runs a statement that has neither parameters nor rows."""
        _at_once(partial(self._writer.run, text, (), self._database.seconds))

    async def define(self, text: str) -> None:
        """Runs a statement that changes the schema, for as long as it takes."""
        await self._beside(partial(self._writer.run, text, (), inf))

    async def _at_its_pace(self, work: Callable[[], T], text: str, parameters: int) -> T:
        await self._pause()
        if self._database.write_pace(text, parameters).quick:
            return _at_once(work)
        self.many = True
        return await self._beside(work)

    async def _beside(self, work: Callable[[], T]) -> T:
        return await self._database.beside(self._writer, work)

    async def _pause(self) -> None:
        # A long transaction of quick statements would otherwise never let the loop go.
        self._statements += 1
        if self._statements % STATEMENTS_WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)


def _at_once(work: Callable[[], T]) -> T:
    try:
        return work()
    except SQLITE_FAILURES as error:
        raise sqlite_failure(error) from error


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
