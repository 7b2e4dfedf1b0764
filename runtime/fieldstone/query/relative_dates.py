"""Relative dates: texts such as `{today}`, `{3_days_ago}` and `{last_quarter_end}` that stored conditions hold in place of a date.

Days begin and end in the time zone of the organisation, weeks begin on Monday. Refuses nothing: a text that is no relative date, or
that leads out of the years 1 to 9999, is none.
"""

import calendar
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import msgspec

from fieldstone.clock import instant, moment
from fieldstone.query.cel.calendar import zone
from fieldstone.query.values import next_day

RELATIVE_DATES: Mapping[str, str] = {
    "{today}": "The day of the request",
    "{yesterday}": "The day before",
    "{tomorrow}": "The day after",
    "{now}": "The instant of the request; for a date, its day",
    "{current_week_start}": "Monday of this week; also `_end`, `month`, `quarter`, `year`, and `last_` or `next_` for `current_`",
    "{3_days_ago}": "So many days before today; also `weeks`, `months`, `years`",
    "{3_days_from_now}": "So many days after today; also `weeks`, `months`, `years`",
    "{3_hours_ago}": "So many hours before now; also `minutes`, and `_from_now`",
}
"""What may be written, one example of each form, with its meaning."""

_PERIOD = re.compile(r"(last|current|next)_(week|month|quarter|year)_(start|end)")
_DISTANCE = re.compile(r"([0-9]{1,6})_(minute|hour|day|week|month|year)s?_(ago|from_now)", re.ASCII)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_STEPS = {"last": -1, "current": 0, "next": 1}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SECONDS = {"minute": 60, "hour": 3600}


class LocalDay(msgspec.Struct, frozen=True):
    """A day as it passes in a time zone."""

    day: str
    timezone: str

    @property
    def begins(self) -> str:
        """The instant of its first moment."""
        return instant(datetime.combine(date.fromisoformat(self.day), time(), zone(self.timezone)))

    @property
    def ends(self) -> str | None:
        """The instant at which the next day begins; None after the last day."""
        after = next_day(self.day)
        return LocalDay(after, self.timezone).begins if after else None


def day_in(now: str, timezone: str) -> str:
    """Returns the day that an instant lies in."""
    return _local_day(moment(now), timezone).isoformat()


def relative_day(text: str, now: str, timezone: str) -> LocalDay | None:
    """Returns the day that a relative date stands for; one that stands for an instant, by its day."""
    try:
        found = _instant(text[1:-1], now)
        if found is not None:
            return LocalDay(_local_day(found, timezone).isoformat(), timezone)
        day = _day(text[1:-1], _local_day(moment(now), timezone))
        return None if day is None else LocalDay(day.isoformat(), timezone)
    except (ValueError, OverflowError):
        return None


def relative_instant(text: str, now: str, timezone: str) -> str | LocalDay | None:
    """Returns the instant that a relative date stands for, or the day whose instants it stands for."""
    try:
        found = _instant(text[1:-1], now)
        if found is not None:
            return instant(found)
        day = relative_day(text, now, timezone)
        return day if day is None or (day.begins and day.ends) else None
    except (ValueError, OverflowError):
        return None


def _local_day(at: datetime, timezone: str) -> date:
    return at.astimezone(zone(timezone)).date()


def _instant(name: str, now: str) -> datetime | None:
    if name == "now":
        return moment(now)
    found = _DISTANCE.fullmatch(name)
    if found is None or found[2] not in _SECONDS:
        return None
    seconds = int(found[1]) * _SECONDS[found[2]]
    return moment(now) + timedelta(seconds=-seconds if found[3] == "ago" else seconds)


def _day(name: str, today: date) -> date | None:
    if name in _DAYS:
        return today + timedelta(days=_DAYS[name])
    period = _PERIOD.fullmatch(name)
    if period is not None:
        start = _start(today, period[2], _STEPS[period[1]])
        return start if period[3] == "start" else _start(start, period[2], 1) - timedelta(days=1)
    distance = _DISTANCE.fullmatch(name)
    if distance is None:
        return None
    count = int(distance[1]) * (-1 if distance[3] == "ago" else 1)
    if distance[2] in ("day", "week"):
        return today + timedelta(days=count * (7 if distance[2] == "week" else 1))
    return _add_months(today, count * _MONTHS[distance[2]])


def _start(day: date, period: str, steps: int) -> date:
    """Returns the first day of the period that is so many after the one in which a day lies."""
    if period == "week":
        return day + timedelta(days=7 * steps - day.weekday())
    months = _MONTHS[period]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return _add_months(first, months * steps)


def _add_months(day: date, months: int) -> date:
    """Returns the day so many months later, on the month's last day at most."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
