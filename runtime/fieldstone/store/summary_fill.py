"""Filling summaries: what is new, or computed otherwise than before, is computed for every record when the database is opened."""

from collections.abc import Set as AbstractSet

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog, RollupGroup
from fieldstone.store.binds import Binds
from fieldstone.store.database import Database
from fieldstone.store.ddl import quoted
from fieldstone.store.rollup import compile_rollups
from fieldstone.store.schema import ID
from fieldstone.store.tables import Tables

ROWS_AT_ONCE = 500


async def fill_summaries(catalog: Catalog, fields: AbstractSet[tuple[str, str]], database: Database) -> None:
    """Computes the summaries of these (object, field) for every record, those that others are computed over first."""
    tables = Tables(catalog, database.dialect)
    for group in catalog.rollups:
        if any((group.parent, name) in fields for name in group.fields):
            await _fill(group, tables, database)


async def _fill(group: RollupGroup, tables: Tables, database: Database) -> None:
    statements = compile_rollups(group, tables, database.dialect)
    text = database.dialect.column(Storage(StorageClass.TEXT))
    read = (
        f"SELECT {quoted(ID)} FROM {quoted(group.parent)} WHERE {quoted(ID)} > {database.dialect.placeholder(1, text)}"
        f" ORDER BY {quoted(ID)} LIMIT {ROWS_AT_ONCE}"
    )
    last = ""
    while True:
        async with database.transaction() as session:
            ids = [record_id for (record_id,) in map(tuple, await session.read(read, (last,), bounded=True))]
            if not ids:
                return
            binds = Binds((ids,))
            await session.read(statements.lock.sql.text, statements.lock.sql.parameters(binds), bounded=False)
            await session.write(statements.update.text, statements.update.parameters(binds))
        last = ids[-1]
