"""Dialects: everything in which the SQL of the two databases differs, as functions over expressions; here are those of SQLite."""

from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.types import TypeEngine

from fieldstone.query.like import folded_glob, glob
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import Column, Convert, DialectName, column_of, is_wide, json_text

Value = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]


class Dialect(Protocol):
    """One database's way to say things; texts handed to `has_part`, `begins` and `ends` are folded already."""

    name: DialectName
    sql: SqlDialect

    def placeholder(self, number: int, column: Column) -> str:
        """Returns how the parameter of a place, which becomes a column's value, is written; places count from 1."""

    def column(self, storage: Storage) -> Column:
        """Returns how a storage class is kept."""

    def shown(self, column: Value, storage: Storage) -> tuple[Value, Convert | None]:
        """Returns what is selected for a column, and what brings it to wire form."""

    def shown_flag(self) -> Convert | None:
        """Returns what brings a boolean that was computed to wire form."""

    def fold(self, text: Value) -> Value:
        """Returns a text folded as `query/operators.fold` does."""

    def has_part(self, text: Value, part: Value) -> Condition:
        """Tells whether a text has a part in it."""

    def begins(self, text: Value, part: Value) -> Condition:
        """Tells whether a text begins with a part."""

    def ends(self, text: Value, part: Value) -> Condition:
        """Tells whether a text ends with a part."""

    def pattern(self, pattern: str) -> str:
        """Returns a pattern of `$like` as `like` takes it."""

    def folded_pattern(self, pattern: str) -> str:
        """Returns a pattern of `$ilike` as `like` takes it, for a text that is folded."""

    def like(self, text: Value, pattern: Value) -> Condition:
        """Tells whether a pattern matches the whole of a text."""

    def has_member(self, values: Value, member: Value) -> Condition:
        """Tells whether a stored list has a member."""

    def member_of(self, member: Value, values: Value) -> Condition:
        """Tells whether a text is a member of a stored list, so that an index over the texts serves."""

    def has_any(self, values: Value, members: Value) -> Condition:
        """Tells whether a stored list has one of the members of a list that is bound as one parameter."""

    def same_members(self, values: Value, others: Value) -> Condition:
        """Tells whether two lists, none of which has a member twice, have the same members; null when one is absent."""

    def one_of(self, value: Value, values: Value) -> Condition:
        """Tells whether a value equals one of a list that is bound as one parameter."""

    def among(self, value: Value, rows: sa.Select[Any]) -> Condition:
        """Tells whether a value is one of those of a subquery, which is run once and lets an index over the value find them."""

    def usual(self, condition: Condition) -> Condition:
        """Returns a condition, told to the planner as one that most rows satisfy."""

    def list_of(self, item: Convert | None, sql_type: TypeEngine[Any]) -> tuple[Convert, TypeEngine[Any]]:
        """Returns conversion and type of a list parameter; nulls in the list are left out, they equal nothing."""

    def same(self, left: Value, right: Value) -> Condition:
        """Tells whether two values are equal or both absent; never null."""

    def aligned(self, value: Value, storage: Storage, other: Storage) -> Value:
        """Returns a number so that it can be compared with a number of another storage."""

    def ordered(self, value: Value, *, descending: bool, nullable: bool) -> sa.UnaryExpression[Any]:
        """Returns a sort key: absent values last ascending, first descending."""


