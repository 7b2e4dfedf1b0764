"""The one compiler from a Filter to SQL: a caller's where, row policies, the wall and shares all pass here.

A condition may come out as null for a row on which it is not true; `Not` and the boolean columns of a select turn that into
false, so that two-valued logic holds: a comparison with an absent value is false, and `Not` is its exact complement.
"""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any

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
    Not,
    Operand,
    Or,
    Slot,
    Term,
)
from fieldstone.query.cel.expression import Refused
from fieldstone.query.cel.ir import Ref, walk
from fieldstone.query.operators import fold
from fieldstone.store.columns import Convert, comparison_of
from fieldstone.store.dialects import Condition, Dialect, Value
from fieldstone.store.expression import compile_predicate
from fieldstone.store.parameters import Parameters
from fieldstone.store.tables import Source, Tables

_COMPARISONS: dict[str, Callable[[Any, Any], Condition]] = {"eq": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}
_COMPLEMENTS = {"ne": "eq", "nin": "in", "not_contains": "contains"}


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

    def of(self, item: Filter, source: Source) -> Condition:
        """Returns the condition of a filter over the rows of a source."""
        match item:
            case And(items=items):
                return sa.and_(sa.true(), *(self.of(part, source) for part in items))
            case Or(items=items):
                return sa.or_(sa.false(), *(self.of(part, source) for part in items))
            case Not(item=part):
                return self.of(part, source).is_not(sa.true())
            case Term():
                return self._term(item, source)
            case Exists():
                return self._exists(item, source)
            case CallerHas(name=name):
                return self._parameters.caller_has(name).is_(sa.true())
            case Holds():
                return self._holds(item, source)

    def _term(self, term: Term, source: Source) -> Condition:
        positive = _COMPLEMENTS.get(term.operator)
        if positive is not None:
            return self._term(Term(term.field, positive, term.operand), source).is_not(sa.true())
        column = source.column(term.field)
        if term.operator in _COMPARISONS:
            return self._comparison(term, column, source)
        if term.operator == "in":
            return self._one_of(term, column, source)
        if term.operator == "null":
            return column.is_(None)
        if term.operator == "contains" and source.shape(term.field).comparison == "list":
            return self._dialect.has_member(column, self._operand(term.operand, None, sa.Text()))
        return self._text(term, column)

    def _comparison(self, term: Term, column: Value, source: Source) -> Condition:
        storage = source.shape(term.field).storage
        compare = _COMPARISONS[term.operator]
        if isinstance(term.operand, FieldValue):
            other = source.shape(term.operand.field).storage
            right = self._dialect.aligned(source.column(term.operand.field), other, storage)
            return compare(self._dialect.aligned(column, storage, other), right)
        convert = comparison_of(self._dialect.name, storage, term.operator)
        return compare(column, self._operand(term.operand, convert, self._dialect.column(storage).sql_type))

    def _one_of(self, term: Term, column: Value, source: Source) -> Condition:
        storage = source.shape(term.field).storage
        item = comparison_of(self._dialect.name, storage, "eq")
        convert, sql_type = self._dialect.list_of(item, self._dialect.column(storage).sql_type)
        return self._dialect.one_of(column, self._operand(term.operand, convert, sql_type))

    def _text(self, term: Term, column: Value) -> Condition:
        text = self._dialect.fold(column)
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

    def _exists(self, item: Exists, source: Source) -> Condition:
        self._aliases += 1
        inner = self._tables.source(item.object, alias=f"{item.object}_{self._aliases}")
        joined = inner.column(item.remote) == source.column(item.local)
        rows: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(inner.table).where(joined, self.of(item.where, inner))
        )
        return rows.correlate_except(inner.table).exists()

    def _holds(self, item: Holds, source: Source) -> Condition:
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
                item.node, column=source.expression_column, bind=self._parameters.computed, dialect=self._dialect.name
            )
            return sa.and_(*(self._parameters.caller_has(name).is_(sa.true()) for name in sorted(granted)), holds)
        except Refused as error:
            raise Internal(
                "An expression that the database cannot compute has passed the checks of loading."
            ) from error
