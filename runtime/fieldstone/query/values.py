"""Values on their way in: what JSON and query texts hold, brought to the one wire form of their family.

Every function returns None for what it cannot read and never coerces one type into another; who calls says what is wrong.
"""

import re
import sys
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from fieldstone.clock import instant

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
GREATEST_DOUBLE = Decimal(sys.float_info.max)

_EXACT = Context(prec=64)
_WIDEST = 10_000
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?", re.ASCII)


def is_clean(text: str) -> bool:
    """Tells whether a text can be stored everywhere: no NUL character, no half of a surrogate pair."""
    if "\0" in text:
        return False
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return False
    return True


def exact_number(text: str) -> Decimal:
    """Returns a number's text as a Decimal: the `float_hook` of JSON decoders. Raises ValueError for a senseless exponent."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number beyond all bounds") from None


def read_number(value: Any) -> Decimal | int | None:
    """Returns a finite number as it is; a float, which only Python code can send, by its shortest decimal text."""
    if type(value) is int:
        return value
    if type(value) is float:
        value = Decimal(repr(value))
    if type(value) is Decimal and value.is_finite():
        return value
    return None


def number_of_text(text: str) -> Decimal | int | None:
    """Returns the number that a text spells as JSON would."""
    if len(text) > _WIDEST or not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("-").isdigit() and len(text) < 1000 else Decimal(text)


def at_scale(value: Decimal | int, scale: int) -> Decimal:
    """Returns a number cut to so many digits after the point, toward minus infinity; exact up to 64 digits in all."""
    return Decimal(value).quantize(Decimal((0, (1,), -scale)), rounding="ROUND_FLOOR", context=_EXACT)


def read_day(text: str) -> str | None:
    """Returns a day `YYYY-MM-DD` of the years 0001 to 9999."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def read_instant(text: str) -> str | None:
    """Returns an instant with a zone (RFC 3339) in the canonical form; what is finer than a millisecond is cut off."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def read_time(text: str) -> str | None:
    """Returns a time of day `HH:MM[:SS[.fff]]` as `HH:MM:SS.mmm`."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return time.fromisoformat(text).isoformat(timespec="milliseconds")
    except ValueError:
        return None


def next_day(day: str) -> str | None:
    """Returns the day after; None after the last one."""
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return None


def midnight(day: str) -> str:
    """Returns the instant at which a day begins in UTC."""
    return f"{day}T00:00:00.000Z"
