"""Functions of days and instants: moving them, counting between them, and taking their parts."""

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fieldstone.query.cel.fault import Failure

_Time = TypeVar("_Time", date, datetime)


def zone(name: str) -> ZoneInfo:
    """Returns the time zone of a name of the IANA database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure("BAD_VALUE", f"There is no time zone {name!r}") from None


def is_zone(name: str) -> bool:
    """Tells whether a text names a time zone."""
    try:
        return zone(name).key == name
    except Failure:
        return False


def add_days(time: _Time, days: int) -> _Time:
    """Returns the time so many days, of 24 hours each, later."""
    try:
        return time + timedelta(days=days)
    except OverflowError:
        raise _outside() from None


def _add_months(time: _Time, months: int) -> _Time:
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise _outside()
    return time.replace(year=year, month=month + 1, day=min(time.day, calendar.monthrange(year, month + 1)[1]))


def _days_between(first: date, second: date) -> int:
    return (_day(second) - _day(first)).days


def _day(time: date) -> date:
    return time.date() if isinstance(time, datetime) else time


def _outside() -> Failure:
    return Failure("OVERFLOW", "The day lies outside of the years 1 to 9999")


def _part(of_instant: Callable[[datetime], int], unit: timedelta | None = None, below: int = 0) -> Callable[..., int]:
    """Returns a getter: of an instant, in UTC or a zone, and, where a unit is given, of a duration.

    A duration's part is all of it in that unit, or what remains of it below the next greater unit.
    """

    def get(time: Any, zone_name: str | None = None) -> int:
        if unit is not None and isinstance(time, timedelta):
            count = abs(time) // unit
            return (count % below if below else count) * (-1 if time < timedelta() else 1)
        return of_instant(time.astimezone(zone(zone_name)) if zone_name is not None else time.astimezone(UTC))

    return get


CALENDAR: Mapping[str, Callable[..., Any]] = {
    "addDays": add_days,
    "addMonths": _add_months,
    "daysBetween": _days_between,
    "getFullYear": _part(lambda time: time.year),
    "getMonth": _part(lambda time: time.month - 1),
    "getDate": _part(lambda time: time.day),
    "getDayOfMonth": _part(lambda time: time.day - 1),
    "getDayOfWeek": _part(lambda time: time.isoweekday() % 7),
    "getDayOfYear": _part(lambda time: time.timetuple().tm_yday - 1),
    "getHours": _part(lambda time: time.hour, timedelta(hours=1)),
    "getMinutes": _part(lambda time: time.minute, timedelta(minutes=1)),
    "getSeconds": _part(lambda time: time.second, timedelta(seconds=1)),
    "getMilliseconds": _part(lambda time: time.microsecond // 1000, timedelta(milliseconds=1), below=1000),
}
