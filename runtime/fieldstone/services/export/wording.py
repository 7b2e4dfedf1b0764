"""The wording of a question: what records were narrowed by and how they are ordered, as a person says it.

A query document that was understood is told in the labels of its fields and options; what it says by an expression is told as it stands.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from fieldstone.query.array_form import tree_form
from fieldstone.query.document import QueryDocument
from fieldstone.query.operators import OPERATORS
from fieldstone.query.text_forms import read_order
from fieldstone.registry.catalog import Field, Object

Find = Callable[[str], Object | None]
"""Returns an object by its name, where it may be told of."""

_PHRASES: Mapping[str, str] = {
    "eq": "is",
    "ne": "is not",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
    "in": "is one of",
    "nin": "is none of",
    "contains": "contains",
    "icontains": "contains",
    "not_contains": "does not contain",
    "starts_with": "begins with",
    "ends_with": "ends with",
    "like": "is like",
    "ilike": "is like",
}
_TIMES: Mapping[str, str] = {"gt": "is after", "gte": "is not before", "lt": "is before", "lte": "is not after"}
_TIME_FAMILIES = frozenset({"day", "instant", "time"})
_NAMES: Mapping[str, str] = {operator.spelling: operator.name for operator in OPERATORS.values()}
_EMPTY = {True: "is empty", False: "is not empty"}


class Wording:
    """Tells of questions about one object."""

    def __init__(self, subject: Object, find: Find) -> None:
        self._subject = subject
        self._find = find

    def lines(self, document: QueryDocument) -> tuple[str, ...]:
        """Returns what narrows the records and how they are ordered, one line each; none where nothing does."""
        only = [*self._searched(document), *self._equalities(document), *self._conditions(document)]
        ordered = [] if document.order_by is UNSET else list(self._order(document.order_by))
        lines = (f"Only: {'; '.join(only)}" if only else "", f"Ordered by {', '.join(ordered)}" if ordered else "")
        return tuple(line for line in lines if line)

    def _searched(self, document: QueryDocument) -> Iterator[str]:
        if document.search is not UNSET:
            text = document.search.get("query") if isinstance(document.search, dict) else document.search
            yield f"found by “{text}”"

    def _equalities(self, document: QueryDocument) -> Iterator[str]:
        for path, text in document.equals.items():
            yield f"{self._label(path)} is {self._value(path, text)}"

    def _conditions(self, document: QueryDocument) -> Iterator[str]:
        if document.where not in (UNSET, None):
            yield from self._parts(document.where)

    def _parts(self, where: Any) -> Iterator[str]:
        """Yields the conditions of a node, which all hold."""
        if isinstance(where, list):
            where = tree_form(where, ("where", ()))
        for key, condition in where.items():
            match key:
                case "$and":
                    for node in condition:
                        yield from self._parts(node)
                case "$or":
                    alternatives = " or ".join(_together(list(self._parts(node))) for node in condition)
                    yield f"({alternatives or 'never'})"
                case "$not":
                    yield f"not ({_together(list(self._parts(condition)))})"
                case _:
                    yield from self._about(key, condition)

    def _about(self, path: str, condition: Any) -> Iterator[str]:
        label = self._label(path)
        if not isinstance(condition, dict) or condition.keys() in ({"$field"}, {"$cel"}):
            condition = {"$eq": condition}
        for spelling, comparand in condition.items():
            yield f"{label} {self._predicate(path, _NAMES[spelling], comparand)}"

    def _predicate(self, path: str, operator: str, comparand: Any) -> str:
        if operator in ("null", "exists"):
            return _EMPTY[comparand is (operator == "null")]
        if comparand is None:
            return _EMPTY[operator == "eq"]
        if operator == "between":
            lower, upper = (self._value(path, value) for value in comparand)
            return f"is from {lower} to {upper}"
        phrase = (_TIMES.get(operator) if self._is_time(self._field(path)) else None) or _PHRASES[operator]
        return f"{phrase} {self._value(path, comparand)}"

    def _value(self, path: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(path, item) for item in value)
        if isinstance(value, dict):
            return self._label(value["$field"]) if "$field" in value else f"“{value.get('$cel', value)}”"
        if isinstance(value, bool):
            return "yes" if value else "no"
        field = self._field(path)
        options = () if field is None else getattr(field.declaration, "options", ())
        label = next((option.label for option in options if option.value == value and option.label), None)
        return label or (f"“{value}”" if isinstance(value, str) and not self._is_time(field) else str(value))

    def _order(self, order: Any) -> Iterator[str]:
        for path, descending in read_order(order):
            yield f"{self._label(path)}{' from high to low' if descending else ''}"

    def _label(self, path: str) -> str:
        fields = list(self._along(path))
        names = path.split(".")
        return " › ".join(name if field is None else field.label for name, field in zip(names, fields, strict=True))

    def _is_time(self, field: Field | None) -> bool:
        return field is not None and field.shape.comparison in _TIME_FAMILIES

    def _field(self, path: str) -> Field | None:
        return list(self._along(path))[-1]

    def _along(self, path: str) -> Iterator[Field | None]:
        """Yields the fields of a path, None for what is not known here."""
        subject: Object | None = self._subject
        for name in path.split("."):
            field = None if subject is None else subject.fields.get(name)
            yield field
            target = None if field is None else field.reference
            subject = None if target is None else self._find(target)


def _together(parts: list[str]) -> str:
    return " and ".join(parts) or "always"
