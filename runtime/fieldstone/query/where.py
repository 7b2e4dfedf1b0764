"""Conditions: the `where` of a query document, checked against the fields that its caller may see, becomes a Filter.

Refuses, each with its path, what it cannot apply: an unknown field or operator, an operator or comparand that does not fit, and a
tree that is too deep, too long or of the wrong form. A hidden field is not in the shape and is refused as an unknown one.
"""

from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.ast import (
    EVERYTHING,
    NOTHING,
    FieldValue,
    Filter,
    Not,
    Term,
    conjunction,
    disjunction,
)
from fieldstone.query.comparands import (
    EXPECTED,
    Unfit,
    absent,
    bound,
    compare,
    from_text,
    member,
    present,
    text,
)
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.operators import LOGIC, OPERATORS, SPELLINGS, Comparand, Operator
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.settings import Limits

Path = tuple[Any, ...]
"""Where something stands, innermost first: `(key, (parent's key, ...))`; spelled out only when it is refused."""

_HOLDS = {
    "text": "a text",
    "number": "a number",
    "instant": "an instant",
    "day": "a day",
    "time": "a time of day",
    "boolean": "true or false",
    "list": "a list",
    "json": "a JSON value",
    "none": "nothing that can be compared",
}
_EQ = OPERATORS["eq"]


