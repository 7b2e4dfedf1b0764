"""Timetables: when something that is declared to happen at times is due next, by cron in a time zone or by an interval.

A pattern with a fixed hour means that hour of the clock on the wall: where the clock skips it, it is due as much later as the clock
skipped, and where the clock shows it twice, it is due the first time. A pattern for every hour follows time as it passes: nothing is
due in an hour that is skipped, and what is shown twice is due twice. Refuses what cannot be read, and what is never due.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from fieldstone.clock import instant, moment
from fieldstone.late import late_module
from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.values import duration_from

if TYPE_CHECKING:
    import croniter
else:
    croniter = late_module("croniter")

LEAST_INTERVAL = timedelta(seconds=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHIFT = timedelta(hours=3)
"""More than clocks are ever put forward or back at once."""

_FIELD = re.compile(r"[0-9A-Za-z*/,#-]+")
_AT_RANDOM = re.compile(r"(^|[,/-])[Rr]($|[^A-Za-z])")


class CronTimes(msgspec.Struct, frozen=True):
    """The instants at which the clock of a time zone shows what a pattern of five fields says."""

    pattern: str
    timezone: str

    def after(self, now: str) -> str:
        """Returns the first instant after another."""
        zone = ZoneInfo(self.timezone)
        start = moment(now)
        hourly = croniter.croniter.expand(self.pattern)[0][1] == ["*"]
        found: list[datetime] = []
        last: datetime | None = None
        for shown in self._shown_from(start.astimezone(zone).replace(tzinfo=None) - _SHIFT):
            if last is not None and shown > last + _SHIFT:
                break
            due = [at for at in _instants(shown, zone, hourly=hourly) if at > start]
            if due and last is None:
                last = shown
            found += due
        return instant(min(found))

    def _shown_from(self, start: datetime) -> Iterator[datetime]:
        """Yields what a clock shows whenever the pattern says so, without a time zone, in its order and without an end."""
        times = croniter.croniter(self.pattern, start)
        while True:
            yield times.get_next(datetime)


class Intervals(msgspec.Struct, frozen=True):
    """The instants that are a whole number of intervals after the beginning of 1970, the same for everybody."""

    milliseconds: int

    def after(self, now: str) -> str:
        """Returns the first instant after another."""
        step = timedelta(milliseconds=self.milliseconds)
        return instant(_EPOCH + ((moment(now) - _EPOCH) // step + 1) * step)


Timetable = CronTimes | Intervals


def read_cron(pattern: str, timezone: str) -> CronTimes:
    """Returns the timetable of a pattern in a known time zone; raises ValueError, with a text for people, for one that is none."""
    fields = pattern.split()
    if len(fields) != 5:
        raise ValueError(
            f"`{pattern}` has {len(fields)} fields; a pattern has five: minute, hour, day, month, day of the week"
        )
    for field in fields:
        if not _FIELD.fullmatch(field) or _AT_RANDOM.search(field):
            raise ValueError(f"`{field}` says no time; a field is such as `*`, `0`, `1-5`, `*/15` or `MON,WED`")
    try:
        croniter.croniter(pattern, _EPOCH).get_next(datetime)
    except croniter.CroniterBadDateError:
        raise ValueError(f"`{pattern}` is never due") from None
    except (croniter.CroniterError, ValueError):
        raise ValueError(f"`{pattern}` is no pattern of times") from None
    return CronTimes(" ".join(fields), timezone)


def read_interval(text: str) -> Intervals:
    """Returns the timetable of a duration; raises ValueError, with a text for people, for what is none."""
    try:
        duration = duration_from(text)
    except Failure as failure:
        raise ValueError(str(failure)) from None
    if duration < LEAST_INTERVAL:
        raise ValueError(f"`{text}` is shorter than a second")
    return Intervals(duration // timedelta(milliseconds=1))


def _instants(shown: datetime, zone: ZoneInfo, *, hourly: bool) -> list[datetime]:
    """Returns when a clock of the zone shows a time; for one that it skips, when it would have, unless that is for every hour."""
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    skipped = first.astimezone(zone).replace(tzinfo=None) != shown
    if skipped:
        return [] if hourly else [first]
    return [first, second] if hourly and first != second else [first]
