"""Values in evaluation and in wire form: instants, days and durations between text and Python, exact decimals, 64-bit integers.

Within an evaluation an instant is an aware `datetime` in UTC cut to milliseconds, a day a `date`, a duration a `timedelta`.
Raises Failure on what is no value.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

import msgspec

from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.limits import DECIMAL_DIGITS, INTEGER_MAXIMUM, INTEGER_MINIMUM
from fieldstone.query.cel.types import (
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
)

EXACT = Context(prec=DECIMAL_DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic on decimals, whatever the thread's own context says."""

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_ISO_DURATION = re.compile(
    r"(-)?P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_DURATION = re.compile(r"([+-])?((?:\d+(?:\.\d+)?(?:d|h|m|s|ms|us|ns))+|0)", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|d|h|m|s)", re.ASCII)
_MILLISECONDS = {
    "d": Decimal(86_400_000),
    "h": Decimal(3_600_000),
    "m": Decimal(60_000),
    "s": Decimal(1_000),
    "ms": Decimal(1),
    "us": Decimal("0.001"),
    "ns": Decimal("0.000001"),
}
_LONGEST = timedelta(days=366 * 10_000)


def instant_from(text: str, *, zone_required: bool = True) -> datetime:
    """Returns the instant of a text as RFC 3339 has it."""
    found = _INSTANT.fullmatch(text)
    if not found or (zone_required and not found[4]):
        raise Failure("BAD_VALUE", f"{text!r} is no instant; one looks like 2026-07-01T12:00:00Z")
    day, time, fraction, zone = found.groups()
    try:
        parsed = datetime.fromisoformat(f"{day}T{time}{(fraction or '.0')[:4].ljust(4, '0')}{zone or 'Z'}")
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Failure("BAD_VALUE", f"{text!r} is no instant: {error}") from error


def day_from(text: str) -> date:
    """Returns the day of a text `YYYY-MM-DD`."""
    try:
        if len(text) == 10 and text.isascii():
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Failure("BAD_VALUE", f"{text!r} is no day; one looks like 2026-07-01")


def duration_from(text: str) -> timedelta:
    """Returns the duration of a text: `720h`, `1h30m`, `1.5s`, `30d`, `P30D` or `P1DT12H`, cut to milliseconds."""
    if found := _ISO_DURATION.fullmatch(text):
        sign, *parts = found.groups()
        weeks, days, hours, minutes, seconds = (Decimal(part or 0) for part in parts)
        milliseconds = ((weeks * 7 + days) * 24 + hours) * 3_600_000 + minutes * 60_000 + seconds * 1_000
    elif found := _DURATION.fullmatch(text):
        sign = found[1]
        parsed = (Decimal(number) * _MILLISECONDS[unit] for number, unit in _DURATION_PART.findall(found[2]))
        milliseconds = sum(parsed, Decimal(0))
    else:
        raise Failure("BAD_VALUE", f"{text!r} is no duration; one looks like 720h, 30d or P30D")
    if milliseconds > Decimal(_LONGEST // timedelta(milliseconds=1)):
        raise Failure("OVERFLOW", f"The duration {text!r} is too long")
    duration = timedelta(milliseconds=int(milliseconds))
    return -duration if sign == "-" else duration


def instant_of_day(day: date) -> datetime:
    """Returns the instant at which a day begins in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def instant_text(moment: datetime) -> str:
    """Returns an instant in wire form."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def integer(value: int) -> int:
    """Returns a computed number if it fits into 64 bits, the very least left out: SQLite cannot tell it from an overflow."""
    if INTEGER_MINIMUM < value <= INTEGER_MAXIMUM:
        return value
    raise Failure("OVERFLOW", "The whole number does not fit into 64 bits")


def whole(value: Decimal | float) -> int:
    """Returns the number without its digits after the point."""
    exact = Decimal(value)
    if not exact.is_finite() or exact.adjusted() > 19:
        raise Failure("OVERFLOW", "The number does not fit into 64 bits")
    return integer(int(exact))


def decimal_from(value: Any) -> Decimal:
    """Returns a number as an exact decimal; a float as the decimal that it is written as."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    raise Failure("BAD_VALUE", f"{value!r} is no number")


def reader(wanted: Type) -> Callable[[Any], Any] | None:
    """Returns what makes a value for evaluation of one in wire form that is not null; None when nothing has to be done."""
    match wanted.name:
        case "timestamp":
            return _read_instant
        case "date":
            return day_from
        case "decimal":
            return decimal_from
        case "double":
            return float
        case "duration":
            return duration_from
        case "list" | "map" | "struct" | "dyn":
            return _container_reader(wanted)
    return None


def to_wire(value: Any) -> Any:
    """Returns a value of an evaluation in wire form."""
    match value:
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case list():
            return [to_wire(item) for item in value]
        case dict():
            return {key: to_wire(item) for key, item in value.items()}
    return value


def duration_text(duration: timedelta) -> str:
    """Returns a duration in seconds, as in `5400s`."""
    milliseconds = duration // timedelta(milliseconds=1)
    seconds, rest = divmod(abs(milliseconds), 1000)
    return f"{'-' if milliseconds < 0 else ''}{seconds}{f'.{rest:03}' if rest else ''}s"


def _read_instant(text: str) -> datetime:
    if len(text) == 24 and text[19] == "." and text[23] == "Z":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return instant_from(text)


def _container_reader(wanted: Type) -> Callable[[Any], Any]:
    read = reader(wanted.item) if wanted.item else None

    def read_container(value: Any) -> Any:
        if isinstance(value, msgspec.Raw):
            value = msgspec.json.decode(value)
        if isinstance(value, tuple):
            value = list(value)
        if value is None or read is None:
            return value
        if isinstance(value, dict):
            return {key: item if item is None else read(item) for key, item in value.items()}
        return [item if item is None else read(item) for item in value]

    return read_container


def conversion(given: Type, wanted: Type) -> Callable[[Any], Any] | None:
    """Returns what widens a value that is not null from one type to another; None when nothing has to be done."""
    if given.name == "list" and given.item and wanted.item:
        widen = conversion(given.item, wanted.item)
        return None if widen is None else lambda items: [item if item is None else widen(item) for item in items]
    return _WIDENING.get((given.name, wanted.name))


_WIDENING: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("int", "decimal"): Decimal,
    ("int", "double"): float,
    ("decimal", "double"): float,
    ("date", "timestamp"): instant_of_day,
}


def type_of(value: Any) -> Type:
    """Returns the type of a value in evaluation; what a list or map holds is left open."""
    return next((kind for python, kind in _TYPES if isinstance(value, python)), DYN)


_TYPES: tuple[tuple[type, Type], ...] = (
    (type(None), NULL),
    (bool, BOOL),
    (int, INT),
    (float, DOUBLE),
    (Decimal, DECIMAL),
    (str, STRING),
    (datetime, TIMESTAMP),
    (date, DATE),
    (timedelta, DURATION),
    (list, list_of(DYN)),
    (dict, map_of(DYN)),
)