class Conditions:
    """Reads the conditions of one query; what they bind is appended to `values`."""

    __slots__ = ("_fields", "_limits", "_shape", "_terms", "_values")

    def __init__(self, shape: ObjectShape, limits: Limits, values: list[Any]) -> None:
        """Takes what may be named and how much may be asked."""
        self._shape = shape
        self._fields = shape.fields
        self._limits = limits
        self._values = values
        self._terms = 0

    def tree(self, where: Any) -> Filter:
        """Returns the filter of a condition tree; raises Invalid."""
        return self._node(where, 0, ("where", ()))

    def equalities(self, equals: dict[str, str], known: tuple[str, ...]) -> Filter:
        """Returns the filter of bare parameters; `known` are the other parameters, for hints. A list is asked for a member."""
        items = []
        for name, sent in equals.items():
            path = (name, ())
            field = self._fields.get(name)
            if field is None:
                raise self._unknown_field(name, path, known)
            operator = OPERATORS["contains"] if field.comparison == "list" else _EQ
            value = from_text(field, sent)
            if value is None:
                raise _refused(f"`{shown(name)}` is compared with {EXPECTED[field.comparison]}.", path)
            items.append(self._comparison(field, operator, value, path))
        return conjunction(*items)

    def _node(self, where: Any, depth: int, path: Path) -> Filter:
        if type(where) is not dict:
            raise _refused(
                "A where is an object of fields and conditions.", path, 'Such as {"status": {"$eq": "open"}}.'
            )
        if depth > self._limits.where_depth:
            raise _refused(f"A where is nested at most {self._limits.where_depth} levels deep.", path)
        if not where:
            self._count(path)
        items = []
        for key, condition in where.items():
            field = self._fields.get(key)
            if field is not None:
                items.append(self._field(field, condition, (key, path)))
            elif key in LOGIC:
                items.append(self._logic(key, condition, depth + 1, (key, path)))
            elif isinstance(key, str) and key.startswith("$"):
                hint = did_you_mean(key, (*LOGIC, *SPELLINGS))
                raise _refused(f"`{shown(key)}` does not join conditions.", (key, path), hint)
            else:
                raise self._unknown_field(key, (key, path))
        return items[0] if len(items) == 1 else conjunction(*items)

    def _logic(self, key: str, condition: Any, depth: int, path: Path) -> Filter:
        if key == "$not":
            return _complement(self._node(condition, depth, path))
        if type(condition) is not list:
            raise _refused(f"`{key}` takes a list of conditions.", path)
        if not condition:
            self._count(path)
        items = [self._node(node, depth, (index, path)) for index, node in enumerate(condition)]
        return conjunction(*items) if key == "$and" else disjunction(*items)

    def _field(self, field: FieldShape, condition: Any, path: Path) -> Filter:
        if type(condition) is not dict:
            if type(condition) is list:
                raise _refused(f"`{field.name}` is compared with a list only by `$in` and `$nin`.", path)
            return self._comparison(field, _EQ, condition, path)
        if not condition:
            raise _refused(f"The condition on `{field.name}` names no operator.", path)
        items = []
        for spelling, comparand in condition.items():
            operator = SPELLINGS.get(spelling)
            if operator is None:
                hint = did_you_mean(spelling, SPELLINGS)
                if spelling == "$not":
                    hint = f'Write {{"$not": {{"{field.name}": ...}}}}.'
                raise _refused(f"No operator `{shown(spelling)}`.", (spelling, path), hint)
            items.append(self._comparison(field, operator, comparand, (spelling, path)))
        return items[0] if len(items) == 1 else conjunction(*items)

    def _comparison(self, field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
        self._count(path)
        kind = operator.comparand
        if kind is Comparand.VALUE and comparand is None and operator.name in ("eq", "ne"):
            return absent(field.name) if operator.name == "eq" else present(field.name)
        if field.comparison not in operator.families:
            raise _misfit(field, operator, path)
        try:
            if kind is Comparand.VALUE:
                if type(comparand) is dict:
                    return self._other_field(field, operator, comparand, path)
                return compare(field, operator.name, comparand, self._values)
            if kind is Comparand.TEXT:
                name = operator.becomes[0] if operator.becomes else operator.name
                return bound(field, name, text(comparand), self._values)
            if kind is Comparand.VALUES:
                return self._one_of(field, operator, comparand, path)
            if kind is Comparand.PAIR:
                return self._between(field, operator, comparand, path)
        except Unfit:
            raise _unfit(field, operator, path) from None
        return _presence(field, operator, comparand, path)

    def _other_field(self, field: FieldShape, operator: Operator, comparand: dict[str, Any], path: Path) -> Filter:
        if comparand.keys() != {"$field"}:
            raise Unfit
        name = comparand["$field"]
        other = self._fields.get(name) if isinstance(name, str) else None
        if other is None:
            raise self._unknown_field(name, ("$field", path))
        if other.comparison != field.comparison:
            message = f"`{field.name}` holds {_HOLDS[field.comparison]}, `{other.name}` {_HOLDS[other.comparison]}."
            raise _refused(message, ("$field", path))
        return Term(field.name, operator.name, FieldValue(other.name))

    def _one_of(self, field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
        if type(comparand) is not list:
            raise _refused(f"`{operator.spelling}` takes a list of values.", path)
        if len(comparand) > self._limits.list_values:
            message = (
                f"`{operator.spelling}` takes at most {self._limits.list_values} values, this has {len(comparand)}."
            )
            raise _refused(message, path)
        members = []
        for index, value in enumerate(comparand):
            if value is None:
                hint = f'Write {{"{field.name}": null}} for rows without a value, in an `$or`.'
                raise _refused(f"`{operator.spelling}` takes no null.", (index, path), hint)
            try:
                wire = member(field, value)
            except Unfit:
                raise _unfit(field, operator, (index, path)) from None
            if wire is not None:
                members.append(wire)
        if not members:
            return EVERYTHING if operator.matches_absent else NOTHING
        return bound(field, operator.name, members, self._values)

    def _between(self, field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
        if type(comparand) is not list or len(comparand) != 2:
            raise _refused(f"`{operator.spelling}` takes a list of two values.", path)
        low, high = operator.becomes
        return conjunction(
            compare(field, low, comparand[0], self._values), compare(field, high, comparand[1], self._values)
        )

    def _unknown_field(self, name: Any, path: Path, more: tuple[str, ...] = ()) -> Invalid:
        return unknown_field(self._shape, name, spelled(path), more=more)

    def _count(self, path: Path) -> None:
        """Counts a comparison, or an empty node or list: every end of the tree, so that the whole tree is bounded."""
        self._terms += 1
        if self._terms > self._limits.where_terms:
            raise _refused(f"A where holds at most {self._limits.where_terms} comparisons.", path)


def unknown_field(
    shape: ObjectShape, name: Any, path: str, *, reason: str = "INVALID_FIELD", more: tuple[str, ...] = ()
) -> Invalid:
    """Returns the refusal of a name that is no visible field, hidden ones included; its hint is made of what is visible."""
    hint = did_you_mean(name, (*shape.fields, *more))
    if hint is None and isinstance(name, str) and "." in name:
        hint = "Only fields of the object itself can be named here."
    return Invalid(f"No field `{shown(name)}` on `{shape.name}`.", reason=reason, path=path, hint=hint)


def spelled(path: Path) -> str:
    """Returns a path as texts show it: `where.$and.0.status.$eq`."""
    parts = []
    while path:
        parts.append(shown(path[0]))
        path = path[1]
    return ".".join(reversed(parts))


def _refused(message: str, path: Path, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_FILTER", path=spelled(path), hint=hint)


def _misfit(field: FieldShape, operator: Operator, path: Path) -> Invalid:
    fitting = [f"`{each.spelling}`" for each in OPERATORS.values() if field.comparison in each.families]
    hint = f"It takes {', '.join(fitting)}." if fitting else None
    return _refused(
        f"`{operator.spelling}` does not fit `{field.name}`, which holds {_HOLDS[field.comparison]}.", path, hint
    )


def _unfit(field: FieldShape, operator: Operator, path: Path) -> Invalid:
    expected = "a text" if operator.comparand is Comparand.TEXT else EXPECTED[field.comparison]
    return _refused(f"`{field.name}` is compared with {expected}.", path)


def _presence(field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
    if type(comparand) is not bool:
        raise _refused(f"`{operator.spelling}` takes `true` or `false`.", path)
    return absent(field.name) if comparand is (operator.name == "null") else present(field.name)


def _complement(item: Filter) -> Filter:
    if item == NOTHING:
        return EVERYTHING
    if item == EVERYTHING:
        return NOTHING
    return item.item if isinstance(item, Not) else Not(item)
