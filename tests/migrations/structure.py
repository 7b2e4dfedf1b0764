"""What a database says of its own tables: columns, keys and indexes, as both databases tell it."""

from typing import Any

from fieldstone.store.database import Database, Session
from fieldstone.store.migration.ledger import read_ledger

COLUMNS = (
    "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
    " WHERE table_name = $1 ORDER BY column_name"
)
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = $1 AND indexname LIKE '%.%' ORDER BY indexname"
"""Those with names of ours: a primary key keeps the one that the server gave it first."""

KEYS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('f', 'p') ORDER BY 1"


async def structure(database: Database) -> dict[str, list[Any]]:
    """Returns, by table, what the database says of it."""
    async with database.transaction() as session:
        ledger = await read_ledger(session, database.dialect.name)
        if database.dialect.name == "sqlite":
            return {name: await _of_sqlite(session, name) for name in ledger}
        return {
            name: [
                await _rows(session, COLUMNS, name),
                await _rows(session, INDEXES, name),
                await _rows(session, KEYS, f'"{name}"'),
            ]
            for name in ledger
        }


async def _of_sqlite(session: Session, table: str) -> list[Any]:
    columns = await _rows(session, 'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name', table)
    keys = await _rows(session, 'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?) ORDER BY "from"', table)
    indexes = await _rows(
        session,
        'SELECT l.name, l."unique", (SELECT group_concat(name) FROM pragma_index_info(l.name))'
        " FROM pragma_index_list(?) AS l WHERE l.origin = 'c' ORDER BY l.name",
        table,
    )
    strict = await _rows(session, "SELECT strict FROM pragma_table_list(?) WHERE schema = 'main'", table)
    return [columns, keys, indexes, strict]


async def _rows(session: Session, text: str, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await session.read(text, (table,), bounded=False)]
