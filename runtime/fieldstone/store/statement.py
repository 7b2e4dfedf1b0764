"""Statements: SQL compiled once per shape, with what fills its parameters and what brings its rows to wire form."""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from fieldstone.store.binds import Binds
from fieldstone.store.columns import Convert
from fieldstone.store.dialects import Dialect
from fieldstone.store.parameters import Given, Parameters, Take
from fieldstone.store.rows import changes_of


class Sql(msgspec.Struct, frozen=True, eq=False):
    """A text of SQL and what fills its parameters, in the order of the driver."""

    text: str
    takes: tuple[Take, ...]

    def parameters(self, binds: Binds, given: Given = ()) -> tuple[Any, ...]:
        """Returns the parameters of one run."""
        return tuple([take(binds, given) for take in self.takes])


class ReadStatement(msgspec.Struct, frozen=True, eq=False):
    """A prepared read: what `Statement` of the interface is underneath.

    `bounded` says that it stops after a number of rows. `changes` are the columns that are converted. `tested` are the columns that it
    compares with values; None where it asks more of a row than that.
    """

    sql: Sql
    bounded: bool
    changes: tuple[tuple[int, Convert], ...]
    tested: frozenset[str] | None


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
    bounded: bool,
    converts: Iterable[Convert | None],
    tested: frozenset[str] | None = None,
) -> ReadStatement:
    """Returns a prepared read."""
    return ReadStatement(compiled(clause, parameters, dialect), bounded, changes_of(converts), tested)
