"""Reads: from a Select to a prepared statement, with order, the place to go on from, and counts."""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from fieldstone.query.ast import (
    EVERYTHING,
    And,
    Column,
    FieldValue,
    Filter,
    OrderKey,
    Ranking,
    Select,
    Share,
    Term,
)
from fieldstone.query.masking import Masking
from fieldstone.query.storage import FieldShape
from fieldstone.store.columns import Column as Kept
from fieldstone.store.columns import Convert
from fieldstone.store.computed import Computed, computed_columns
from fieldstone.store.deployment import at_epoch
from fieldstone.store.dialects import Condition, Dialect, Value
from fieldstone.store.parameters import Parameters
from fieldstone.store.schema import ID
from fieldstone.store.search import match_points
from fieldstone.store.shown_late import is_shown_late
from fieldstone.store.statement import ReadStatement, read_statement
from fieldstone.store.tables import Source, Tables
from fieldstone.store.where import Conditions, is_true

_Shaped = tuple[Value, FieldShape]
Rows = sa.Select[Any]
_COMPARED = frozenset({"eq", "in", "gt", "gte", "lt", "lte"})


class _SortKey(msgspec.Struct, frozen=True, eq=False):
    """A sort key in SQL, and how its column is kept."""

    value: Value
    kept: Kept
    descending: bool
    nullable: bool


class Shown(msgspec.Struct, frozen=True, eq=False):
    """What is selected for columns, what brings each to wire form, and how formulas are computed from them."""

    shown: list[Value]
    converts: list[Convert | None]
    computed: Computed | None


