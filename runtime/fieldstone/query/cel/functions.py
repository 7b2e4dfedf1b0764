"""What the operators and functions of `signatures.py` do to values in Python.

Arguments come converted to the parameters of the resolved signature and are never null, but for `isBlank` and `isEmpty`. An
implementation is keyed by name, or by name and the type of its first parameter where that makes a difference. Raises Failure
where there is no value, or an ArithmeticError of Python's own where a result is out of range.
"""

import math
import operator
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from fieldstone.query.cel.calendar import CALENDAR
from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.limits import LIST_ITEMS
from fieldstone.query.cel.pattern import compile_pattern
from fieldstone.query.cel.signatures import Match
from fieldstone.query.cel.values import EXACT, day_from, duration_from, instant_from, integer, to_wire, whole

Implementation = Callable[..., Any]

BLANK = " \t\r\n"
"""What `trim` takes away and `isBlank` looks through, in Python and in SQL."""


def implementation(match: Match) -> Implementation:
    """Returns what a resolved signature does."""
    name, params = match.signature.name, match.params
    return _OF_TYPE.get((name, params[0].name if params else "")) or _OF_NAME[name]


def _double(value: float) -> float:
    if math.isfinite(value):
        return value
    raise Failure("OVERFLOW", "The number is too large")


def _divide_integers(left: int, right: int) -> int:
    if right == 0:
        raise Failure("DIVISION_BY_ZERO", "A number is divided by zero")
    quotient = abs(left) // abs(right)
    return integer(quotient if (left < 0) == (right < 0) else -quotient)


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise Failure("DIVISION_BY_ZERO", "A number is divided by zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _divide(left: Decimal | float, right: Decimal | float) -> float:
    if right == 0:
        raise Failure("DIVISION_BY_ZERO", "A number is divided by zero")
    return _double(float(left) / float(right))


def _concatenate(left: list[Any], right: list[Any]) -> list[Any]:
    if len(left) + len(right) > LIST_ITEMS:
        raise Failure("TOO_LARGE", f"The list has more than {LIST_ITEMS:,} items")
    return left + right


def same(left: Any, right: Any) -> bool:
    """Tells whether two values are the same; a boolean is no number, a double compares with a decimal as doubles do."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, Decimal) and isinstance(right, float):
        return float(left) == right
    if isinstance(left, float) and isinstance(right, Decimal):
        return left == float(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return bool(left == right)


def _is_blank(value: Any) -> bool:
    return value is None or (not value.strip(BLANK) if isinstance(value, str) else _is_empty(value))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _join_non_empty(texts: list[Any], separator: str) -> str:
    if not all(isinstance(text, str | None) for text in texts):
        raise Failure("NO_OVERLOAD", "`joinNonEmpty` takes texts only")
    return separator.join(text for text in texts if not _is_blank(text))


def _rounded(value: Decimal | float, digits: int, rounding: str) -> Decimal:
    exact = Decimal(value) if isinstance(value, Decimal) else Decimal(repr(value))
    if not -30 <= digits <= 30:
        raise Failure("BAD_VALUE", "Numbers are rounded at 30 digits at most")
    try:
        return exact.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=EXACT)
    except DecimalException:
        raise Failure("OVERFLOW", "The number is too large to be rounded") from None


def _round_decimal(value: Decimal, digits: int | None = None) -> Decimal | int:
    exact = _rounded(value, digits or 0, ROUND_HALF_UP)
    return whole(exact) if digits is None else EXACT.plus(exact)


def _round_double(value: float, digits: int | None = None) -> float | int:
    exact = _rounded(value, digits or 0, ROUND_HALF_UP)
    return whole(exact) if digits is None else float(exact)


def _text_of_double(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _parsed_integer(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 100):
        raise Failure("BAD_VALUE", f"{text!r} is no whole number")
    return integer(int(text))


def _parsed_double(text: str) -> float:
    try:
        return _double(float(text) if text.isascii() and "_" not in text else math.nan)
    except (ValueError, Failure):
        raise Failure("BAD_VALUE", f"{text!r} is no number") from None


def _parsed_bool(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise Failure("BAD_VALUE", f"{text!r} is neither true nor false")


def _identity(value: Any) -> Any:
    return value


_OF_NAME: dict[str, Implementation] = {
    "!": operator.not_,
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "neg": operator.neg,
    "isBlank": _is_blank,
    "isEmpty": _is_empty,
    "trim": lambda text: text.strip(BLANK),
    "upper": str.upper,
    "lower": str.lower,
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "matches": lambda text, pattern: compile_pattern(pattern).found_in(text),
    "size": len,
    "len": len,
    "joinNonEmpty": _join_non_empty,
    "abs": abs,
    "min": min,
    "max": max,
    "floor": lambda value: whole(_rounded(value, 0, ROUND_FLOOR)),
    "ceil": lambda value: whole(_rounded(value, 0, ROUND_CEILING)),
    "string": to_wire,
    "double": _identity,
    "bool": _identity,
    "datetime": lambda text: instant_from(text, zone_required=False),
    "timestamp": instant_from,
    "duration": duration_from,
    **CALENDAR,
}

_OF_TYPE: dict[tuple[str, str], Implementation] = {
    ("+", "int"): lambda left, right: integer(left + right),
    ("-", "int"): lambda left, right: integer(left - right),
    ("*", "int"): lambda left, right: integer(left * right),
    ("/", "int"): _divide_integers,
    ("%", "int"): _remainder,
    ("neg", "int"): lambda value: integer(-value),
    ("abs", "int"): lambda value: integer(abs(value)),
    ("+", "decimal"): EXACT.add,
    ("-", "decimal"): EXACT.subtract,
    ("*", "decimal"): EXACT.multiply,
    ("/", "decimal"): _divide,
    ("neg", "decimal"): EXACT.minus,
    ("abs", "decimal"): EXACT.abs,
    ("round", "decimal"): _round_decimal,
    ("+", "double"): lambda left, right: _double(left + right),
    ("-", "double"): lambda left, right: _double(left - right),
    ("*", "double"): lambda left, right: _double(left * right),
    ("/", "double"): _divide,
    ("round", "double"): _round_double,
    ("+", "list"): _concatenate,
    ("+", "duration"): lambda duration, other: other + duration,
    ("string", "bool"): lambda value: "true" if value else "false",
    ("string", "int"): str,
    ("string", "decimal"): lambda value: format(value, "f"),
    ("string", "double"): _text_of_double,
    ("int", "int"): _identity,
    ("int", "decimal"): whole,
    ("int", "double"): whole,
    ("int", "string"): _parsed_integer,
    ("int", "timestamp"): lambda moment: math.floor(moment.timestamp()),
    ("double", "string"): _parsed_double,
    ("bool", "string"): _parsed_bool,
    ("date", "string"): day_from,
    ("date", "timestamp"): datetime.date,
}
