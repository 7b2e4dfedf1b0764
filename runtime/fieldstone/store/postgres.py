"""PostgreSQL: a pool of connections by asyncpg, statements with `$n` parameters, prepared once per connection."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence, Sized
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

import asyncpg

from fieldstone.errors import FieldstoneError, Internal, SettingsError
from fieldstone.store.database import RawRows, UniqueKeys
from fieldstone.store.dialects import Dialect
from fieldstone.store.failures import busy
from fieldstone.store.postgres_dialect import PostgresDialect
from fieldstone.store.postgres_failures import POSTGRES_FAILURES, postgres_failure
from fieldstone.store.postgres_pool import Connection, PostgresPool
from fieldstone.store.use import Asked, Use, Watch, use_of

MOST_CONNECTIONS = 16
MOST_STREAMS = 4
"""So many connections may be busy with queries that are read bit by bit."""

STATEMENTS_KEPT = 512
GRACE_SECONDS = 5
LOCK_PAUSE_SECONDS = 0.05
DEFINE_SECONDS = 24 * 3600
LOCK_SECONDS = 0.3
"""How long a change of the schema waits for a table: whoever asks for the table meanwhile waits behind it."""

BEGIN, COMMIT = "BEGIN", "COMMIT"
SCHEMA_LOCK = 0x6669656C6473746F

T = TypeVar("T", bound=Sized | None)
Cursor: TypeAlias = "asyncpg.cursor.Cursor[asyncpg.Record]"

_DEFINING = f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {round(LOCK_SECONDS * 1000)}"


async def open_postgres(url: str, *, statement_seconds: float) -> "PostgresDatabase":
    """Returns the database of an address; raises SettingsError when it cannot be reached or is not fit."""
    connect = partial(
        asyncpg.connect,
        url,
        timeout=statement_seconds,
        statement_cache_size=STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        command_timeout=statement_seconds + GRACE_SECONDS,
        server_settings={
            "application_name": "fieldstone",
            "timezone": "UTC",
            "datestyle": "ISO",
            "jit": "off",
            "statement_timeout": str(round(statement_seconds * 1000)),
        },
    )
    pool = PostgresPool(connect, most=MOST_CONNECTIONS, seconds=statement_seconds)
    try:
        pool.give_back(await pool.take())
    except (FieldstoneError, ValueError) as error:
        raise SettingsError(
            "The PostgreSQL database cannot be opened.", hint="Check the address, the name and the password."
        ) from error
    database = PostgresDatabase(pool)
    await _require_fitness(database)
    return database


class PostgresDatabase:
    """A pool of connections to one database."""

    def __init__(self, pool: PostgresPool) -> None:
        """Takes the pool of its connections."""
        self.dialect: Dialect = PostgresDialect()
        self.unique_keys: UniqueKeys = {}
        self.pool = pool
        self.watch = Watch()
        self.asked = Asked(self.watch)
        self._streams = 0

    def know(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Does nothing: the server computes by itself."""

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query by itself; the server stops what takes too long, bounded or not."""
        del bounded
        connection = await self.pool.take()
        start = perf_counter()
        try:
            rows = await connection.fetch(text, *parameters)
        except BaseException as error:
            self.asked.ran(text, perf_counter() - start, None)
            self.pool.mend(connection)
            if isinstance(error, POSTGRES_FAILURES):
                raise postgres_failure(error, self.unique_keys) from error
            raise
        self.asked.ran(text, perf_counter() - start, rows)
        self.pool.give_back(connection)
        return rows

    async def stream(self, text: str, parameters: tuple[Any, ...], count: int) -> AsyncGenerator[RawRows, None]:
        """Yields the rows of a query bit by bit, by a cursor in a transaction that reads alone."""
        if self._streams >= MOST_STREAMS:
            raise busy()
        self._streams += 1
        try:
            async with self._taken() as connection:
                await connection.execute("BEGIN READ ONLY")
                try:
                    cursor = await connection.cursor(text, *parameters)
                    while rows := await self._some(cursor, text, count):
                        yield rows
                finally:
                    await _roll_back(connection)
        finally:
            self._streams -= 1

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresSession"]:
        """Opens a transaction on a connection of the pool."""
        connection, over = await self.pool.take(), False
        try:
            session = PostgresSession(connection, self)
            try:
                yield session
            except BaseException:
                over = await session.roll_back()
                raise
            await session.commit()
            over = True
        finally:
            if over:
                self.pool.give_back(connection)
            else:
                self.pool.mend(connection)

    def joint(self) -> AbstractAsyncContextManager["PostgresSession"]:
        """Opens a transaction: the server commits those of several connections together by itself."""
        return self.transaction()

    def reshaping(self) -> AbstractAsyncContextManager["PostgresSession"]:
        """Opens a transaction: no table is made anew here."""
        return self.transaction()

    @asynccontextmanager
    async def schema_change(self) -> AsyncIterator[None]:
        """Holds an advisory lock on a session of its own."""
        async with self._taken() as connection:
            await _take_schema_lock(connection)
            try:
                yield
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", SCHEMA_LOCK)

    def use(self) -> Use:
        """Returns what was asked, and how the connections stand."""
        return use_of((self.asked,), self.pool.waits, connections=self.pool.open, busy=self.pool.in_use)

    async def close(self) -> None:
        """Closes the pool, after the statements that are running."""
        await self.pool.close()

    async def _some(self, cursor: Cursor, text: str, count: int) -> list[asyncpg.Record]:
        """Returns the next rows of an open query."""
        rows, start = None, perf_counter()
        try:
            rows = await cursor.fetch(count)
            return rows
        finally:
            self.asked.ran(text, perf_counter() - start, rows)

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[Connection]:
        """Takes a connection for the block; after a failure it is looked at before anybody gets it."""
        connection = await self.pool.take()
        try:
            yield connection
        except BaseException as error:
            self.pool.mend(connection)
            if isinstance(error, POSTGRES_FAILURES):
                raise postgres_failure(error, self.unique_keys) from error
            raise
        self.pool.give_back(connection)


class PostgresSession:
    """A transaction on one connection; it begins with the first statement that is not just a look at rows.

    Each statement sees what was committed before it (`READ COMMITTED`), so a look before the first write is the same within and without.
    """

    def __init__(self, connection: Connection, database: PostgresDatabase) -> None:
        """Takes the connection for as long as the transaction lasts."""
        self._connection = connection
        self._database = database
        self._begun = False
        self._sound = True

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query, the transaction's own changes among them."""
        del bounded
        await self._begin()
        return await self._ran(text, self._connection.fetch(text, *parameters))

    async def look(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query that locks nothing."""
        del bounded
        return await self._ran(text, self._connection.fetch(text, *parameters))

    async def run_alone(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Runs a statement that commits by itself, unless a transaction has begun."""
        return () if self._begun else await self._ran(text, self._connection.fetch(text, *parameters))

    async def write(self, text: str, parameters: tuple[Any, ...] = ()) -> int:
        """Runs a statement that changes rows; returns how many."""
        await self._begin()
        status = await self._ran(text, self._connection.execute(text, *parameters))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def write_and_tell(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Runs a statement that changes rows and answers something of each."""
        return await self.read(text, parameters, bounded=False)

    async def write_many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Runs a statement for each row of parameters, all in one trip."""
        await self._begin()
        if len(rows) == 1:
            await self._ran(text, self._connection.execute(text, *rows[0]))
        else:
            await self._ran(text, self._connection.executemany(text, rows))

    async def command(self, text: str) -> None:
        """Runs a statement that has neither parameters nor rows."""
        await self.write(text)

    async def define(self, text: str) -> None:
        """Runs a statement that changes the schema, for as long as it takes; raises SerializationFailure while its table is in use."""
        await self._begin()
        try:
            await self._connection.execute(_DEFINING)
            await self._connection.execute(text, timeout=DEFINE_SECONDS)
        except POSTGRES_FAILURES as error:
            raise self._failure(error) from error

    async def commit(self) -> None:
        """Commits; a transaction that an earlier failure has spoilt would be rolled back without a word."""
        if not self._begun:
            return
        status = await self._ran(COMMIT, self._connection.execute(COMMIT))
        if status != COMMIT:
            raise Internal("The transaction had failed before its commit.")

    async def _ran(self, text: str, answer: Awaitable[T]) -> T:
        """Returns what the server answers to a statement, and counts it."""
        found, start = None, perf_counter()
        try:
            found = await answer
            return found
        except POSTGRES_FAILURES as error:
            raise self._failure(error) from error
        finally:
            self._database.asked.ran(text, perf_counter() - start, found)

    async def roll_back(self) -> bool:
        """Undoes everything; tells whether the connection is as it was."""
        return await _roll_back(self._connection) if self._begun else self._sound

    async def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        await self._ran(BEGIN, self._connection.execute(BEGIN))

    def _failure(self, error: Exception) -> Exception:
        self._sound = False
        return postgres_failure(error, self._database.unique_keys)


async def _roll_back(connection: Connection) -> bool:
    """Ends the transaction of a connection; tells whether the server has answered."""
    with suppress(*POSTGRES_FAILURES):
        await connection.execute("ROLLBACK")
        return True
    return False


async def _take_schema_lock(connection: Connection) -> None:
    # Waiting inside the server would end at the limit for statements.
    while True:
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", SCHEMA_LOCK):
            return
        await asyncio.sleep(LOCK_PAUSE_SECONDS)


async def _require_fitness(database: PostgresDatabase) -> None:
    rows = await database.read(
        "SELECT current_setting('server_encoding'), exists(SELECT 1 FROM pg_collation WHERE collname = 'pg_unicode_fast')",
        (),
        bounded=True,
    )
    encoding, folds = next(iter(rows))
    if encoding != "UTF8" or not folds:
        await database.close()
        raise SettingsError(
            "The PostgreSQL database is not fit.", hint="It must be of version 18 or later, with the encoding UTF8."
        )