def compile_select(select: Select, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement of a Select."""
    parameters = Parameters()
    conditions = Conditions(tables, dialect, parameters)
    source = tables.source(select.object)
    keys = tuple(_sort_key(key, conditions, source, dialect) for key in select.order)
    if select.valued:
        keys = (msgspec.structs.replace(keys[0], nullable=False), *keys[1:])
    columns, computed = _fetched(select, conditions, source)
    if select.share is not None:
        rows = _ranked(select.share, columns, keys, source, dialect).where(conditions.of(select.where, source))
        return _compile_shares(select, select.share, columns, rows, parameters, tables, dialect, computed)
    shown, converts = _shown(columns, dialect)
    if select.ranking is not None:
        best = _best(select, select.ranking, shown, conditions, source, parameters, tables, dialect)
        converts += [None, None]
        return read_statement(
            best, parameters, dialect, summaries=tables.summaries, bounded=False, converts=converts, computed=computed
        )
    flags = [is_true(conditions.of(flag, source)) for flag in select.flags]
    converts += [dialect.shown_flag() for _ in flags]
    clause = sa.select().select_from(source.table)
    if select.where != EVERYTHING:
        clause = clause.where(conditions.of(select.where, source))
    if select.after is not None:
        clause = clause.where(_after(keys, select.after, dialect, parameters))
    clause = clause.order_by(*_ordered(keys, dialect))
    if select.limited:
        clause = clause.limit(parameters.limit())
    if select.shifted:
        clause = clause.offset(parameters.offset())
    if is_shown_late(select, [value for value, _ in columns], shown, source, dialect):
        clause = _shown_late(clause, columns, flags, keys, dialect)
    else:
        clause = clause.add_columns(*shown, *flags)
    clause = clause.where(at_epoch(parameters))
    tested = _tested(select.where, source)
    statement = read_statement(
        clause,
        parameters,
        dialect,
        summaries=tables.summaries,
        bounded=select.limited,
        converts=converts,
        tested=tested,
        computed=computed,
    )
    return msgspec.structs.replace(statement, at_epoch=True)


def shown_columns(select: Select, conditions: Conditions, source: Source, dialect: Dialect) -> Shown:
    """Returns what a Select answers of each row of a source."""
    columns, computed = _fetched(select, conditions, source)
    shown, converts = _shown(columns, dialect)
    return Shown(shown, converts, computed)


def _fetched(select: Select, conditions: Conditions, source: Source) -> tuple[list[_Shaped], Computed | None]:
    """Returns what is fetched for the columns of a Select, and how those are computed from it that are formulas."""
    computed = computed_columns(select.columns, source.object.shape)
    asked = select.columns if computed is None else computed.shown
    columns = _columns(asked, dict(select.masks), conditions, source)
    if computed is not None:
        columns += _columns(computed.inputs, {}, conditions, source)
    return columns, computed


def _best(
    select: Select,
    ranking: Ranking,
    shown: list[Value],
    conditions: Conditions,
    source: Source,
    parameters: Parameters,
    tables: Tables,
    dialect: Dialect,
) -> Rows:
    """Returns the best of what a filter leaves: first the newest, then the best of these, and of them alone the columns."""
    within = tables.source(select.object, alias=f"{select.object}_found")
    newest = dialect.ordered(within.column(ID), descending=True, nullable=False)
    found = (
        sa.select(within.column(ID).label("found"))
        .select_from(within.table)
        .where(conditions.of(select.where, within))
        .order_by(newest)
        .limit(sa.literal_column(str(ranking.most)))
        .subquery("newest")
    )
    match = match_points(ranking, source, dialect, parameters)
    best = (
        sa.select(match.id.label("found"), match.points.label("points"), sa.func.count().over().label("total"))
        .select_from(found.join(match.words, match.id == found.c.found))
        .order_by(sa.desc("points"), dialect.ordered(match.id, descending=True, nullable=False))
        .limit(parameters.limit())
        .subquery("best")
    )
    identity = source.column(ID)
    clause = sa.select(*shown, best.c.points, best.c.total).select_from(
        best.join(source.table, identity == best.c.found)
    )
    return clause.order_by(best.c.points.desc(), dialect.ordered(identity, descending=True, nullable=False))


def _columns(
    columns: tuple[Column, ...], masks: Mapping[str, Masking], conditions: Conditions, source: Source
) -> list[_Shaped]:
    """Returns the values of columns and their shapes, with the masks under which they are read."""
    return [_column(column, masks, conditions, source) for column in columns]


def _column(column: Column, masks: Mapping[str, Masking], conditions: Conditions, source: Source) -> _Shaped:
    if not isinstance(column, str):
        return conditions.value(column, source)
    value, shape = conditions.value(FieldValue(column), source)
    if column not in masks:
        return value, shape
    storage = msgspec.structs.replace(shape.storage, mask=masks[column])
    return value, msgspec.structs.replace(shape, storage=storage)


def _tested(where: Filter, source: Source) -> frozenset[str] | None:
    """Returns the columns that a filter compares with values of the request or the caller; None where it asks more of a row."""
    items = where.items if isinstance(where, And) else (where,)
    compared = [
        item
        for item in items
        if isinstance(item, Term) and item.operator in _COMPARED and source.formula(item.field) is None
    ]
    plain = len(compared) == len(items) and not any(isinstance(item.operand, FieldValue) for item in compared)
    return frozenset(item.field for item in compared) if plain else None


def _ranked(share: Share, columns: list[_Shaped], keys: tuple[_SortKey, ...], source: Source, dialect: Dialect) -> Rows:
    """Returns the rows of a source, each with what it has a share in and its place there."""
    of = source.column(share.field)
    place = sa.func.row_number().over(partition_by=of, order_by=_ordered(keys, dialect))
    named = (value.label(f"c{index}") for index, (value, _) in enumerate(columns))
    return sa.select(*named, of.label("share"), place.label("place")).select_from(source.table)


def _compile_shares(
    select: Select,
    share: Share,
    columns: list[_Shaped],
    rows: Rows,
    parameters: Parameters,
    tables: Tables,
    dialect: Dialect,
    computed: Computed | None,
) -> ReadStatement:
    """Returns the statement of the first of ranked rows, in their order, share by share."""
    ranked = rows.subquery("ranked")
    shown, converts = _shown([(ranked.c[f"c{index}"], shape) for index, (_, shape) in enumerate(columns)], dialect)
    first = ranked.c.place <= parameters.value(share.most, None, sa.BigInteger())
    clause = sa.select(*shown).where(first).order_by(ranked.c.share, ranked.c.place)
    if select.limited:
        clause = clause.limit(parameters.limit())
    return read_statement(
        clause,
        parameters,
        dialect,
        summaries=tables.summaries,
        bounded=False,
        converts=converts,
        computed=computed,
    )


def _shown_late(
    rows: Rows, columns: list[_Shaped], flags: list[Condition], keys: tuple[_SortKey, ...], dialect: Dialect
) -> Rows:
    """Returns what shows columns and flags of the rows that another statement finds."""
    named = {f"c{place}": value for place, (value, _) in enumerate(columns)}
    named |= {f"f{place}": flag for place, flag in enumerate(flags)}
    named |= {f"k{place}": key.value for place, key in enumerate(keys)}
    page = rows.add_columns(*(value.label(name) for name, value in named.items())).subquery("page")
    shown, _ = _shown([(page.c[f"c{place}"], shape) for place, (_, shape) in enumerate(columns)], dialect)
    order = tuple(msgspec.structs.replace(key, value=page.c[f"k{place}"]) for place, key in enumerate(keys))
    return sa.select(*shown, *(page.c[f"f{place}"] for place in range(len(flags)))).order_by(*_ordered(order, dialect))


def _shown(columns: list[_Shaped], dialect: Dialect) -> tuple[list[Value], list[Convert | None]]:
    """Returns what is selected for columns, and what brings each to wire form."""
    pairs = [dialect.shown(value, shape.storage) for value, shape in columns]
    return [value for value, _ in pairs], [convert for _, convert in pairs]


def _ordered(keys: tuple[_SortKey, ...], dialect: Dialect) -> list[sa.UnaryExpression[Any]]:
    return [dialect.ordered(key.value, descending=key.descending, nullable=key.nullable) for key in keys]


def compile_count(object_name: str, where: Filter, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement that counts the rows of a filter."""
    parameters = Parameters()
    source = tables.source(object_name)
    condition = Conditions(tables, dialect, parameters).of(where, source)
    clause = sa.select(sa.func.count()).select_from(source.table).where(condition)
    return read_statement(clause, parameters, dialect, summaries=tables.summaries, bounded=False, converts=(None,))


def _sort_key(key: OrderKey, conditions: Conditions, source: Source, dialect: Dialect) -> _SortKey:
    value, shape = conditions.value(FieldValue(key.field, key.through), source)
    return _SortKey(value, dialect.column(shape.storage), key.descending, nullable=bool(key.through) or shape.nullable)


def _after(keys: tuple[_SortKey, ...], slot: int, dialect: Dialect, parameters: Parameters) -> Condition:
    """Returns the condition on rows that stand behind the one whose sort values begin at a slot.

    Where no key can be absent and all go one way, it compares them as one value, which an index serves whole.
    """
    places: list[Value] = [
        parameters.value(slot + index, key.kept.to_driver, key.kept.sql_type) for index, key in enumerate(keys)
    ]
    key, place = keys[0], places[0]
    if not any(each.nullable for each in keys) and len({each.descending for each in keys}) == 1:
        left, right = sa.tuple_(*(each.value for each in keys)), sa.tuple_(*places)
        return left < right if key.descending else left > right
    behind = _strictly_after(key, place)
    if len(keys) == 1:
        return behind
    condition = sa.or_(behind, sa.and_(dialect.same(key.value, place), _after(keys[1:], slot + 1, dialect, parameters)))
    if key.nullable:
        return condition
    return sa.and_(key.value <= place if key.descending else key.value >= place, condition)


def _strictly_after(key: _SortKey, place: Value) -> Condition:
    further = key.value < place if key.descending else key.value > place
    if not key.nullable:
        return further
    if key.descending:
        return sa.or_(further, sa.and_(place.is_(None), key.value.is_not(None)))
    return sa.or_(further, sa.and_(place.is_not(None), key.value.is_(None)))
