"""Whole writes: one statement that writes one record, its words and its event, and answers the record as its writer sees it.

By itself it is a transaction of one trip. It is made where a statement may hold others that change rows, which is on PostgreSQL, and where
nothing else hangs on the write: no summary is computed over it, and nothing that it answers looks at other records of the same
object, which it would see as they were before. A record that may not stand makes the statement fail, so that nothing is done.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from fieldstone.query.search import stored_words
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.binds import Binds
from fieldstone.store.dialects import Dialect
from fieldstone.store.event import RecordEvent
from fieldstone.store.interface import WholeWrite
from fieldstone.store.outbox import EVENT_TABLE
from fieldstone.store.parameters import Given, Parameters, Take
from fieldstone.store.schema import ID
from fieldstone.store.search import searchable, words_column, words_table
from fieldstone.store.select import shown_columns
from fieldstone.store.statement import ReadStatement, read_statement
from fieldstone.store.tables import Source, Tables
from fieldstone.store.where import Conditions, is_true
from fieldstone.store.write import VERSION

WRITTEN = "written record"
"""The name of the record within the statement; it has a blank in it, which no object's name can have."""

_REFUSED = sa.literal_column("'refused '", sa.Text())
_EVENT = RecordEvent.__struct_fields__
_NUMBERS = frozenset({"version"})


def compile_whole(write: WholeWrite, tables: Tables, dialect: Dialect) -> ReadStatement | None:
    """Returns the statement of a whole write, None where there is none; its values are those of the columns, then of the event."""
    if dialect.name != "postgresql":
        return None
    parameters = Parameters()
    conditions = Conditions(tables, dialect, parameters)
    source = tables.source(write.seen.object)
    table = tables.table(source.object)
    written = Source(source.object, sa.table(WRITTEN, *(sa.column(each.name, each.type) for each in table.columns)))
    columns = shown_columns(write.seen, conditions, written, dialect)
    stands, *flags = (is_true(conditions.of(flag, written)) for flag in write.seen.flags)
    refused = sa.cast(_REFUSED.concat(written.column(ID)), sa.Boolean())
    clause = sa.select(*columns.shown, sa.case((stands, sa.true()), else_=refused), *flags).select_from(written.table)
    if _looks_at(clause, table):
        return None
    ctes = (
        _record(write, conditions, parameters, tables, dialect).returning(*table.columns).cte(WRITTEN),
        *(words.cte(f"{WRITTEN} words") for words in _words(write, parameters, written)),
        _event(write, parameters, written, dialect).cte(f"{WRITTEN} event"),
    )
    return read_statement(
        clause.add_cte(*ctes),
        parameters,
        dialect,
        summaries=frozenset(),
        bounded=True,
        converts=(*columns.converts, *(dialect.shown_flag() for _ in write.seen.flags)),
        computed=columns.computed,
    )


def _looks_at(clause: sa.Select[Any], table: sa.TableClause) -> bool:
    """Tells whether a statement reads a table anywhere."""
    return any(part is table for part in visitors.iterate(clause))


def _record(
    write: WholeWrite, conditions: Conditions, parameters: Parameters, tables: Tables, dialect: Dialect
) -> sa.Insert | sa.Update:
    """Returns the write of the record itself."""
    source = tables.source(write.seen.object)
    table = tables.table(source.object)
    values: dict[str, Any] = {}
    for index, name in enumerate(write.columns):
        column = dialect.column(source.shape(name).storage)
        values[name] = parameters.given(index, column.to_driver, column.sql_type)
    if write.where is None:
        return sa.insert(table).values(values)
    values[VERSION] = source.column(VERSION) + sa.literal_column("1")
    return sa.update(table).values(values).where(conditions.of(write.where, source))


def _words(write: WholeWrite, parameters: Parameters, written: Source) -> Iterator[sa.Insert | sa.Update]:
    """Yields the write of the words of the record, where any go with it."""
    fields = [name for name in searchable(written) if write.where is None or name in write.columns]
    if not fields:
        return
    table = sa.table(
        words_table(written.object.name), sa.column(ID), *(sa.column(words_column(name)) for name in fields)
    )
    words = {
        words_column(name): parameters.add(("words", name), _words_of(write.columns, name), sa.Text())
        for name in fields
    }
    identity = sa.select(written.column(ID))
    if write.where is None:
        yield sa.insert(table).from_select([ID, *words], sa.select(written.column(ID), *words.values()))
    else:
        yield sa.update(table).values(words).where(table.c[ID].in_(identity))


def _words_of(columns: tuple[str, ...], field: str) -> Take:
    if field not in columns:
        return lambda _binds, _given: ""
    place = columns.index(field)

    def take(_binds: Binds, given: Given) -> str:
        return stored_words(given[place])

    return take


def _event(write: WholeWrite, parameters: Parameters, written: Source, dialect: Dialect) -> sa.Insert:
    """Returns the write of the event, of a record that was written."""
    values = []
    for place, name in enumerate(_EVENT, start=len(write.columns)):
        kind = StorageClass.INTEGER if name in _NUMBERS else StorageClass.TEXT
        values.append(parameters.given(place, None, dialect.column(Storage(kind)).sql_type))
    table = sa.table(EVENT_TABLE, *(sa.column(name) for name in _EVENT))
    return sa.insert(table).from_select(list(_EVENT), sa.select(*values).select_from(written.table))
