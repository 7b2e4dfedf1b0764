"""The ledger: what each table is made from, as the database itself tells it, and the tables that are the platform's own.

A row of `sys_schema` is written in the transaction that changes its table, so that it always tells what is there: whatever was interrupted
goes on from it. A hash that is empty says that something is left to do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store import counter, outbox, rates
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Session
from fieldstone.store.deployment import DEPLOYMENT_TABLE, EPOCH_TABLE, TABLES
from fieldstone.store.dialects import Dialect
from fieldstone.store.schema import TableSchema

SCHEMA_TABLE = "sys_schema"
RESERVED = (
    EPOCH_TABLE,
    DEPLOYMENT_TABLE,
    SCHEMA_TABLE,
    outbox.EVENT_TABLE,
    counter.COUNTER_TABLE,
    rates.RATE_TABLE,
)

_OWN_TABLES = (
    *TABLES,
    f"CREATE TABLE IF NOT EXISTS {SCHEMA_TABLE} (name TEXT PRIMARY KEY, hash TEXT NOT NULL, definition TEXT NOT NULL)",
)
_IS_THERE: Mapping[DialectName, str] = {
    "sqlite": f"SELECT 1 FROM pragma_table_info('{SCHEMA_TABLE}') LIMIT 1",
    "postgresql": f"SELECT 1 WHERE to_regclass('{SCHEMA_TABLE}') IS NOT NULL",
}
_READ = f"SELECT name, hash, definition FROM {SCHEMA_TABLE}"
_READ_HASHES = f"SELECT name, hash FROM {SCHEMA_TABLE}"
_FORGET = f"DELETE FROM {SCHEMA_TABLE} WHERE name = {{}}"
_REOPEN = f"UPDATE {SCHEMA_TABLE} SET hash = '' WHERE name = {{}}"
_WRITE = f"INSERT INTO {SCHEMA_TABLE} (name, hash, definition) VALUES ({{}}, {{}}, {{}})"


class Entry(msgspec.Struct, frozen=True):
    """What the ledger has on one table: the hash of the schema that was wanted, and the schema that is there."""

    hash: str
    definition: str

    @property
    def schema(self) -> TableSchema:
        """The schema that is there."""
        return msgspec.json.decode(self.definition, type=TableSchema)


async def make_own_tables(session: Session, dialect: DialectName) -> None:
    """Makes the tables that every database has, where they are not there."""
    made = (outbox.table_text(dialect), counter.table_text(dialect), rates.table_text(dialect))
    for text in (*_OWN_TABLES, *made):
        await session.define(text)


async def read_ledger(session: Session, dialect: DialectName) -> dict[str, Entry]:
    """Returns what there is, by the names of the tables; nothing, in a database that was never opened."""
    return {name: Entry(text, definition) for name, text, definition in await _rows(session, dialect, _READ)}


async def read_hashes(session: Session, dialect: DialectName) -> dict[str, str]:
    """Returns the hash of each entry of the ledger, without what it is the hash of, which is a hundred times as long."""
    return dict(await _rows(session, dialect, _READ_HASHES))


async def write_entry(session: Session, dialect: Dialect, schema: TableSchema, digest: str) -> None:
    """Writes down what a table is made from now; an empty `digest` says that something is left to do."""
    places = _places(dialect, 3)
    await session.write(_FORGET.format(*places), (schema.name,))
    await session.write(_WRITE.format(*places), (schema.name, digest, msgspec.json.encode(schema).decode()))


async def reopen_entry(session: Session, dialect: Dialect, name: str) -> None:
    """Notes that something is left to do with a table, should it be wanted again."""
    await session.write(_REOPEN.format(*_places(dialect, 1)), (name,))


async def strike_entry(session: Session, dialect: Dialect, name: str) -> None:
    """Takes a table out of the ledger."""
    await session.write(_FORGET.format(*_places(dialect, 1)), (name,))


async def rename_targets(session: Session, dialect: Dialect, old: str, new: str) -> None:
    """Has every table refer to an object by its new name, as the database itself does from the moment of its renaming."""
    for name, entry in (await read_ledger(session, dialect.name)).items():
        if f'"{old}"' in entry.definition and name != old:
            await write_entry(session, dialect, retargeted(entry.schema, {old: new}), entry.hash)


def retargeted(schema: TableSchema, names: Mapping[str, str]) -> TableSchema:
    """Returns a schema whose references go to the new names of objects."""
    references = tuple(
        msgspec.structs.replace(reference, object=names.get(reference.object, reference.object))
        for reference in schema.references
    )
    return msgspec.structs.replace(schema, references=references)


async def _rows(session: Session, dialect: DialectName, text: str) -> list[Any]:
    if not [*await session.read(_IS_THERE[dialect], (), bounded=True)]:
        return []
    return [tuple(row) for row in await session.read(text, (), bounded=False)]


def _places(dialect: Dialect, count: int) -> Sequence[str]:
    text = dialect.column(Storage(StorageClass.TEXT))
    return [dialect.placeholder(number, text) for number in range(1, count + 1)]
