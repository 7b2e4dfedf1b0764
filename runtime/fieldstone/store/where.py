"""The one compiler from a Filter to SQL: a caller's where, row policies, the wall and shares all pass here.

A condition may come out as null for a row on which it is not true; `Not` and the boolean columns of a select turn that into
false, so that two-valued logic holds: a comparison with an absent value is false, and `Not` is its exact complement.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import eq, ge, gt, le, lt
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from fieldstone.errors import Internal
from fieldstone.query.ast import (
    And,
    CallerHas,
    CallerValue,
    Exists,
    FieldValue,
    Filter,
    Holds,
    Literal,
    Match,
    Not,
    Operand,
    Or,
    Slot,
    Term,
)
from fieldstone.query.cel.expression import Refused
from fieldstone.query.cel.ir import Ref, walk
from fieldstone.query.operators import NEGATED, fold
from fieldstone.query.storage import FieldShape
from fieldstone.registry.objects import OWN_ORGANIZATION
from fieldstone.store.columns import Convert, comparison_of
from fieldstone.store.dialects import Condition, Dialect, Value
from fieldstone.store.expression import compile_predicate
from fieldstone.store.expression_value import SqlColumn
from fieldstone.store.formula import formula_value
from fieldstone.store.parameters import Parameters
from fieldstone.store.search import match_condition
from fieldstone.store.tables import Columns, Source, Tables

_COMPARISONS: dict[str, Callable[[Any, Any], Condition]] = {"eq": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}


def is_true(condition: Condition) -> Condition:
    """Returns a condition that is false where the given one is null."""
    return condition.is_(sa.true())


class Conditions:
    """Compiles the filters of one statement; all of them share its parameters."""

    def __init__(self, tables: Tables, dialect: Dialect, parameters: Parameters) -> None:
        """Takes where columns are found, how the database speaks, and where parameters are written down."""
        self._tables = tables
        self._dialect = dialect
        self._parameters = parameters
        self._aliases = 0
        self._formulas: dict[tuple[sa.FromClause, str], Value] = {}

    def of(self, item: Filter, source: Columns) -> Condition:
        """Returns the condition of a filter over the rows, or groups, of a source."""
        match item:
            case And(items=items):
                return sa.and_(sa.true(), *self._all(items, source))
            case Or(items=items):
                return sa.or_(sa.false(), *(self.of(part, source) for part in items))
            case Not(item=part):
                return self._complement(part, source)
            case Term():
                return self._term(item, source)
            case Exists():
                return self._exists(item, source)
            case CallerHas(name=name):
                return self._parameters.caller_has(name).is_(sa.true())
            case Holds():
                return self._holds(item, source)
            case Match():
                return self._match(item, source)

    def value(self, item: FieldValue, source: Columns) -> tuple[Value, FieldShape]:
        """Returns a field's value, at the end of a path under the policy of every object on the way, and the shape of that field."""
        if not item.through:
            return self._column(item.field, source), source.shape(item.field)
        hop = item.through[0]
        inner = self._inner(hop.object)
        value, shape = self.value(FieldValue(item.field, item.through[1:]), inner)
        reached = inner.column("id") == source.column(hop.local)
        rows: sa.Select[Any] = sa.select(value).select_from(inner.table).where(reached, self.of(hop.rows, inner))
        return rows.correlate_except(inner.table).scalar_subquery(), shape

    def _all(self, items: Sequence[Filter], source: Columns) -> Iterator[Condition]:
        """Yields the conditions of an AND; beside ways to find what is the caller's, the wall is nothing to begin with."""
        finds = any(isinstance(item, Or) and _finds(item) for item in items)
        for item in items:
            condition = self.of(item, source)
            yield self._dialect.usual(condition) if finds and item == OWN_ORGANIZATION else condition

    def _complement(self, item: Filter, source: Columns) -> Condition:
        if isinstance(item, Exists) and not item.gathered:
            return sa.not_(self._exists(item, source))
        return self.of(item, source).is_not(sa.true())

    def _match(self, item: Match, source: Columns) -> Condition:
        if not isinstance(source, Source):
            raise Internal("Groups have no words to search.")
        return match_condition(item, source, self._dialect, self._parameters)

    def _term(self, term: Term, source: Columns) -> Condition:
        positive = NEGATED.get(term.operator)
        if positive is not None:
            return self._term(Term(term.field, positive, term.operand), source).is_not(sa.true())
        column = self._column(term.field, source)
        if term.operator == "null":
            return column.is_(None)
        if source.shape(term.field).comparison == "list":
            return self._list(term, column, source)
        if term.operator in _COMPARISONS:
            return self._comparison(term, column, source)
        if term.operator == "in":
            return self._one_of(term, column, source)
        if term.operator == "like":
            return self._dialect.like(column, self._operand(term.operand, self._dialect.pattern, sa.Text()))
        return self._text(term, column)

    def _comparison(self, term: Term, column: Value, source: Columns) -> Condition:
        storage = source.shape(term.field).storage
        compare = _COMPARISONS[term.operator]
        if isinstance(term.operand, FieldValue):
            value, shape = self.value(term.operand, source)
            right = self._dialect.aligned(value, shape.storage, storage)
            return compare(self._dialect.aligned(column, storage, shape.storage), right)
        convert = comparison_of(self._dialect.name, storage, term.operator)
        return compare(column, self._operand(term.operand, convert, self._dialect.column(storage).sql_type))

    def _one_of(self, term: Term, column: Value, source: Columns) -> Condition:
        storage = source.shape(term.field).storage
        item = comparison_of(self._dialect.name, storage, "eq")
        convert, sql_type = self._dialect.list_of(item, self._dialect.column(storage).sql_type)
        return self._dialect.one_of(column, self._operand(term.operand, convert, sql_type))

    def _list(self, term: Term, column: Value, source: Columns) -> Condition:
        """Returns the condition of a comparison with a field that holds a list of texts."""
        if term.operator == "contains":
            return self._dialect.has_member(column, self._operand(term.operand, None, sa.Text()))
        if term.operator == "in":
            convert, sql_type = self._dialect.list_of(None, sa.Text())
            return self._dialect.has_any(column, self._operand(term.operand, convert, sql_type))
        if term.operator != "eq":
            raise Internal(f"Operator `{term.operator}` has no SQL on a list.")
        if isinstance(term.operand, FieldValue):
            return self._dialect.same_members(column, self.value(term.operand, source)[0])
        kept = self._dialect.column(source.shape(term.field).storage)
        return self._dialect.same_members(column, self._operand(term.operand, kept.to_driver, kept.sql_type))

    def _text(self, term: Term, column: Value) -> Condition:
        text = self._dialect.fold(column)
        if term.operator == "ilike":
            return self._dialect.like(text, self._operand(term.operand, self._dialect.folded_pattern, sa.Text()))
        part = self._operand(term.operand, fold, sa.Text())
        match term.operator:
            case "contains":
                return self._dialect.has_part(text, part)
            case "starts_with":
                return self._dialect.begins(text, part)
            case "ends_with":
                return self._dialect.ends(text, part)
        raise Internal(f"Operator `{term.operator}` has no SQL.")

    def _operand(self, operand: Operand, convert: Convert | None, sql_type: TypeEngine[Any]) -> Value:
        match operand:
            case Slot(index=index):
                return self._parameters.value(index, convert, sql_type)
            case CallerValue(name=name):
                return self._parameters.caller(name, convert, sql_type)
            case Literal(value=value):
                return self._parameters.constant(value, convert, sql_type)
            case FieldValue(field=field):
                raise Internal(f"Field `{field}` stands where a field cannot be compared with.")

    def _column(self, name: str, source: Columns) -> Value:
        """Returns the column of a field, or what a formula comes to."""
        formula = source.formula(name)
        if formula is None or not isinstance(source, Source):
            return source.column(name)
        known = self._formulas.get((source.table, name))
        if known is None:
            known = self._formulas[source.table, name] = formula_value(
                formula,
                source.shape(name).storage,
                column=partial(self._expression_column, source),
                parameters=self._parameters,
                dialect=self._dialect.name,
            )
        return known

    def _expression_column(self, source: Columns, path: tuple[str, ...]) -> SqlColumn:
        """Returns what an expression names: a column, or what another formula comes to."""
        found = source.expression_column(path)
        if source.formula(path[1]) is None:
            return found
        return msgspec.structs.replace(found, element=self._column(path[1], source))

    def _exists(self, item: Exists, source: Columns) -> Condition:
        inner = self._inner(item.object)
        if item.gathered:
            values = sa.select(inner.column(item.remote)).select_from(inner.table).where(self.of(item.where, inner))
            return self._dialect.among(source.column(item.local), values.correlate_except(inner.table))
        remote, local = inner.column(item.remote), source.column(item.local)
        joined = self._dialect.member_of(remote, local) if item.many else remote == local
        rows: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(inner.table).where(joined, self.of(item.where, inner))
        )
        return rows.correlate_except(inner.table).exists()

    def _inner(self, object_name: str) -> Source:
        """Returns the rows of an object within a subquery, under a name of their own."""
        self._aliases += 1
        return self._tables.source(object_name, alias=f"{object_name}_{self._aliases}")

    def _holds(self, item: Holds, source: Columns) -> Condition:
        """Returns the condition of an expression; where the caller lacks a value that it takes for granted, it fails, and is false."""
        granted = {
            part.path[1]
            for part in walk(item.node)
            if isinstance(part, Ref)
            and part.path[0] == "current_user"
            and len(part.path) > 1
            and not part.type.nullable
        }
        try:
            holds = compile_predicate(
                item.node,
                column=partial(self._expression_column, source),
                bind=self._parameters.computed,
                dialect=self._dialect.name,
            )
            return sa.and_(*(self._parameters.caller_has(name).is_(sa.true()) for name in sorted(granted)), holds)
        except Refused as error:
            raise Internal(
                "An expression that the database cannot compute has passed the checks of loading."
            ) from error


def _finds(item: Filter) -> bool:
    """Tells whether indexes find the rows of a filter by what the caller is or was given."""
    match item:
        case Or(items=items):
            return bool(items) and all(map(_finds, items))
        case And(items=items):
            return any(map(_finds, items))
        case Exists(gathered=gathered):
            return gathered
        case Term(operand=CallerValue()):
            return item.operator in ("eq", "in")
        case _:
            return False
