"""Reads: from a Select to a prepared statement, with order, the place to go on from, and counts."""

from typing import Any

import sqlalchemy as sa

from fieldstone.query.ast import EVERYTHING, Filter, OrderKey, Select
from fieldstone.store.columns import Convert
from fieldstone.store.dialects import Condition, Dialect, Value
from fieldstone.store.parameters import Parameters
from fieldstone.store.statement import ReadStatement, read_statement
from fieldstone.store.tables import Source, Tables
from fieldstone.store.where import Conditions, is_true


def compile_select(select: Select, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement of a Select."""
    parameters = Parameters()
    conditions = Conditions(tables, dialect, parameters)
    source = tables.source(select.object)
    shown: list[Value] = []
    converts: list[Convert | None] = []
    for name in select.columns:
        value, convert = dialect.shown(source.column(name), source.shape(name).storage)
        shown.append(value)
        converts.append(convert)
    for flag in select.flags:
        shown.append(is_true(conditions.of(flag, source)))
        converts.append(dialect.shown_flag())
    clause = sa.select(*shown).select_from(source.table)
    if select.where != EVERYTHING:
        clause = clause.where(conditions.of(select.where, source))
    if select.after is not None:
        clause = clause.where(_after(select.order, select.after, source, dialect, parameters))
    clause = clause.order_by(*(_sort_key(key, source, dialect) for key in select.order))
    if select.limited:
        clause = clause.limit(parameters.limit())
    if select.shifted:
        clause = clause.offset(parameters.offset())
    return read_statement(clause, parameters, dialect, bounded=select.limited, converts=converts)


def compile_count(object_name: str, where: Filter, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement that counts the rows of a filter."""
    parameters = Parameters()
    source = tables.source(object_name)
    condition = Conditions(tables, dialect, parameters).of(where, source)
    clause = sa.select(sa.func.count()).select_from(source.table).where(condition)
    return read_statement(clause, parameters, dialect, bounded=False, converts=(None,))


def _sort_key(key: OrderKey, source: Source, dialect: Dialect) -> sa.UnaryExpression[Any]:
    return dialect.ordered(
        source.column(key.field), descending=key.descending, nullable=source.shape(key.field).nullable
    )


def _after(
    keys: tuple[OrderKey, ...], slot: int, source: Source, dialect: Dialect, parameters: Parameters
) -> Condition:
    """Returns the condition on rows that stand behind the one whose sort values begin at a slot.

    Where no key can be absent and all go one way, it compares them as one value, which an index serves whole.
    """
    columns = [source.column(key.field) for key in keys]
    places: list[Value] = []
    for index, key in enumerate(keys):
        kept = dialect.column(source.shape(key.field).storage)
        places.append(parameters.value(slot + index, kept.to_driver, kept.sql_type))
    nullable = [source.shape(key.field).nullable for key in keys]
    if not any(nullable) and len({key.descending for key in keys}) == 1:
        left, right = sa.tuple_(*columns), sa.tuple_(*places)
        return left < right if keys[0].descending else left > right
    key, column, place = keys[0], columns[0], places[0]
    behind = _strictly_after(column, place, descending=key.descending, nullable=nullable[0])
    if len(keys) == 1:
        return behind
    condition = sa.or_(
        behind, sa.and_(dialect.same(column, place), _after(keys[1:], slot + 1, source, dialect, parameters))
    )
    if nullable[0]:
        return condition
    return sa.and_(column <= place if key.descending else column >= place, condition)


def _strictly_after(column: Value, place: Value, *, descending: bool, nullable: bool) -> Condition:
    further = column < place if descending else column > place
    if not nullable:
        return further
    if descending:
        return sa.or_(further, sa.and_(place.is_(None), column.is_not(None)))
    return sa.or_(further, sa.and_(place.is_not(None), column.is_(None)))
