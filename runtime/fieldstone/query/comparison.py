"""Comparisons: one field, perhaps at the end of a path, against one comparand of whatever kind, becomes a Filter.

Refuses an operator or a comparand that does not fit the field, and what is more than may be asked.
"""

from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, NOTHING, FieldValue, Filter, Term, conjunction
from fieldstone.query.comparands import (
    EXPECTED,
    EXPECTED_PATTERN,
    Unfit,
    absent,
    bound,
    compare,
    member,
    pattern,
    present,
    text,
)
from fieldstone.query.operators import OPERATORS, Comparand, Operator
from fieldstone.query.paths import Paths, Reached, along, several
from fieldstone.query.refusals import Path, refused, spelled
from fieldstone.query.stand_ins import StandIns
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.settings import Limits

HOLDS = {
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
"""What fields of each family hold, for messages."""
"""What a field of each family holds, for messages."""

_FIELD = {"$field"}
_TURNED = {"gt": "lt", "gte": "lte", "lt": "gt", "lte": "gte"}


class Comparisons:
    """Reads the comparisons of one query; what they bind is appended to `values`."""

    __slots__ = ("_limits", "_stand_ins", "_terms", "_values", "paths")

    def __init__(self, shape: ObjectShape, limits: Limits, values: list[Any], viewpoint: Viewpoint) -> None:
        """Takes what may be named, how much may be asked, and for whom."""
        self.paths = Paths(shape, viewpoint.related, limits.relation_depth)
        self._limits = limits
        self._values = values
        self._stand_ins = StandIns(viewpoint, limits)
        self._terms = 0

    def count(self, path: Path, steps: int = 1) -> None:
        """Counts a comparison and each hop to it, or an empty node: every end of a tree, so that the whole tree is bounded."""
        self._terms += steps
        if self._terms > self._limits.where_terms:
            raise refused(f"A where holds at most {self._limits.where_terms} comparisons.", path)

    def compare(self, reached: Reached, operator: Operator, comparand: Any, path: Path) -> Filter:
        """Returns the filter of one comparison. Raises Invalid."""
        self.count(path, 1 + len(reached.through))
        field = reached.field
        kind = operator.comparand
        if kind is Comparand.VALUE and comparand is None and operator.name in ("eq", "ne"):
            item = absent(field.name) if operator.name == "eq" else present(field.name)
            return along(reached.through, item)
        if field.comparison not in operator.families:
            raise _misfit(reached, operator, path)
        if kind is Comparand.BOOLEAN:
            return along(reached.through, _presence(field, operator, comparand, path))
        try:
            if kind is Comparand.VALUE:
                return self._value(reached, operator.name, comparand, path)
            comparand = self._stand_ins.value(field, comparand, path)
            if kind is Comparand.PAIR:
                return self._between(reached, operator, comparand, path)
            return along(reached.through, self._plain(field, operator, comparand, path))
        except Unfit:
            raise _unfit(reached, operator, path) from None

    def _value(self, reached: Reached, name: str, comparand: Any, path: Path) -> Filter:
        """Returns the filter of a comparison with one value, or with another field."""
        if type(comparand) is dict and comparand.keys() == _FIELD:
            return self._other_field(reached, name, comparand["$field"], ("$field", path))
        value = self._stand_ins.value(reached.field, comparand, path)
        return along(reached.through, compare(reached.field, name, value, self._values))

    def _plain(self, field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
        if operator.comparand is Comparand.VALUES:
            return self._one_of(field, operator, comparand, path)
        value = pattern(comparand) if operator.comparand is Comparand.PATTERN else text(comparand)
        return bound(field, operator.becomes[0] if operator.becomes else operator.name, value, self._values)

    def _other_field(self, reached: Reached, operator: str, name: Any, path: Path) -> Filter:
        other = self.paths.reach(name, spelled(path), reason="INVALID_FILTER")
        field = reached.field
        if other.field.comparison != field.comparison:
            holds = f"`{reached.name}` holds {HOLDS[field.comparison]}, `{other.name}` {HOLDS[other.field.comparison]}."
            raise refused(holds, path)
        self.count(path, len(other.through))
        shared = _shared(reached, other)
        left, right = reached.through[shared:], other.through[shared:]
        if any(hop.many for hop in left):
            raise refused(several(reached.name), path)
        if left and right:
            raise refused(f"`{reached.name}` and `{other.name}` lie on two paths, and only one can be followed.", path)
        if left:
            item = Term(other.field.name, _TURNED.get(operator, operator), FieldValue(field.name, left))
        else:
            item = Term(field.name, operator, FieldValue(other.field.name, right))
        return along(reached.through[:shared], item)

    def _one_of(self, field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
        most = self._limits.list_values
        if type(comparand) is not list:
            raise refused(f"`{operator.spelling}` takes a list of values.", path)
        if len(comparand) > most:
            raise refused(f"`{operator.spelling}` takes at most {most} values, this has {len(comparand)}.", path)
        members = []
        for index, sent in enumerate(comparand):
            if sent is None:
                hint = f'Write {{"{field.name}": null}} for rows without a value, in an `$or`.'
                raise refused(f"`{operator.spelling}` takes no null.", (index, path), hint)
            try:
                wire = member(field, self._stand_ins.value(field, sent, (index, path)))
            except Unfit:
                raise refused(_expects(field, field.name, operator), (index, path)) from None
            if wire is not None:
                members.append(wire)
        if not members:
            return EVERYTHING if operator.matches_absent else NOTHING
        return bound(field, operator.name, members, self._values)

    def _between(self, reached: Reached, operator: Operator, comparand: Any, path: Path) -> Filter:
        if type(comparand) is not list or len(comparand) != 2:
            raise refused(f"`{operator.spelling}` takes a list of two values.", path)
        low, high = operator.becomes
        if reached.leads_to_many and _FIELD not in (_keys(comparand[0]), _keys(comparand[1])):
            one = Reached(reached.name, reached.field)
            return along(reached.through, self._between(one, operator, comparand, path))
        return conjunction(
            self._value(reached, low, comparand[0], (0, path)), self._value(reached, high, comparand[1], (1, path))
        )


def _keys(comparand: Any) -> Any:
    return comparand.keys() if type(comparand) is dict else None


def _shared(one: Reached, other: Reached) -> int:
    """Returns how many hops two paths have in common from the start."""
    count = 0
    for left, right in zip(one.through, other.through, strict=False):
        if left.local != right.local:
            break
        count += 1
    return count


def _misfit(reached: Reached, operator: Operator, path: Path) -> Invalid:
    family = reached.field.comparison
    fitting = [f"`{each.spelling}`" for each in OPERATORS.values() if family in each.families]
    hint = f"It takes {', '.join(fitting)}." if fitting else None
    return refused(f"`{operator.spelling}` does not fit `{reached.name}`, which holds {HOLDS[family]}.", path, hint)


def _unfit(reached: Reached, operator: Operator, path: Path) -> Invalid:
    return refused(_expects(reached.field, reached.name, operator), path)


def _expects(field: FieldShape, name: str, operator: Operator) -> str:
    if operator.comparand is Comparand.PATTERN:
        return f"`{name}` is compared with {EXPECTED_PATTERN}."
    plain = operator.comparand is Comparand.TEXT or (
        field.comparison == "list" and operator.comparand is Comparand.VALUES
    )
    return f"`{name}` is compared with {'a text' if plain else EXPECTED[field.comparison]}."


def _presence(field: FieldShape, operator: Operator, comparand: Any, path: Path) -> Filter:
    if type(comparand) is not bool:
        raise refused(f"`{operator.spelling}` takes `true` or `false`.", path)
    return absent(field.name) if comparand is (operator.name == "null") else present(field.name)
