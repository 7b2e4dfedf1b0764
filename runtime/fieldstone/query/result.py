"""Results: what a formula's expression comes to, as the value of a field, the same in memory and in SQL.

A number takes the scale of its field: half a last digit is rounded away from zero, and a double is rounded as it is written. It has as
many digits as a field of that class can have, and a formula that comes to more has no value.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fieldstone.query.cel.evaluate import evaluator
from fieldstone.query.cel.fault import EvaluationError, Failure
from fieldstone.query.cel.ir import Node
from fieldstone.query.cel.values import EXACT
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import INT64_MAX, INT64_MIN, midnight, read_day, read_instant

DIGITS = 18
"""The most digits of a number that was rounded."""

Finish = Callable[[Any], Any]
"""Takes what an expression came to, not null, and returns the field's value; raises Failure where there is none."""


def computation(node: Node, result: Storage) -> Callable[[Mapping[str, Any]], Any]:
    """Returns the function that computes a formula from an activation; it raises EvaluationError where there is no value."""
    evaluate, finish = evaluator(node), _finish(result)

    def compute(activation: Mapping[str, Any]) -> Any:
        value = evaluate(activation)
        if value is None:
            return None
        try:
            return finish(value)
        except Failure as failure:
            raise EvaluationError(failure.code, failure.message, node.pos) from failure

    return compute


def rounded(value: Decimal | float, scale: int) -> int | None:
    """Returns a number counted in its last place at a scale; None for one with too many digits, or that is none."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact:
        return 0
    if not exact.is_finite() or exact.adjusted() >= DIGITS - scale:
        return None
    counted = int(exact.scaleb(scale, EXACT).to_integral_value(ROUND_HALF_UP))
    return counted if abs(counted) < 10**DIGITS else None


def _finish(result: Storage) -> Finish:
    match result.kind:
        case StorageClass.DECIMAL | StorageClass.INTEGER:
            return _exact(result.scale)
        case StorageClass.DOUBLE:
            return _double
        case StorageClass.INSTANT:
            return _instant
        case StorageClass.DAY:
            return _day
        case StorageClass.BOOLEAN:
            return _of_type(bool, "true or false")
    return _of_type(str, "a text")


def _exact(scale: int) -> Finish:
    step = 10**scale

    def finish(value: Any) -> int | Decimal:
        if type(value) is int and not scale:
            if INT64_MIN <= value <= INT64_MAX:
                return value
            raise _too_large()
        counted = rounded(_number(value), scale)
        if counted is None:
            raise _too_large()
        whole, rest = divmod(counted, step)
        return Decimal(counted).scaleb(-scale).normalize() if rest else whole

    return finish


def _double(value: Any) -> float:
    try:
        # Adding nothing turns minus zero into zero.
        return float(_number(value)) + 0.0
    except OverflowError:
        raise _too_large() from None


def _number(value: Any) -> Decimal | float:
    if isinstance(value, Decimal | float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise _mismatch("a number")


def _instant(value: Any) -> str:
    day = _day_or_none(value)
    if day is not None:
        return midnight(day)
    found = read_instant(value) if isinstance(value, str) else None
    if found is None:
        raise _mismatch("an instant")
    return found


def _day(value: Any) -> str:
    day = _day_or_none(value)
    if day is None:
        raise _mismatch("a day")
    return day


def _day_or_none(value: Any) -> str | None:
    return read_day(value) if isinstance(value, str) else None


def _of_type(kind: type, described: str) -> Finish:
    def finish(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise _mismatch(described)

    return finish


def _mismatch(described: str) -> Failure:
    return Failure("NO_OVERLOAD", f"The expression does not come to {described}")


def _too_large() -> Failure:
    return Failure("OVERFLOW", "The number has too many digits")
