"""Looking at the records of a table and writing one of its columns: in the order of their ids, some at a time, by raw address.

The table may be a history, in which an id stands many times; a record is written by where it is kept, which holds within a transaction.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Session
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Dialect
from fieldstone.store.migration.step import Lost
from fieldstone.store.schema import ID

ROWS_AT_ONCE = 500
EXAMPLES = 3
ADDRESS: Mapping[DialectName, str] = {"sqlite": "rowid", "postgresql": "ctid"}
"""Where a row is kept, as each database tells it."""

Found = tuple[Any, str, Any]
"""Where a record is kept, its id, and the value of a column in wire form."""


class Records:
    """The records of a database, within one transaction."""

    def __init__(self, session: Session, dialect: Dialect) -> None:
        """Takes the transaction."""
        self._session = session
        self._dialect = dialect
        self._text = dialect.column(Storage(StorageClass.TEXT))

    async def count(self, table: str, condition: str = "TRUE") -> int:
        """Returns how many records there are; `condition` is SQL over quoted names of columns."""
        ((number,),) = await self._rows(f"SELECT count(*) FROM {quoted(table)} WHERE {condition}")
        return int(number)

    async def some(self, table: str, condition: str) -> Lost | None:
        """Returns how many records satisfy a condition, with the ids of the first of them; None where none does."""
        number = await self.count(table, condition)
        if not number:
            return None
        text = f"SELECT DISTINCT {quoted(ID)} FROM {quoted(table)} WHERE {condition} ORDER BY 1 LIMIT {EXAMPLES}"
        return Lost(number, tuple(record_id for (record_id,) in await self._rows(text)))

    async def ids(self, table: str) -> set[str]:
        """Returns all ids of a table."""
        return {record_id for (record_id,) in await self._rows(f"SELECT {quoted(ID)} FROM {quoted(table)}")}

    async def values(self, table: str, name: str, storage: Storage) -> AsyncIterator[list[Found]]:
        """Yields the values of a column that are there, in the order of the records' ids."""
        last, place = "", self._dialect.placeholder(1, self._text)
        second = self._dialect.placeholder(2, self._text)
        pages = (
            f"SELECT {quoted(ID)} FROM {quoted(table)} WHERE {quoted(ID)} > {place}"
            f" ORDER BY {quoted(ID)} LIMIT {ROWS_AT_ONCE}"
        )
        shown, to_wire = self._dialect.shown(sa.column(name), storage)
        compiled = sa.select(shown).compile(dialect=self._dialect.sql)
        text = (
            f"SELECT {ADDRESS[self._dialect.name]}, {quoted(ID)}, {str(compiled).removeprefix('SELECT ')} FROM {quoted(table)}"
            f" WHERE {quoted(ID)} > {place} AND {quoted(ID)} <= {second} AND {quoted(name)} IS NOT NULL ORDER BY {quoted(ID)}"
        )
        while ids := [next(iter(row)) for row in await self._session.read(pages, (last,), bounded=True)]:
            rows = [tuple(row) for row in await self._session.read(text, (last, ids[-1]), bounded=False)]
            yield [(at, key, value if to_wire is None else to_wire(value)) for at, key, value in rows]
            last = ids[-1]

    async def write(self, table: str, name: str, storage: Storage, changes: Sequence[tuple[Any, Any]]) -> None:
        """Writes a column of records, by (where one is kept, its value in wire form)."""
        column = self._dialect.column(storage)
        place = self._dialect.placeholder(1, column)
        at = "$2" if self._dialect.name == "postgresql" else "?"
        text = f"UPDATE {quoted(table)} SET {quoted(name)} = {place} WHERE {ADDRESS[self._dialect.name]} = {at}"
        rows = [
            (value if value is None or column.to_driver is None else column.to_driver(value), address)
            for address, value in changes
        ]
        if rows:
            await self._session.write_many(text, rows)

    async def write_lacking(self, table: str, name: str, storage: Storage, value: Any) -> int:
        """Gives one value to every record that has none; returns how many there were."""
        column = self._dialect.column(storage)
        driven = value if column.to_driver is None else column.to_driver(value)
        place = self._dialect.placeholder(1, column)
        text = f"UPDATE {quoted(table)} SET {quoted(name)} = {place} WHERE {quoted(name)} IS NULL"
        return await self._session.write(text, (driven,))

    async def copy_lacking(self, table: str, name: str, source: str) -> int:
        """Gives every record that has no value the one of another column; returns how many there were."""
        text = f"UPDATE {quoted(table)} SET {quoted(name)} = {quoted(source)} WHERE {quoted(name)} IS NULL"
        return await self._session.write(text)

    async def _rows(self, text: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._session.read(text, (), bounded=False)]
