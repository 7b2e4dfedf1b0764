"""Wide numbers: exact sums and averages on SQLite, whose whole numbers end at 64 bits.

A wide number is a whole number, counted in the last place of its scale, written as a text of fixed length so that texts sort and compare
as the numbers do. SQLite adds up the upper and the lower half of each value by itself, which overflows for no number of rows; the two
sums make a wide number here, once for each group.
"""

from decimal import Context, Decimal

from fieldstone.query.measures import MEAN_DIGITS, WIDE

HALF_BITS = 32
LOWER_HALF: int = 2**HALF_BITS - 1

_OFFSET: int = 10**WIDE
_EXACT = Context(prec=WIDE)
_MEAN_STEPS = 10**MEAN_DIGITS


def wide_text(number: int) -> str:
    """Returns a whole number as a wide one; one beyond all wide numbers becomes the nearest of them."""
    return f"{max(1 - _OFFSET, min(_OFFSET - 1, number)) + _OFFSET:0{WIDE + 1}d}"


def wide_number(text: str) -> int:
    """Returns the whole number that a wide one stands for."""
    return int(text) - _OFFSET


def wide_decimal(text: str, scale: int) -> Decimal:
    """Returns a wide number at its scale."""
    return Decimal(wide_number(text)).scaleb(-scale, _EXACT)


def total(upper: int | None, lower: int | None) -> str:
    """Returns the wide sum of values from the sums of their halves; 0 of none."""
    return wide_text(_joined(upper or 0, lower or 0))


def mean(upper: int | None, lower: int | None, count: int) -> str | None:
    """Returns the wide mean of values, with `MEAN_DIGITS` more digits; half a last digit is rounded away from zero."""
    if upper is None or lower is None or not count:
        return None
    doubled = 2 * _MEAN_STEPS * _joined(upper, lower)
    rounded = (abs(doubled) + count) // (2 * count)
    return wide_text(rounded if doubled >= 0 else -rounded)


def kept_total(upper: int | None, lower: int | None, most: int) -> int:
    """Returns the sum of values from the sums of their halves, 0 of none; raises ValueError beyond `most`."""
    return _within(_joined(upper or 0, lower or 0), most)


def kept_mean(upper: int | None, lower: int | None, count: int, steps: int, most: int) -> int | None:
    """Returns the mean of values at another scale: its places are tens to the power of `steps` of theirs.

    Half a last digit is rounded away from zero; null of none. Raises ValueError beyond `most`.
    """
    if upper is None or lower is None or not count:
        return None
    doubled = 2 * _joined(upper, lower) * 10 ** max(steps, 0)
    parts = count * 10 ** max(-steps, 0)
    rounded = (abs(doubled) + parts) // (2 * parts)
    return _within(rounded if doubled >= 0 else -rounded, most)


def widened(value: int | str | None, digits: int) -> str | None:
    """Returns a whole or wide number as a wide one, counted in a place so many digits further down."""
    if value is None:
        return None
    return wide_text((wide_number(value) if isinstance(value, str) else value) * 10**digits)


def narrowed(text: str | None, scale: int) -> float | None:
    """Returns a wide number as the double that is nearest."""
    return None if text is None else float(wide_decimal(text, scale))


def _joined(upper: int, lower: int) -> int:
    return upper * (LOWER_HALF + 1) + lower


def _within(number: int, most: int) -> int:
    if abs(number) > most:
        raise ValueError("A number is beyond its column.")
    return number
