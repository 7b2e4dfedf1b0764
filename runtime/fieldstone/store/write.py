"""Writes: inserts, conditional updates and deletes as prepared statements."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from fieldstone.query.ast import Filter
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Dialect
from fieldstone.store.interface import Row
from fieldstone.store.parameters import Parameters
from fieldstone.store.rows import Change, changes_of, converted
from fieldstone.store.schema import ID
from fieldstone.store.search import WordsWrite, compile_words_insert, compile_words_update
from fieldstone.store.statement import Sql, compiled
from fieldstone.store.tables import Tables
from fieldstone.store.where import Conditions

VERSION = "version"


class InsertStatement(msgspec.Struct, frozen=True, eq=False):
    """A prepared insert of one row or many: its text, the columns that are converted for the driver, and the words that go with it."""

    text: str
    changes: tuple[Change, ...]
    words: WordsWrite | None

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Returns rows in wire form as the driver wants them."""
        return converted(rows, self.changes)


class UpdateStatement(msgspec.Struct, frozen=True, eq=False):
    """A prepared update; one with `words` answers the ids of the rows that it changed, for their words change too."""

    sql: Sql
    words: WordsWrite | None


def compile_insert(object_name: str, columns: tuple[str, ...], tables: Tables, dialect: Dialect) -> InsertStatement:
    """Returns the statement that inserts rows of these columns, given in this order."""
    source = tables.source(object_name)
    kept = [dialect.column(source.shape(name).storage) for name in columns]
    names = ", ".join(map(quoted, columns))
    places = ", ".join(dialect.placeholder(number, column) for number, column in enumerate(kept, start=1))
    text = f"INSERT INTO {quoted(object_name)} ({names}) VALUES ({places})"
    changes = changes_of(column.to_driver for column in kept)
    return InsertStatement(text, changes, compile_words_insert(source, columns, dialect))


def compile_update(
    object_name: str, columns: tuple[str, ...], where: Filter, tables: Tables, dialect: Dialect, *, bump: bool
) -> UpdateStatement:
    """Returns the statement that sets columns on the rows of a filter."""
    parameters = Parameters()
    source = tables.source(object_name)
    values: dict[str, Any] = {}
    for index, name in enumerate(columns):
        column = dialect.column(source.shape(name).storage)
        values[name] = parameters.given(index, column.to_driver, column.sql_type)
    if bump:
        values[VERSION] = source.column(VERSION) + sa.literal_column("1")
    condition = Conditions(tables, dialect, parameters).of(where, source)
    clause = sa.update(tables.table(source.object)).values(values).where(condition)
    words = compile_words_update(source, columns, dialect)
    told = clause if words is None else clause.returning(source.column(ID))
    return UpdateStatement(compiled(told, parameters, dialect), words)


def compile_copy(
    source_name: str, target_name: str, columns: tuple[str, ...], where: Filter, tables: Tables, dialect: Dialect
) -> Sql:
    """Returns the statement that copies the rows of a filter to another object, with further columns that are given."""
    parameters = Parameters()
    source, target = tables.source(source_name), tables.source(target_name)
    copied = [column.name for column in tables.table(source.object).columns]
    given = []
    for index, name in enumerate(columns):
        kept = dialect.column(target.shape(name).storage)
        given.append(parameters.given(index, kept.to_driver, kept.sql_type))
    condition = Conditions(tables, dialect, parameters).of(where, source)
    rows = sa.select(*(source.column(name) for name in copied), *given).where(condition)
    insert = sa.insert(tables.table(target.object)).from_select([*copied, *columns], rows)
    return compiled(insert, parameters, dialect)


def compile_delete(object_name: str, where: Filter, tables: Tables, dialect: Dialect) -> Sql:
    """Returns the statement that deletes the rows of a filter."""
    parameters = Parameters()
    source = tables.source(object_name)
    condition = Conditions(tables, dialect, parameters).of(where, source)
    return compiled(sa.delete(tables.table(source.object)).where(condition), parameters, dialect)
