"""Making search indexes: an object's index is made, or made anew when what it holds is declared otherwise, and filled from its records."""

from fieldstone.query.search import stored_words
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.database import Session
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Dialect
from fieldstone.store.schema import ID, SearchSchema, TableSchema
from fieldstone.store.search import search_definition, search_removal, words_column, words_table

ROWS_AT_ONCE = 500


async def make_search(
    wanted: TableSchema, stored: SearchSchema | None, session: Session, dialect: Dialect, *, new: bool
) -> None:
    """Brings the search index of an object to what is wanted; its table must be there, and holds no record where it is `new`."""
    if wanted.search == stored:
        return
    if stored is not None:
        for text in search_removal(wanted.name, dialect.name):
            await session.define(text)
    if wanted.search is None:
        return
    before, after = search_definition(wanted.name, wanted.search.fields, dialect.name)
    for text in before:
        await session.define(text)
    if not new:
        await _fill(wanted.name, wanted.search.fields, session, dialect)
    for text in after:
        await session.define(text)


async def _fill(name: str, fields: tuple[str, ...], session: Session, dialect: Dialect) -> None:
    text = dialect.column(Storage(StorageClass.TEXT))
    places = [dialect.placeholder(number, text) for number in range(1, len(fields) + 2)]
    columns = ", ".join(map(quoted, (ID, *fields)))
    read = (
        f"SELECT {columns} FROM {quoted(name)} WHERE {quoted(ID)} > {places[0]}"
        f" ORDER BY {quoted(ID)} LIMIT {ROWS_AT_ONCE}"
    )
    kept = ", ".join(quoted(column) for column in (ID, *map(words_column, fields)))
    write = f"INSERT INTO {quoted(words_table(name))} ({kept}) VALUES ({', '.join(places)})"
    last = ""
    while True:
        rows = [tuple(row) for row in await session.read(read, (last,), bounded=True)]
        if not rows:
            return
        await session.write_many(write, [(row[0], *map(stored_words, row[1:])) for row in rows])
        last = rows[-1][0]
