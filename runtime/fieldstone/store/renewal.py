"""Renewing what is stored sealed, in masked columns and in others: read and written anew in one transaction.

Of masked columns it is the only reading of their real texts.
"""

from collections.abc import Callable, Iterable

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog
from fieldstone.store.database import Database
from fieldstone.store.ddl import quoted
from fieldstone.store.schema import ID

ROWS_AT_ONCE = 500


async def renew_sealed(
    catalog: Catalog, database: Database, renew: Callable[[str], str], others: Iterable[tuple[str, str]]
) -> int:
    """Puts what `renew` makes of each masked text, and of those in other fields of objects, in its place; returns how many have changed."""
    columns = [
        (name, field.name)
        for name, linked in catalog.objects.items()
        for field in linked.fields.values()
        if field.shape.storage.masked
    ]
    columns += others
    return sum([await _renew_column(name, column, database, renew) for name, column in columns])


async def _renew_column(name: str, column: str, database: Database, renew: Callable[[str], str]) -> int:
    text = database.dialect.column(Storage(StorageClass.TEXT))
    first, second = (database.dialect.placeholder(number, text) for number in (1, 2))
    read = (
        f"SELECT {quoted(ID)}, {quoted(column)} FROM {quoted(name)} WHERE {quoted(ID)} > {first}"
        f" AND {quoted(column)} IS NOT NULL ORDER BY {quoted(ID)} LIMIT {ROWS_AT_ONCE}"
    )
    write = f"UPDATE {quoted(name)} SET {quoted(column)} = {first} WHERE {quoted(ID)} = {second}"
    changed, last = 0, ""
    async with database.transaction() as session:
        while rows := [tuple(row) for row in await session.read(read, (last,), bounded=True)]:
            renewed = [(renew(stored), record_id, stored) for record_id, stored in rows]
            different = [(new, record_id) for new, record_id, stored in renewed if new != stored]
            if different:
                await session.write_many(write, different)
            changed += len(different)
            last = rows[-1][0]
    return changed
