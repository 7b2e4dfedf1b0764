"""Lists of expressions in SQL: a list is bound as one parameter, JSON text on SQLite and an array on PostgreSQL, or is a JSON column."""

from collections.abc import Callable

import sqlalchemy as sa

from fieldstone.query.cel.types import Type, required
from fieldstone.store.columns import DialectName
from fieldstone.store.expression_value import Condition, Value, literal, negated, sql_type


def rows_of(dialect: DialectName, values: Value, kind: Type, depth: int) -> Value:
    """Returns the column that has the items of a list; `depth` tells the lists of nested macros apart."""
    name = "json_each" if dialect == "sqlite" else "unnest"
    item = sa.column("value", sql_type(dialect, required(kind)))
    rows = getattr(sa.func, name)(values).table_valued(item, name=f"entry_{depth}")
    found: Value = (rows.render_derived() if dialect == "postgresql" else rows).c.value
    return found


def among(dialect: DialectName, value: Value, values: Value, entries: Value, *, without_null: bool) -> Condition:
    """Returns whether a value is one of a bound list, in the form that an index serves."""
    if dialect == "postgresql":
        listed = sa.func.array_remove(values, sa.null(), type_=values.type) if without_null else values
        return value == sa.any_(listed)
    found = sa.select(entries)
    return value.in_(found.where(entries.is_not(None)) if without_null else found)


def any_of(entries: Value, test: Callable[[Value], Condition]) -> Condition:
    """Returns whether an item passes a test; never NULL."""
    return sa.exists(sa.select(literal("1")).where(test(entries)).correlate_except(entries.table))


def stored_in(dialect: DialectName, value: Value, column: Value, kind: Type) -> Condition:
    """Returns whether a bound value is in a list that is a JSON column; false for null, NULL at most where the column is."""
    if dialect == "sqlite":
        return any_of(rows_of(dialect, column, kind, 0), lambda entry: entry.is_not_distinct_from(value))
    held = column.op("@>", is_comparison=True, return_type=sa.Boolean())(sa.func.to_jsonb(value))
    return sa.func.coalesce(held, sa.false(), type_=sa.Boolean())


def quantified(holds: Condition, entries: Value, *, decisive: bool) -> Condition:
    """Returns `exists` (decisive: true) or `all` (decisive: false) of a condition over the items of a list.

    One decisive item decides; else the answer is NULL when the condition is NULL for an item. The condition is computed in a
    select of its own, for an aggregate belongs to the select whose columns it names, and a condition may name none of these.
    """
    each = sa.select(holds.label("holds")).select_from(entries.table).correlate_except(entries.table).subquery()
    found = sa.type_coerce(each.c.holds, sa.Boolean())
    decided = found if decisive else negated(found)
    answer, other = (sa.true(), sa.false()) if decisive else (sa.false(), sa.true())
    deciding = sa.func.count(sa.case((decided, literal("1"))))
    known = sa.func.count(each.c.holds)
    outcome = sa.case((deciding > literal("0"), answer), (known == sa.func.count(literal("1")), other))
    return sa.type_coerce(sa.select(outcome).select_from(each).scalar_subquery(), sa.Boolean())
