"""Rollups in SQL: the one UPDATE that computes the summaries of some parents anew, and the locks under which it is right.

At READ COMMITTED an UPDATE that waited for another transaction goes on with what its subqueries saw before the wait. So the parents are
locked first, and the UPDATE is a statement of its own: it begins when everybody before has committed, and sees what they did. SQLite
lets in one writer at a time.
"""

import msgspec
import sqlalchemy as sa

from fieldstone.errors import Internal
from fieldstone.query.ast import EVERYTHING, FieldValue, Filter, Slot, Term
from fieldstone.registry.catalog import Rollup, RollupGroup
from fieldstone.store.dialects import Dialect, Value
from fieldstone.store.measures import MeasureDialect, counted, extreme, measures_of
from fieldstone.store.parameters import Parameters
from fieldstone.store.schema import ID
from fieldstone.store.statement import ReadStatement, Sql, compiled, read_statement
from fieldstone.store.tables import Source, Tables
from fieldstone.store.where import Conditions

AMONG = Term(ID, "in", Slot(0))
_FED = "fed"


class RollupStatements(msgspec.Struct, frozen=True, eq=False):
    """What computes the summaries of one group anew, for the parents of slot 0: first the lock, then the UPDATE."""

    lock: ReadStatement
    update: Sql


def compile_rollups(group: RollupGroup, tables: Tables, dialect: Dialect) -> RollupStatements:
    """Returns the statements of a group."""
    parameters = Parameters()
    conditions = Conditions(tables, dialect, parameters)
    parent, child = tables.source(group.parent), tables.source(group.child, alias=_FED)
    measures = measures_of(dialect)
    values = {}
    for rollup in group.rollups:
        belongs = child.column(group.reference) == parent.column(ID)
        rows: sa.Select[tuple[object]] = sa.select(_figure(rollup, parent, child, conditions, measures)).select_from(
            child.table
        )
        rows = rows.where(belongs)
        if rollup.where != EVERYTHING:
            rows = rows.where(conditions.of(rollup.where, child))
        values[rollup.field] = rows.correlate_except(child.table).scalar_subquery()
    update = sa.update(tables.table(parent.object)).values(values).where(conditions.of(AMONG, parent))
    return RollupStatements(
        compile_locked(group.parent, (ID,), AMONG, tables, dialect), compiled(update, parameters, dialect)
    )


def compile_locked(
    object_name: str, columns: tuple[str, ...], where: Filter, tables: Tables, dialect: Dialect
) -> ReadStatement:
    """Returns the statement that reads columns of the rows of a filter and, on PostgreSQL, keeps others from changing these, in order."""
    parameters = Parameters()
    source = tables.source(object_name)
    pairs = [dialect.shown(source.column(name), source.shape(name).storage) for name in columns]
    clause = sa.select(*(value for value, _ in pairs)).select_from(source.table)
    clause = clause.where(Conditions(tables, dialect, parameters).of(where, source)).order_by(source.column(ID))
    # FOR NO KEY UPDATE: records that refer to these may still be written.
    clause = clause.with_for_update(key_share=True)
    converts = [convert for _, convert in pairs]
    return read_statement(clause, parameters, dialect, summaries=frozenset(), bounded=False, converts=converts)


def _figure(rollup: Rollup, parent: Source, child: Source, conditions: Conditions, measures: MeasureDialect) -> Value:
    if rollup.column is None:
        return counted(None, distinct=False, only=None)
    value, shape = conditions.value(FieldValue(rollup.column), child)
    storage = shape.storage
    kept = parent.shape(rollup.field).storage
    match rollup.function:
        case "count":
            return counted(value, distinct=False, only=None)
        case "min" | "max":
            return extreme(value, greatest=rollup.function == "max", only=None)
        case "sum":
            return measures.kept_total(value, kept)
        case "avg":
            return measures.kept_mean(value, storage, kept)
    raise Internal(f"Function `{rollup.function}` has no SQL.")
