"""What follows a new name: the table, its words, the ledger, and the rows elsewhere that name an object or a field of it."""

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import PLATFORM
from fieldstone.store import counter, ddl, outbox
from fieldstone.store.database import Session
from fieldstone.store.dialects import Dialect
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.ledger import read_ledger, rename_targets, strike_entry
from fieldstone.store.search import search_removal

NAMING_FIELD = "object_name"
"""The field of the platform's own objects that holds the name of an object: in the audit log, in shares."""


async def follow_object(change: Change, searched: bool, catalog: Catalog, session: Session, dialect: Dialect) -> None:
    """Renames a table. Its words, where it was `searched`, are to be kept anew, for their table bears the name."""
    old, new = change.table, change.name
    if searched:
        for text in search_removal(old, dialect.name):
            await session.define(text)
    await session.define(ddl.rename_table(old, new))
    await strike_entry(session, dialect, old)
    await rename_targets(session, dialect, old, new)
    there = await read_ledger(session, dialect.name)
    naming = [
        (name, NAMING_FIELD)
        for name, linked in catalog.objects.items()
        if linked.package == PLATFORM and NAMING_FIELD in linked.stored and name in there
    ]
    for table, column in ((counter.COUNTER_TABLE, "object"), (outbox.EVENT_TABLE, "object"), *naming):
        await _rewrite(table, {column: (old, new)}, session, dialect)


async def follow_field(change: Change, old: str, new: str, session: Session, dialect: Dialect) -> None:
    """Has the counters of a renamed field go on."""
    await _rewrite(counter.COUNTER_TABLE, {"field": (old, new), "object": (change.name, change.name)}, session, dialect)


async def _rewrite(table: str, names: dict[str, tuple[str, str]], session: Session, dialect: Dialect) -> None:
    text = dialect.column(Storage(StorageClass.TEXT))
    count = len(names)
    places = [dialect.placeholder(number, text) for number in range(1, 2 * count + 1)]
    sets = ", ".join(f"{ddl.quoted(name)} = {place}" for name, place in zip(names, places[:count], strict=True))
    where = " AND ".join(f"{ddl.quoted(name)} = {place}" for name, place in zip(names, places[count:], strict=True))
    values = (*(new for _, new in names.values()), *(old for old, _ in names.values()))
    await session.write(f"UPDATE {ddl.quoted(table)} SET {sets} WHERE {where}", values)
