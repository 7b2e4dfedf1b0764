"""Calendars: declared hours, days and time zones become working time, or are refused where they say nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from fieldstone.errors import Fault
from fieldstone.kinds.calendar import CalendarDeclaration, DayOfWeek
from fieldstone.query.buckets import zone_names
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.working_time import Hours, WorkingTime, read_hours


def link_calendars(documents: Mapping[str, Document]) -> tuple[dict[str, WorkingTime], list[Fault]]:
    """Returns the working time of each calendar by name, and everything wrong with them."""
    faults: list[Fault] = []
    return {name: _link(document, faults) for name, document in documents.items()}, faults


def zone_fault(document: Document, path: tuple[str | int, ...], name: str) -> Fault | None:
    """Returns what is wrong with a value that is to name a time zone."""
    if name in zone_names():
        return None
    hint = did_you_mean(name, zone_names()) or "A time zone is such as `Europe/Berlin`."
    return document.fault(path, Code.CALENDAR, f"There is no time zone `{shown(name)}`.", hint)


def _link(document: Document, faults: list[Fault]) -> WorkingTime:
    declared: Any = document.declared
    calendar: CalendarDeclaration = declared
    unknown = zone_fault(document, ("timezone",), calendar.timezone)
    if unknown is not None:
        faults.append(unknown)
    week = tuple(_hours(document, calendar, day, faults) for day in get_args(DayOfWeek))
    if not calendar.week:
        faults.append(document.fault(("week",), Code.CALENDAR, "Nobody ever works.", "Say the hours of a day."))
    free = frozenset(
        found for place, text in enumerate(calendar.holidays) if (found := _day(document, place, text, faults))
    )
    return WorkingTime(calendar.timezone, week, free)


def _hours(document: Document, calendar: CalendarDeclaration, day: DayOfWeek, faults: list[Fault]) -> tuple[Hours, ...]:
    try:
        return read_hours(calendar.week[day]) if day in calendar.week else ()
    except ValueError as error:
        faults.append(document.fault(("week", day), Code.CALENDAR, f"{error}."))
        return ()


def _day(document: Document, place: int, text: str, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(document.fault(("holidays", place), Code.CALENDAR, f"`{text}` is no day."))
        return None
