"""A database that breaks off at a moment of one's choice: at a statement that changes something, or at either side of a commit."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from fieldstone.store.counter import COUNTER_TABLE
from fieldstone.store.database import Database, Session
from fieldstone.store.ddl import quoted
from fieldstone.store.migration.ledger import SCHEMA_TABLE, read_ledger


class Interrupted(Exception):
    """The process is gone."""


class Moments:
    """Counts the moments of a migration, and breaks off at one of them; at none, unless one is chosen."""

    def __init__(self, chosen: int | None = None) -> None:
        self.chosen = chosen
        self.commits: list[int] = []
        self.count = 0

    def pass_by(self, *, commit: bool = False) -> None:
        self.count += 1
        if commit:
            self.commits.append(self.count)
        if self.count == self.chosen:
            raise Interrupted


class _Session:
    def __init__(self, session: Session, moments: Moments) -> None:
        self._session = session
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def write(self, text: str, parameters: tuple[Any, ...] = ()) -> int:
        self._moments.pass_by()
        return await self._session.write(text, parameters)

    async def write_many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._moments.pass_by()
        await self._session.write_many(text, rows)

    async def define(self, text: str) -> None:
        self._moments.pass_by()
        await self._session.define(text)


class Interrupting:
    """A database over another one."""

    def __init__(self, database: Database, moments: Moments) -> None:
        self._database = database
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with self._database.transaction() as session:
            yield cast("Session", _Session(session, self._moments))
            self._moments.pass_by(commit=True)
        self._moments.pass_by(commit=True)

    @asynccontextmanager
    async def reshaping(self) -> AsyncIterator[Session]:
        async with self._database.reshaping() as session:
            yield cast("Session", _Session(session, self._moments))
            self._moments.pass_by(commit=True)
        self._moments.pass_by(commit=True)


async def whole(database: Database) -> dict[str, list[str]]:
    """Returns all that a database holds of records and of itself, but for what it is made with."""
    found: dict[str, list[str]] = {}
    async with database.transaction() as session:
        ledger = await read_ledger(session, database.dialect.name)
        searched = [f"{name}.words" for name, entry in ledger.items() if entry.schema.search is not None]
        for table in (*ledger, *searched, SCHEMA_TABLE, COUNTER_TABLE):
            columns = ledger[table].schema.columns if table in ledger else ()
            names = ", ".join(sorted(quoted(column.name) for column in columns)) or "*"
            rows = await session.read(f"SELECT {names} FROM {quoted(table)}", (), bounded=False)
            found[table] = sorted(str(tuple(row)) for row in rows)
    return found
