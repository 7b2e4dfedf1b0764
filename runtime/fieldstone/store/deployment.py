"""The deployment: which metadata is in force in a database, for every process over it.

One row holds two counts: the policy epoch rises with every change of what policies are made from, the metadata epoch with every change of
metadata. Beside it stand the files that were put in force, one row for each time. Files that were in force once, and are not any more, are
older: a process that merely starts with them leaves the schema, and the other processes, to the newer ones.
"""

import msgspec
import sqlalchemy as sa

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.database import Database, RawRows, Session
from fieldstone.store.dialects import Condition, Dialect
from fieldstone.store.parameters import Parameters

EPOCH_TABLE = "sys_epoch"
DEPLOYMENT_TABLE = "sys_deployment"
KEPT = 1000
"""So many times are remembered; files from before that count as new."""

TABLES = (
    (
        f"CREATE TABLE IF NOT EXISTS {EPOCH_TABLE}"
        " (id INTEGER PRIMARY KEY, policy BIGINT NOT NULL, metadata BIGINT NOT NULL)"
    ),
    f"INSERT INTO {EPOCH_TABLE} (id, policy, metadata) SELECT 1, 1, 1 WHERE NOT EXISTS (SELECT 1 FROM {EPOCH_TABLE})",
    f"CREATE TABLE IF NOT EXISTS {DEPLOYMENT_TABLE} (number BIGINT PRIMARY KEY, files TEXT NOT NULL)",
)

POLICY_EPOCH = f"SELECT policy FROM {EPOCH_TABLE} WHERE id = 1"
RAISE_POLICY_EPOCH = f"UPDATE {EPOCH_TABLE} SET policy = policy + 1 WHERE id = 1"
_RAISE_FROM = f"UPDATE {EPOCH_TABLE} SET metadata = metadata + 1 WHERE id = 1 AND metadata = {{}}"
_IN_FORCE = (
    f"SELECT metadata, (SELECT files FROM {DEPLOYMENT_TABLE} ORDER BY number DESC LIMIT 1)"
    f" FROM {EPOCH_TABLE} WHERE id = 1"
)
_TIMES = f"SELECT number, files FROM {DEPLOYMENT_TABLE} ORDER BY number DESC LIMIT {KEPT}"
_NOTE = f"INSERT INTO {DEPLOYMENT_TABLE} (number, files) VALUES ({{}}, {{}})"
_FORGET = f"DELETE FROM {DEPLOYMENT_TABLE} WHERE number <= {{}}"


def at_epoch(parameters: Parameters) -> Condition:
    """Returns the condition that the policy epoch is the one that is bound, if one is; compared once, before any row is looked for."""
    expected = parameters.epoch()
    return sa.or_(expected.is_(None), sa.literal_column(f"({POLICY_EPOCH})", sa.BigInteger()) == expected)


class InForce(msgspec.Struct, frozen=True):
    """What is in force: the metadata epoch, and the hash of the files; None before the first."""

    epoch: int
    files: str | None


class Standing(msgspec.Struct, frozen=True):
    """What was in force when a database was brought up; `older` are files that were, and are not any more."""

    found: InForce
    older: bool


async def metadata_in_force(database: Database) -> InForce:
    """Returns what is in force; asked of the database each time, for another process may have changed it."""
    return _in_force(await database.read(_IN_FORCE, (), bounded=True))


async def standing_of(files: str, session: Session) -> Standing:
    """Returns how files stand, told by their hash."""
    found = _in_force(await session.read(_IN_FORCE, (), bounded=True))
    times = {str(row[1]) for row in map(tuple, await session.read(_TIMES, (), bounded=True))}
    return Standing(found, older=files != found.files and files in times)


async def put_in_force(files: str, expected: int, session: Session, dialect: Dialect) -> bool:
    """Lets files be those in force from the end of the transaction on; False, and nothing done, at another epoch than the expected one."""
    if not await raise_metadata_epoch(expected, session, dialect):
        return False
    number = max((int(row[0]) for row in map(tuple, await session.read(_TIMES, (), bounded=True))), default=0) + 1
    integer, text = dialect.column(Storage(StorageClass.INTEGER)), dialect.column(Storage(StorageClass.TEXT))
    await session.write(_NOTE.format(dialect.placeholder(1, integer), dialect.placeholder(2, text)), (number, files))
    await session.write(_FORGET.format(dialect.placeholder(1, integer)), (number - KEPT,))
    return True


async def raise_metadata_epoch(expected: int, session: Session, dialect: Dialect) -> bool:
    """Raises the metadata epoch with the transaction; False, and nothing done, where it is not the expected one any more."""
    place = dialect.placeholder(1, dialect.column(Storage(StorageClass.INTEGER)))
    return bool(await session.write(_RAISE_FROM.format(place), (expected,)))


def _in_force(rows: RawRows) -> InForce:
    epoch, files = next(iter(rows))
    return InForce(int(epoch), files)
