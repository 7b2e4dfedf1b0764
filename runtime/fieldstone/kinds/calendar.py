"""Kind `calendar`: the hours in which people work, and the days on which they do not."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Kind, Name

_DAY = "A day is such as `2026-12-25`."
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description=_DAY)]


DayOfWeek = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CalendarDeclaration(Declared, frozen=True, kw_only=True):
    """Working time: a step that waits by it counts the hours in which people work, and no others."""

    name: Name
    """The name by which a step asks for it."""
    label: str | None = None
    """What people call it."""
    timezone: str = "UTC"
    """The time zone whose clock the hours are of, such as `Europe/Berlin`."""
    week: dict[DayOfWeek, str]
    """The hours of each day of the week, such as `09:00-12:30, 13:30-17:00`; a day that is not named is free."""
    holidays: tuple[Day, ...] = ()
    """Days on which nobody works, whatever day of the week they are."""


CALENDAR = Kind(
    name="calendar", plural="calendars", struct=CalendarDeclaration, summary="The hours in which people work"
)
