"""Writes: inserts, conditional updates and deletes as prepared statements."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from fieldstone.query.ast import Filter
from fieldstone.store.columns import Convert
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Dialect
from fieldstone.store.interface import Row
from fieldstone.store.parameters import Parameters
from fieldstone.store.rows import changes_of, converted
from fieldstone.store.statement import Sql, compiled
from fieldstone.store.tables import Tables
from fieldstone.store.where import Conditions

VERSION = "version"


class InsertStatement(msgspec.Struct, frozen=True, eq=False):
    """A prepared insert of one row or many: its text, and the columns that are converted for the driver."""

    text: str
    changes: tuple[tuple[int, Convert], ...]

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Returns rows in wire form as the driver wants them."""
        return converted(rows, self.changes)


def compile_insert(object_name: str, columns: tuple[str, ...], tables: Tables, dialect: Dialect) -> InsertStatement:
    """Returns the statement that inserts rows of these columns, given in this order."""
    source = tables.source(object_name)
    kept = [dialect.column(source.shape(name).storage) for name in columns]
    names = ", ".join(map(quoted, columns))
    places = ", ".join(dialect.placeholder(number, column) for number, column in enumerate(kept, start=1))
    text = f"INSERT INTO {quoted(object_name)} ({names}) VALUES ({places})"
    return InsertStatement(text, changes_of(column.to_driver for column in kept))


def compile_update(
    object_name: str, columns: tuple[str, ...], where: Filter, tables: Tables, dialect: Dialect, *, bump: bool
) -> Sql:
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
    return compiled(sa.update(tables.table(source.object)).values(values).where(condition), parameters, dialect)


def compile_delete(object_name: str, where: Filter, tables: Tables, dialect: Dialect) -> Sql:
    """Returns the statement that deletes the rows of a filter."""
    parameters = Parameters()
    source = tables.source(object_name)
    condition = Conditions(tables, dialect, parameters).of(where, source)
    return compiled(sa.delete(tables.table(source.object)).where(condition), parameters, dialect)
