"""Rates: one row for each bucket of a rate limit, which every process over one database takes from.

A row says when its bucket is full again, in microseconds since 1970; a bucket without a row is full. One statement takes from it, or
changes nothing. On PostgreSQL the table is not logged: a crash of the database fills every bucket.
"""

from typing import Final

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Database

RATE_TABLE = "sys_rate"

_TABLE: Final[dict[DialectName, str]] = {
    "sqlite": f"CREATE TABLE IF NOT EXISTS {RATE_TABLE} (key TEXT PRIMARY KEY, full_at INTEGER NOT NULL) STRICT",
    "postgresql": (
        f'CREATE UNLOGGED TABLE IF NOT EXISTS {RATE_TABLE} (key text COLLATE "C" PRIMARY KEY, full_at bigint NOT NULL)'
    ),
}
_TAKE = (
    f"INSERT INTO {RATE_TABLE} (key, full_at) VALUES ({{}}, {{}}) ON CONFLICT (key) DO UPDATE SET full_at ="
    f" CASE WHEN {RATE_TABLE}.full_at < {{}} THEN excluded.full_at ELSE {RATE_TABLE}.full_at + {{}} END"
    f" WHERE {RATE_TABLE}.full_at <= {{}} RETURNING full_at"
)
_SEE = f"SELECT full_at FROM {RATE_TABLE} WHERE key = {{}}"
_SWEEP = f"DELETE FROM {RATE_TABLE} WHERE full_at < {{}}"


def table_text(dialect: DialectName) -> str:
    """Returns the statement that makes the table where it is not there."""
    return _TABLE[dialect]


class Rates:
    """The buckets of one database."""

    def __init__(self, database: Database) -> None:
        """Settles the statements for the dialect."""
        text = database.dialect.column(Storage(StorageClass.TEXT))
        number = database.dialect.column(Storage(StorageClass.INTEGER))
        place = database.dialect.placeholder
        self._database = database
        self._take = _TAKE.format(
            place(1, text), place(2, number), place(3, number), place(4, number), place(5, number)
        )
        self._see = _SEE.format(place(1, text))
        self._sweep = _SWEEP.format(place(1, number))
        self.shared = database.dialect.name == "postgresql"
        """Whether several processes use the database."""

    async def take(self, key: str, cost: int, span: int, now: int) -> tuple[bool, int]:
        """Takes from a bucket that fills within `span`; returns whether there was enough in it, and when it is full again."""
        parameters = (key, now + cost, now, cost, now + span - cost)
        # A statement by itself commits by itself on PostgreSQL: one trip in place of three.
        if self.shared:
            found = await self._database.read(self._take, parameters, bounded=True)
        else:
            async with self._database.transaction() as session:
                found = await session.write_and_tell(self._take, parameters)
        for (full_at,) in found:
            return True, int(full_at)
        for (full_at,) in await self._database.read(self._see, (key,), bounded=True):
            return False, int(full_at)
        return False, now + span

    async def sweep(self, before: int) -> int:
        """Forgets every bucket that was full before an instant; returns how many."""
        async with self._database.transaction() as session:
            return await session.write(self._sweep, (before,))
