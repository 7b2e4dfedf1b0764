"""Filters in memory: whether one record satisfies a Filter. The twin of `store/where.py`, and the oracle of its tests.

Logic is two-valued, as `query/operators.py` has it: a comparison with an absent value is false, whichever side lacks it, and an operator
that matches absent values is the exact complement of its positive twin.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import ge, gt, le, lt
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
    Match,
    Not,
    Operand,
    Or,
    Slot,
    Term,
)
from fieldstone.query.cel.expression import EvaluationError, evaluator
from fieldstone.query.like import is_like
from fieldstone.query.operators import fold
from fieldstone.query.search import stored_words
from fieldstone.query.viewpoint import timezone_of

Record = Mapping[str, Any]
Related = Callable[[str], Iterable[Record]]
"""Yields the records of an object, for `Exists`."""


class Surroundings(msgspec.Struct, frozen=True):
    """What a filter may refer to beside the record, in wire form: see `store/binds.py` for each."""

    values: tuple[Any, ...] = ()
    caller: Mapping[str, Any] = {}
    now: str = ""
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
            local = _plain(record.get(condition.local))
            sought = (local or ()) if condition.many else () if local is None else (local,)
            return any(
                other.get(condition.remote) in sought and matches(condition.where, other, around)
                for other in (around.related(condition.object) if sought else ())
            )
        case Match(terms=terms, fields=fields):
            texts = [stored_words(record.get(field)) for field in fields]
            return all(any(term in text for text in texts) for term in around.values[terms.index])


def value_of(item: FieldValue, record: Record, around: Surroundings) -> Any:
    """Returns a field's value, at the end of a path; None where the path ends early."""
    if not item.through:
        return record.get(item.field)
    hop = item.through[0]
    local = record.get(hop.local)
    for other in around.related(hop.object) if local is not None else ():
        if other.get("id") == local and matches(hop.rows, other, around):
            return value_of(FieldValue(item.field, item.through[1:]), other, around)
    return None


def _operand(operand: Operand, record: Record, around: Surroundings) -> Any:
    match operand:
        case Slot(index=index):
            return around.values[index]
        case CallerValue(name=name):
            return around.caller.get(name)
        case FieldValue():
            return value_of(operand, record, around)
        case Literal(value=value):
            return value


def _holds(condition: Holds, record: Record, around: Surroundings) -> bool:
    zone = timezone_of(around.caller)
    activation = {"record": record, "current_user": around.caller, "now": around.now, "timezone": zone}
    try:
        return evaluator(condition.node)(activation) is True
    except EvaluationError:
        return False


Comparison = Callable[[Any, Any], bool]


def _both(compare: Comparison) -> Comparison:
    return lambda value, operand: value is not None and operand is not None and compare(value, operand)


def _ordered(compare: Comparison) -> Comparison:
    return _both(lambda value, operand: compare(*_alike(value, operand)))


def _alike(value: Any, operand: Any) -> tuple[Any, Any]:
    """Returns two values in one form: what is compared with a double is a double, and JSON is decoded."""
    if isinstance(value, float) is not isinstance(operand, float):
        return float(value), float(operand)
    return _plain(value), _plain(operand)


def _neither(positive: Comparison) -> Comparison:
    return lambda value, operand: not positive(value, operand)


def _plain(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def _contains(value: Any, operand: str) -> bool:
    value = _plain(value)
    return operand in value if isinstance(value, list) else fold(operand) in fold(value)


def _equal(value: Any, operand: Any) -> bool:
    value, operand = _alike(value, operand)
    return sorted(value) == sorted(operand) if isinstance(value, list) else bool(value == operand)


def _among(value: Any, operand: Any) -> bool:
    value = _plain(value)
    return not set(operand).isdisjoint(value) if isinstance(value, list) else value in operand


_EQUAL = _both(_equal)
_AMONG = _both(_among)
_HAS = _both(_contains)

COMPARISONS: Mapping[str, Comparison] = {
    "eq": _EQUAL,
    "ne": _neither(_EQUAL),
    "gt": _ordered(gt),
    "gte": _ordered(ge),
    "lt": _ordered(lt),
    "lte": _ordered(le),
    "in": _AMONG,
    "nin": _neither(_AMONG),
    "contains": _HAS,
    "not_contains": _neither(_HAS),
    "starts_with": _both(lambda value, operand: fold(value).startswith(fold(operand))),
    "ends_with": _both(lambda value, operand: fold(value).endswith(fold(operand))),
    "like": _both(is_like),
    "ilike": _both(lambda value, operand: is_like(fold(value), fold(operand))),
    "null": lambda value, operand: (value is None) is operand,
}
"""By the name of an operator: how a field's value, None when absent, compares with an operand."""
