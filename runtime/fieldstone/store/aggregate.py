"""Groups: from an Aggregation to prepared statements, one for a page of groups and one that counts them.

One select gathers the rows into groups; what is asked of groups, their order and their page, stands around it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from fieldstone.errors import Internal
from fieldstone.query.ast import EVERYTHING, Aggregation, Column, FieldValue, GroupKey, Measure
from fieldstone.query.buckets import bucket_shape
from fieldstone.query.formula import Formula
from fieldstone.query.measures import MEASURES
from fieldstone.query.storage import FieldShape, StorageClass
from fieldstone.store.columns import Convert
from fieldstone.store.dialects import Dialect, Value
from fieldstone.store.expression_value import SqlColumn
from fieldstone.store.measures import added, averaged, counted, extreme, finite, measures_of
from fieldstone.store.parameters import Parameters
from fieldstone.store.statement import ReadStatement, read_statement
from fieldstone.store.tables import Source, Tables
from fieldstone.store.where import Conditions


def compile_groups(item: Aggregation, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement of a page of groups."""
    gathering = _Gathering(tables, dialect)
    groups = gathering.groups(item)
    clause = sa.select(*(shown for shown, _ in groups.answered(dialect))).select_from(groups.table)
    if item.having != EVERYTHING:
        clause = clause.where(gathering.conditions.of(item.having, groups))
    clause = clause.order_by(
        *(
            dialect.ordered(
                groups.column(key.field), descending=key.descending, nullable=groups.shape(key.field).nullable
            )
            for key in item.order
        )
    )
    clause = clause.limit(gathering.parameters.limit())
    if item.shifted:
        clause = clause.offset(gathering.parameters.offset())
    converts = [convert for _, convert in groups.answered(dialect)]
    return read_statement(
        clause, gathering.parameters, dialect, summaries=tables.summaries, bounded=False, converts=converts
    )


def compile_group_count(item: Aggregation, tables: Tables, dialect: Dialect) -> ReadStatement:
    """Returns the statement that counts groups; it computes over them only where that decides which of them count."""
    if item.having == EVERYTHING and item.groups:
        item = msgspec.structs.replace(item, measures=())
    gathering = _Gathering(tables, dialect)
    groups = gathering.groups(item)
    clause = sa.select(sa.func.count()).select_from(groups.table)
    if item.having != EVERYTHING:
        clause = clause.where(gathering.conditions.of(item.having, groups))
    return read_statement(
        clause, gathering.parameters, dialect, summaries=tables.summaries, bounded=False, converts=(None,)
    )


class _Part(msgspec.Struct, frozen=True, eq=False):
    """A value of a group; `convert` brings it to wire form where its storage alone does not tell how."""

    value: Value
    shape: FieldShape
    convert: Convert | None = None


class _Groups(msgspec.Struct, frozen=True, eq=False):
    """Groups as filters and orders find them; column `c0` of the table is that of the first part, and so on."""

    table: sa.Subquery
    parts: tuple[_Part, ...]
    places: Mapping[str, int]

    def column(self, name: str) -> Value:
        """Returns the column of a group name or alias."""
        return self.table.c[f"c{self.places[name]}"]

    def shape(self, name: str) -> FieldShape:
        """Returns the shape of what a group name or alias holds."""
        return self.parts[self.places[name]].shape

    def formula(self, name: str) -> Formula | None:
        """Returns None: what is computed was computed for each row."""
        del name
        return None

    def expression_column(self, path: tuple[str, ...]) -> SqlColumn:
        """Refuses: expressions are about records."""
        raise Internal(f"An expression names `{'.'.join(path)}` of a group.")

    def answered(self, dialect: Dialect) -> list[tuple[Value, Convert | None]]:
        """Returns what is selected, and what brings it to wire form."""
        found: list[tuple[Value, Convert | None]] = []
        for name, place in self.places.items():
            part, column = self.parts[place], self.column(name)
            found.append(dialect.shown(column, part.shape.storage) if part.convert is None else (column, part.convert))
        return found


class _Gathering:
    """Compiles the select that gathers rows into groups; its parameters are those of the whole statement."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Takes where columns are found and how the database speaks."""
        self._tables = tables
        self._dialect = dialect
        self._measures = measures_of(dialect)
        self.parameters = Parameters()
        self.conditions = Conditions(tables, dialect, self.parameters)

    def groups(self, item: Aggregation) -> _Groups:
        """Returns the groups of an aggregation, before anything is asked of them."""
        source = self._tables.source(item.object)
        keys = [self._key(key, source) for key in item.groups]
        parts = (*keys, *(self._measure(measure, source) for measure in item.measures))
        clause = sa.select(*(self._labelled(place, part) for place, part in enumerate(parts)))
        clause = clause.select_from(source.table)
        if item.where != EVERYTHING:
            clause = clause.where(self.conditions.of(item.where, source))
        # By position, so that a key with parameters in it stands in the statement once.
        clause = clause.group_by(*(sa.literal_column(str(place + 1)) for place in range(len(keys))))
        places = {part.shape.name: place for place, part in enumerate(parts)}
        return _Groups(clause.subquery("groups"), parts, places)

    def _labelled(self, place: int, part: _Part) -> sa.Label[Any]:
        return sa.type_coerce(part.value, self._dialect.column(part.shape.storage).sql_type).label(f"c{place}")

    def _key(self, key: GroupKey, source: Source) -> _Part:
        value, field = self._value(key.column, source)
        if key.bucket is None:
            return _Part(value, msgspec.structs.replace(field, name=key.name))
        zone = None if key.zone is None else partial(self.parameters.value, key.zone.index)
        label = self._measures.bucket(value, key.bucket, zone)
        return _Part(label, bucket_shape(key.name, field))

    def _measure(self, measure: Measure, source: Source) -> _Part:
        value, field = self._value("id" if measure.column is None else measure.column, source)
        shape = MEASURES[measure.function].shape(measure.name, field)
        only = None if measure.where == EVERYTHING else self.conditions.of(measure.where, source)
        exact = field.storage.kind != StorageClass.DOUBLE
        match measure.function:
            case "count" | "count_distinct":
                distinct = measure.function == "count_distinct"
                return _Part(counted(None if measure.column is None else value, distinct=distinct, only=only), shape)
            case "min" | "max":
                return _Part(extreme(value, greatest=measure.function == "max", only=only), shape)
            case "sum" if exact:
                return _Part(self._measures.total(value, field.storage, only), shape)
            case "sum":
                return _Part(added(value, only), shape, finite)
            case "avg" if exact:
                return _Part(self._measures.mean(value, field.storage, only), shape)
            case "avg":
                return _Part(averaged(value, only), shape, finite)
            case "string_agg":
                return _Part(self._measures.joined(value, only), shape)
            case "array_agg":
                values, convert = self._measures.values(value, field.storage, only)
                return _Part(values, shape, convert)
        raise Internal(f"Function `{measure.function}` has no SQL.")

    def _value(self, column: Column, source: Source) -> tuple[Value, FieldShape]:
        """Returns a column's value and shape; at the end of a path there may be none."""
        if isinstance(column, str):
            return self.conditions.value(FieldValue(column), source)
        value, field = self.conditions.value(FieldValue(column.field, column.through), source)
        return value, msgspec.structs.replace(field, nullable=True)
