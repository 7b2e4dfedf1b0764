"""Days, instants and times of day as people write them, brought to the texts that fields take.

A day that can be read in two ways is read in none until the order of its parts is declared. An instant without a zone is one of UTC.
"""

import re

from fieldstone.services.imports.amounts import TwoWays

_PARTS = re.compile(r"([0-9]{1,4})([-/. ])\s?([0-9]{1,2})\2\s?([0-9]{4}|[0-9]{1,2})")
_NAMED_INSIDE = re.compile(r"([0-9]{1,2})\.?[ -]([A-Za-z]{3,9})\.?[ ,-]\s?([0-9]{4})")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})")
_RUN = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(:[0-9]{2}(?:\.[0-9]+)?)?\s*([AaPp])?(?:(?<=[AaPp])\.?[Mm]\.?)?")
_MOMENT = re.compile(r"(.+?)(?:[Tt]|,?\s+)([0-9]{1,2}:[0-9]{2}.*?)\s*(Z|z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?")
_MIDNIGHT = re.compile(r"(.+?)[Tt ]00:00(:00(\.0+)?)?Z?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
LONGEST = 40


def read_written_day(text: str, order: str | None) -> str | None:
    """Returns a day as `YYYY-MM-DD`, whether there is such a day or not; None for what is no day. Raises TwoWays."""
    text = text.strip()
    midnight = _MIDNIGHT.fullmatch(text)
    text = midnight[1] if midnight else text
    if len(text) > LONGEST:
        return None
    run = _RUN.fullmatch(text)
    if run is not None:
        return "-".join(run.groups())
    named = _NAMED_INSIDE.fullmatch(text)
    if named is not None:
        return _written(named[3], _month(named[2]), named[1])
    named = _NAMED_FIRST.fullmatch(text)
    if named is not None:
        return _written(named[3], _month(named[1]), named[2])
    parts = _PARTS.fullmatch(text)
    return None if parts is None else _ordered(parts, order)


def read_written_instant(text: str, order: str | None) -> str | None:
    """Returns an instant with its zone, whether there is such an instant or not; None for what is none. Raises TwoWays."""
    text = text.strip()
    moment = _MOMENT.fullmatch(text) if len(text) <= 2 * LONGEST else None
    if moment is None:
        day = read_written_day(text, order)
        return None if day is None else f"{day}T00:00:00Z"
    day, time = read_written_day(moment[1], order), read_written_time(moment[2])
    if day is None or time is None:
        return None
    zone = moment[3] or "Z"
    if zone[0] not in "+-":
        return f"{day}T{time}Z"
    return f"{day}T{time}{zone[:3]}:{zone[-2:]}"


def read_written_time(text: str) -> str | None:
    """Returns a time of day as `HH:MM` with what follows; None for what is none."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, half = int(found[1]), (found[4] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{found[2]}{found[3] or ''}"


def _ordered(parts: re.Match[str], order: str | None) -> str | None:
    """Returns the day of three numbers by the order that is declared, or by the one that alone is possible."""
    first, mark, second, third = parts.groups()
    if len(first) == 4:
        return _written(first, second, third) if len(third) <= 2 else None
    if len(third) != 4 or len(first) > 2 or order == "ymd":
        return None
    if order not in ("dmy", "mdy"):
        order = _order_of(int(first), int(second), mark, said=order)
    day, month = (first, second) if order == "dmy" else (second, first)
    return _written(third, month, day)


def _order_of(first: int, second: int, mark: str, *, said: str | None) -> str:
    if first > 12 or first == second or (mark == "." and said is None):
        return "dmy"
    if second > 12:
        return "mdy"
    raise TwoWays


def _month(name: str) -> str | None:
    name = name.lower()
    if name not in _FULL and name not in _MONTHS and name != "sept":
        return None
    return str(_MONTHS.index(name[:3]) + 1)


def _written(year: str, month: str | None, day: str) -> str | None:
    return None if month is None else f"{year}-{month:0>2}-{day:0>2}"