class SqliteDialect:
    """SQLite 3.37 and later; `fs_fold` is registered on every connection."""

    name: DialectName = "sqlite"

    def __init__(self) -> None:
        """Makes the compiler's dialect."""
        self.sql: SqlDialect = pysqlite_dialect()

    def placeholder(self, number: int, column: Column) -> str:
        """Returns a question mark: parameters go by their order."""
        del number, column
        return "?"

    def column(self, storage: Storage) -> Column:
        """Returns how a storage class is kept."""
        return column_of("sqlite", storage)

    def shown(self, column: Value, storage: Storage) -> tuple[Value, Convert | None]:
        """Returns the column as it is."""
        return column, self.column(storage).to_wire

    def shown_flag(self) -> Convert | None:
        """Returns `bool`: SQLite answers 0 and 1."""
        return bool

    def fold(self, text: Value) -> Value:
        """Folds ASCII, which is most text, without leaving SQLite: a call into Python for each row is fifty times slower."""
        ascii_only = sa.func.length(text) == sa.func.length(sa.cast(text, sa.LargeBinary()))
        return sa.case((ascii_only, sa.func.lower(text)), else_=sa.func.fs_fold(text))

    def has_part(self, text: Value, part: Value) -> Condition:
        """Uses `instr`, which knows no wildcards."""
        return sa.func.instr(text, part) > sa.literal_column("0")

    def begins(self, text: Value, part: Value) -> Condition:
        """Compares the first characters."""
        return sa.func.substr(text, sa.literal_column("1"), sa.func.length(part)) == part

    def ends(self, text: Value, part: Value) -> Condition:
        """Compares the last characters; a start before the text's own is cut to it."""
        return sa.func.substr(text, -sa.func.length(part), sa.func.length(part)) == part

    def pattern(self, pattern: str) -> str:
        """Returns the pattern in the spelling of GLOB: LIKE ignores the case of ASCII letters here."""
        return glob(pattern)

    def folded_pattern(self, pattern: str) -> str:
        """Returns the folded pattern in the spelling of GLOB."""
        return folded_glob(pattern)

    def like(self, text: Value, pattern: Value) -> Condition:
        """Uses GLOB."""
        return text.bool_op("GLOB")(pattern)

    def has_member(self, values: Value, member: Value) -> Condition:
        """Looks through the JSON list."""
        return member.in_(_members(values))

    def member_of(self, member: Value, values: Value) -> Condition:
        """Looks through the JSON list."""
        return member.in_(_members(values))

    def has_any(self, values: Value, members: Value) -> Condition:
        """Looks through both JSON lists."""
        return _some_member(values, lambda member: member.in_(_members(members)))

    def same_members(self, values: Value, others: Value) -> Condition:
        """Compares the lengths and looks for a member of the one that the other lacks."""
        lacking = _some_member(values, lambda member: member.not_in(_members(others)))
        return sa.and_(sa.func.json_array_length(values) == sa.func.json_array_length(others), sa.not_(lacking))

    def one_of(self, value: Value, values: Value) -> Condition:
        """Binds the list as JSON, so that its length is no part of the statement."""
        return value.in_(sa.select(sa.func.json_each(values).table_valued("value").c.value))

    def among(self, value: Value, rows: sa.Select[Any]) -> Condition:
        """Uses `IN`."""
        return value.in_(rows)

    def usual(self, condition: Condition) -> Condition:
        """Uses `likely`: without statistics, SQLite takes an equality for rare."""
        return sa.func.likely(condition, type_=sa.Boolean())

    def list_of(self, item: Convert | None, _sql_type: TypeEngine[Any]) -> tuple[Convert, TypeEngine[Any]]:
        """Returns the list as JSON text."""
        return listed(item, json_text), sa.Text()

    def same(self, left: Value, right: Value) -> Condition:
        """Uses `IS`, which serves an index."""
        return left.bool_op("IS")(right)

    def aligned(self, value: Value, storage: Storage, other: Storage) -> Value:
        """Multiplies up to the finer scale; beside a double, makes a double. A wide number makes another one wide."""
        if storage.kind == StorageClass.DOUBLE:
            return value
        if other.kind == StorageClass.DOUBLE:
            if is_wide(storage):
                return sa.func.fs_narrow(value, sa.literal_column(str(storage.scale)))
            double: Value = sa.cast(value, sa.REAL())
            return double / sa.literal_column(str(10**storage.scale)) if storage.scale else double
        steps = max(0, other.scale - storage.scale)
        if is_wide(storage) or is_wide(other):
            return sa.func.fs_wide(value, sa.literal_column(str(steps)))
        return value * sa.literal_column(str(10**steps)) if steps else value

    def ordered(self, value: Value, *, descending: bool, nullable: bool) -> sa.UnaryExpression[Any]:
        """Says where nulls go, for SQLite takes them for the least; an index serves this too."""
        key = value.desc() if descending else value.asc()
        if not nullable:
            return key
        return key.nulls_first() if descending else key.nulls_last()


def _members(values: Value) -> sa.Select[Any]:
    """Returns the members of a JSON list of SQLite as rows."""
    return sa.select(sa.func.json_each(values).table_valued("value").c.value).correlate_except()


def _some_member(values: Value, condition: Callable[[Value], Condition]) -> Condition:
    """Returns whether some member of a JSON list of SQLite satisfies a condition."""
    listed = sa.func.json_each(values).table_valued("value")
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).where(condition(listed.c.value))
    return rows.correlate_except(listed).exists()


def listed(item: Convert | None, whole: Callable[[list[Any]], Any]) -> Convert:
    """Returns the conversion of a list parameter, by that of its items and by how the list is bound; what is null is left out."""

    def convert(values: Any) -> Any:
        if item is None:
            return whole([value for value in values if value is not None])
        converted = (item(value) for value in values if value is not None)
        return whole([value for value in converted if value is not None])

    return convert
