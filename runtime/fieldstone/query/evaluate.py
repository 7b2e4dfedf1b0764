"""Filters in memory: whether one record satisfies a Filter. The twin of `store/where.py`, and the oracle of its tests.

Logic is two-valued, as `query/operators.py` has it: a comparison with an absent value is false, whichever side lacks it, and an operator
that matches absent values is the exact complement of its positive twin.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

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
from fieldstone.query.cel.expression import EvaluationError, evaluator
from fieldstone.query.operators import fold

Record = Mapping[str, Any]
Related = Callable[[str], Iterable[Record]]
"""Yields the records of an object, for `Exists`."""


class Surroundings(msgspec.Struct, frozen=True):
    """What a filter may refer to beside the record, in wire form: see `store/binds.py` for each."""

    values: tuple[Any, ...] = ()
    caller: Mapping[str, Any] = {}
    now: str = ""
    timezone: str = "UTC"
    related: Related = lambda _object_name: ()


def matches(condition: Filter, record: Record, around: Surroundings) -> bool:
    """Tells whether a record, in wire form, satisfies a filter; a field that it lacks counts as null."""
    match condition:
        case And(items=items):
            return all(matches(item, record, around) for item in items)
        case Or(items=items):
            return any(matches(item, record, around) for item in items)
        case Not(item=item):
            return not matches(item, record, around)
        case Term():
            operand = _operand(condition.operand, record, around)
            return COMPARISONS[condition.operator](record.get(condition.field), operand)
        case CallerHas(name=name):
            return around.caller.get(name) is not None
        case Holds():
            return _holds(condition, record, around)
        case Exists():
            local = record.get(condition.local)
            return local is not None and any(
                other.get(condition.remote) == local and matches(condition.where, other, around)
                for other in around.related(condition.object)
            )


def _operand(operand: Operand, record: Record, around: Surroundings) -> Any:
    match operand:
        case Slot(index=index):
            return around.values[index]
        case CallerValue(name=name):
            return around.caller.get(name)
        case FieldValue(field=field):
            return record.get(field)
        case Literal(value=value):
            return value


def _holds(condition: Holds, record: Record, around: Surroundings) -> bool:
    activation = {"record": record, "current_user": around.caller, "now": around.now, "timezone": around.timezone}
    try:
        return evaluator(condition.node)(activation) is True
    except EvaluationError:
        return False


Comparison = Callable[[Any, Any], bool]


def _both(compare: Comparison) -> Comparison:
    return lambda value, operand: value is not None and operand is not None and compare(value, operand)


def _neither(positive: Comparison) -> Comparison:
    return lambda value, operand: not positive(value, operand)


def _contains(value: Any, operand: str) -> bool:
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    return operand in value if isinstance(value, list) else fold(operand) in fold(value)


_EQUAL = _both(lambda value, operand: bool(value == operand))
_AMONG = _both(lambda value, operand: value in operand)
_HAS = _both(_contains)

COMPARISONS: Mapping[str, Comparison] = {
    "eq": _EQUAL,
    "ne": _neither(_EQUAL),
    "gt": _both(lambda value, operand: bool(value > operand)),
    "gte": _both(lambda value, operand: bool(value >= operand)),
    "lt": _both(lambda value, operand: bool(value < operand)),
    "lte": _both(lambda value, operand: bool(value <= operand)),
    "in": _AMONG,
    "nin": _neither(_AMONG),
    "contains": _HAS,
    "not_contains": _neither(_HAS),
    "starts_with": _both(lambda value, operand: fold(value).startswith(fold(operand))),
    "ends_with": _both(lambda value, operand: fold(value).endswith(fold(operand))),
    "null": lambda value, operand: (value is None) is operand,
}
"""By the name of an operator: how a field's value, None when absent, compares with an operand."""
