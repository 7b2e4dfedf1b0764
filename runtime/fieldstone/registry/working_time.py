"""Working time: the hours in which people work, and when so much of it will have passed.

Hours are those of the clock on the wall of a time zone: a day on which the clock is put forward during work is shorter by that.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from fieldstone.clock import instant, moment

LONGEST_PAUSE = 400
"""How many days in a row may be without any work; a calendar with more is never done."""

Hours = tuple[time, time]
"""From when until when; until midnight is `time.max`."""


class WorkingTime(msgspec.Struct, frozen=True):
    """The hours of each day of the week, Monday first, in a time zone, but for days on which nobody works."""

    timezone: str
    week: tuple[tuple[Hours, ...], ...]
    free: frozenset[date] = frozenset()

    def after(self, start: str, duration: timedelta) -> str:
        """Returns the instant at which so much working time has passed since another; that itself where it is none.

        Work that ends with a day's hours ends there, and not when the next begin. Raises OverflowError where that is never.
        """
        begun = moment(start)
        left = duration
        spans = self._spans(begun)
        while left > timedelta():
            opens, closes = next(spans)
            worked = max(opens, begun)
            if closes - worked >= left:
                return instant(worked + left)
            left -= max(closes - worked, timedelta())
        return instant(begun)

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yields the hours of work of each day from that of an instant on, as instants."""
        zone = ZoneInfo(self.timezone)
        day, idle = start.astimezone(zone).date(), 0
        while True:
            hours = () if day in self.free else self.week[day.weekday()]
            idle = 0 if hours else idle + 1
            if idle > LONGEST_PAUSE:
                raise OverflowError(f"nobody works for {LONGEST_PAUSE} days")
            for opens, closes in hours:
                yield _at(day, opens, zone), _at(day, closes, zone)
            day += timedelta(days=1)


def read_hours(text: str) -> tuple[Hours, ...]:
    """Returns the hours of a day, such as `09:00-12:30, 13:30-17:00`; raises ValueError, with a text for people, for what is none."""
    found: list[Hours] = []
    for part in text.split(","):
        opens, _, closes = (piece.strip() for piece in part.partition("-"))
        try:
            hours = (_time(opens), time.max if closes == "24:00" else _time(closes))
        except ValueError:
            raise ValueError(f"`{part.strip()}` is not from when until when; that is such as `09:00-17:30`") from None
        if hours[0] >= hours[1]:
            raise ValueError(f"`{part.strip()}` ends before it begins")
        if found and hours[0] < found[-1][1]:
            raise ValueError(f"`{part.strip()}` begins before the hours in front of it end")
        found.append(hours)
    return tuple(found)


def _time(text: str) -> time:
    if len(text) != 5:
        raise ValueError(text)
    return time.fromisoformat(text)


def _at(day: date, shown: time, zone: ZoneInfo) -> datetime:
    if shown == time.max:
        day, shown = day + timedelta(days=1), time()
    return datetime.combine(day, shown, zone).astimezone(UTC)
