"""Counters: how far each autonumber has counted, for every frame of every organisation, reserved within the write that numbers records.

The row of a counter is locked until the transaction ends, so that numbers rise in the order of the commits, and what is undone takes
its numbers back.
"""

from hashlib import blake2b
from typing import Final

import msgspec

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Session
from fieldstone.store.dialects import Dialect

COUNTER_TABLE = "sys_counter"
LONGEST_FRAME = 200

_TABLE: Final[dict[DialectName, str]] = {
    "sqlite": (
        f"CREATE TABLE IF NOT EXISTS {COUNTER_TABLE} (object TEXT NOT NULL, field TEXT NOT NULL, organization_id TEXT NOT NULL,"
        " frame TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (object, field, organization_id, frame)) STRICT"
    ),
    "postgresql": (
        f'CREATE TABLE IF NOT EXISTS {COUNTER_TABLE} (object text COLLATE "C" NOT NULL, field text COLLATE "C" NOT NULL,'
        ' organization_id text COLLATE "C" NOT NULL, frame text COLLATE "C" NOT NULL, last bigint NOT NULL,'
        " PRIMARY KEY (object, field, organization_id, frame))"
    ),
}
_RESERVE = (
    f"INSERT INTO {COUNTER_TABLE} (object, field, organization_id, frame, last) VALUES ({{}}, {{}}, {{}}, {{}}, {{}})"
    " ON CONFLICT (object, field, organization_id, frame) DO UPDATE SET last ="
    f" CASE WHEN {COUNTER_TABLE}.last < {{}} THEN excluded.last ELSE {COUNTER_TABLE}.last + {{}} END RETURNING last"
)


class Counter(msgspec.Struct, frozen=True, order=True):
    """What is counted: the numbers of one field, within one organisation (None: the whole database), that are alike but for the count."""

    object: str
    field: str
    organization_id: str
    frame: tuple[str, str]


def counter_of(object_name: str, field: str, organization_id: str | None, frame: tuple[str, str]) -> Counter:
    """Returns the counter of a frame."""
    return Counter(object_name, field, organization_id or "", frame)


def table_text(dialect: DialectName) -> str:
    """Returns the statement that makes the table where it is not there."""
    return _TABLE[dialect]


def reserve_text(dialect: Dialect) -> str:
    """Returns the statement that reserves counts and answers the last of them."""
    text, number = dialect.column(Storage(StorageClass.TEXT)), dialect.column(Storage(StorageClass.INTEGER))
    kept = (text, text, text, text, number, number, number)
    return _RESERVE.format(*(dialect.placeholder(place, column) for place, column in enumerate(kept, start=1)))


async def reserve(session: Session, text: str, counter: Counter, count: int, start: int) -> int:
    """Returns the first of `count` counts, which nobody else gets; none is below `start`."""
    key = (counter.object, counter.field, counter.organization_id, _kept(counter.frame))
    parameters = (*key, start - 1 + count, start - 1, count)
    ((last,),) = [tuple(row) for row in await session.write_and_tell(text, parameters)]
    return int(last) - count + 1


def _kept(frame: tuple[str, str]) -> str:
    """Returns a frame as one text, or one of its own in its place where that would be long for a key."""
    whole = "{}".join(frame)
    return whole if len(whole) <= LONGEST_FRAME else blake2b(whole.encode(), digest_size=20).hexdigest()
