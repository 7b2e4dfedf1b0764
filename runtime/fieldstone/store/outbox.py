"""The outbox: one row for each committed change of a record, written in its Unit, for readers that come later.

Rows stand in the order of `position`, which the database counts up. On PostgreSQL a lower position may be committed after a higher one, so
that a reader has to wait for the Units that are open. A sweep keeps the table bounded by age and by number.
"""

from typing import Final

import msgspec

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Database
from fieldstone.store.dialects import Dialect
from fieldstone.store.event import RecordEvent

EVENT_TABLE = "sys_event"
SWEPT_AT_ONCE = 2_000
"""How many rows one transaction of a sweep deletes: other writes wait for it on SQLite."""

SWEEP_LOCK = 5_093_207_346
"""The advisory lock that lets one process at a time sweep on PostgreSQL."""

_COLUMNS = (*RecordEvent.__struct_fields__,)
_TABLE: Final[dict[DialectName, str]] = {
    "sqlite": (
        f"CREATE TABLE IF NOT EXISTS {EVENT_TABLE} (position INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT,"
        " object TEXT NOT NULL, record_id TEXT NOT NULL, action TEXT NOT NULL, version INTEGER NOT NULL, actor TEXT,"
        " at TEXT NOT NULL, changed TEXT NOT NULL) STRICT"
    ),
    "postgresql": (
        f"CREATE TABLE IF NOT EXISTS {EVENT_TABLE} (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " organization_id text, object text NOT NULL, record_id text NOT NULL, action text NOT NULL,"
        ' version bigint NOT NULL, actor text, at text COLLATE "C" NOT NULL, changed text NOT NULL)'
    ),
}
_OLD = (
    f"SELECT max(position) FROM (SELECT position, at FROM {EVENT_TABLE} ORDER BY position LIMIT {SWEPT_AT_ONCE}) AS oldest"
    " WHERE at < {}"
)
_MANY = f"SELECT min(position), max(position) FROM {EVENT_TABLE}"
_STATE = (
    f"SELECT min(position), max(position), (SELECT at FROM {EVENT_TABLE} ORDER BY position LIMIT 1) FROM {EVENT_TABLE}"
)
_DELETE = f"DELETE FROM {EVENT_TABLE} WHERE position <= {{}}"
_ONE_AT_A_TIME = f"SELECT pg_try_advisory_xact_lock({SWEEP_LOCK})"


def table_text(dialect: DialectName) -> str:
    """Returns the statement that makes the table where it is not there."""
    return _TABLE[dialect]


def insert_text(dialect: Dialect) -> str:
    """Returns the statement that writes one event."""
    text = dialect.column(Storage(StorageClass.TEXT))
    number = dialect.column(Storage(StorageClass.INTEGER))
    kept = [number if name == "version" else text for name in _COLUMNS]
    places = ", ".join(dialect.placeholder(place, column) for place, column in enumerate(kept, start=1))
    return f"INSERT INTO {EVENT_TABLE} ({', '.join(_COLUMNS)}) VALUES ({places})"


def event_row(event: RecordEvent) -> tuple[object, ...]:
    """Returns an event as the driver takes it."""
    *values, changed = msgspec.structs.astuple(event)
    return (*values, ",".join(changed))


class OutboxState(msgspec.Struct, frozen=True):
    """About how many events are kept (positions that were rolled back count along), and when the oldest was written; None without any."""

    events: int
    oldest: str | None


async def outbox_state(database: Database) -> OutboxState:
    """Returns how the outbox stands."""
    ((first, last, oldest),) = [tuple(row) for row in await database.read(_STATE, (), bounded=True)]
    return OutboxState(0 if first is None else last - first + 1, oldest)


async def sweep_some(database: Database, *, before: str, most: int) -> int:
    """Deletes some of the events that are older than an instant or beyond the newest `most`; returns how many went.

    Zero: there is nothing left to delete, or another process is at it.
    """
    dialect = database.dialect
    async with database.transaction() as session:
        if dialect.name == "postgresql":
            ((mine,),) = [tuple(row) for row in await session.read(_ONE_AT_A_TIME, (), bounded=True)]
            if not mine:
                return 0
        ((first, last),) = [tuple(row) for row in await session.read(_MANY, (), bounded=True)]
        if first is None:
            return 0
        place = dialect.placeholder(1, dialect.column(Storage(StorageClass.TEXT)))
        ((old,),) = [tuple(row) for row in await session.read(_OLD.format(place), (before,), bounded=True)]
        end = min(max(old or 0, last - most), first + SWEPT_AT_ONCE - 1)
        if end < first:
            return 0
        number = dialect.placeholder(1, dialect.column(Storage(StorageClass.INTEGER)))
        return await session.write(_DELETE.format(number), (end,))
