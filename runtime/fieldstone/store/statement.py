"""Statements: SQL compiled once per shape, with what fills its parameters and what brings its rows to wire form."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from fieldstone.store.binds import Binds
from fieldstone.store.columns import Convert
from fieldstone.store.computed import Computed
from fieldstone.store.dialects import Dialect
from fieldstone.store.parameters import Given, Parameters, Take
from fieldstone.store.rows import Change, changes_of


class Sql(msgspec.Struct, frozen=True, eq=False):
    """A text of SQL and what fills its parameters, in the order of the driver."""

    text: str
    takes: tuple[Take, ...]

    def parameters(self, binds: Binds, given: Given = ()) -> tuple[Any, ...]:
        """Returns the parameters of one run."""
        return tuple([take(binds, given) for take in self.takes])


class ReadStatement(msgspec.Struct, frozen=True, eq=False):
    """A prepared read: what `Statement` of the interface is underneath.

    `bounded` says that it stops after a number of rows. `changes` convert columns of its rows. `tested` are the columns that it
    compares with values; None where it asks more of a row than that. `summaries` are those that it looks at, as (object, field).
    `computed` makes the rows of those that were fetched, where formulas are asked for. `at_epoch` says that it heeds the epoch that is
    bound.
    """

    sql: Sql
    bounded: bool
    changes: tuple[Change, ...]
    tested: frozenset[str] | None
    summaries: frozenset[tuple[str, str]] = frozenset()
    computed: Computed | None = None
    at_epoch: bool = False


def compiled(clause: sa.ClauseElement, parameters: Parameters, dialect: Dialect) -> Sql:
    """Returns the SQL of a clause."""
    result = clause.compile(dialect=dialect.sql, compile_kwargs={"render_postcompile": True})
    names: list[str] = getattr(result, "positiontup", None) or []
    return Sql(str(result), parameters.takes(names, dict(result.params)))


def read_statement(
    clause: sa.Select[Any],
    parameters: Parameters,
    dialect: Dialect,
    *,
    summaries: frozenset[tuple[str, str]],
    bounded: bool,
    converts: Iterable[Convert | None],
    tested: frozenset[str] | None = None,
    computed: Computed | None = None,
) -> ReadStatement:
    """Returns a prepared read; `summaries` are all that there are, as (object, field)."""
    looked_at = summaries & frozenset(_columns_of(clause)) if summaries else frozenset()
    changes = changes_of(converts)
    return ReadStatement(compiled(clause, parameters, dialect), bounded, changes, tested, looked_at, computed)


def _columns_of(clause: sa.ClauseElement) -> Iterator[tuple[str, str]]:
    """Yields the table and the name of every column in a clause, those in its subqueries among them."""
    for part in visitors.iterate(clause):
        if isinstance(part, sa.ColumnClause) and part.table is not None:
            table = part.table.element if isinstance(part.table, sa.Alias) else part.table
            yield str(getattr(table, "name", "")), str(part.name)
