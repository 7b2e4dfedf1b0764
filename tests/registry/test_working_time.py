"""Working time: when so many hours of work have passed, over nights, weekends, holidays and the days on which clocks change."""

from datetime import date, timedelta

import pytest

from fieldstone.registry.working_time import WorkingTime, read_hours

OFFICE = WorkingTime(
    "Europe/Berlin",
    (read_hours("09:00-12:30, 13:30-17:00"),) * 5 + ((), ()),
    frozenset({date(2026, 12, 25), date(2026, 4, 3), date(2026, 4, 6)}),
)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02T08:00", 2, "2026-03-02T10:00"),
        ("2026-03-02T11:00", 2, "2026-03-02T14:00"),
        ("2026-03-02T02:00", 2, "2026-03-02T10:00"),
        ("2026-03-02T15:00", 2, "2026-03-03T09:00"),
        ("2026-03-02T14:00", 2, "2026-03-02T16:00"),
        ("2026-03-02T16:00", 2, "2026-03-03T10:00"),
        ("2026-03-06T15:30", 2, "2026-03-09T09:30"),
        ("2026-03-07T12:00", 2, "2026-03-09T10:00"),
        ("2026-12-24T15:00", 2, "2026-12-28T09:00"),
        ("2026-04-02T14:00", 2, "2026-04-07T08:00"),
        ("2026-03-27T15:00", 2, "2026-03-30T08:00"),
        ("2026-03-02T08:00", 35, "2026-03-06T16:00"),
        ("2026-03-02T08:00", 36, "2026-03-09T09:00"),
        ("2026-03-07T12:00", 0, "2026-03-07T12:00"),
    ],
)
def test_time_passes_only_while_people_work(start: str, hours: int, end: str) -> None:
    assert OFFICE.after(f"{start}:00.000Z", timedelta(hours=hours)) == f"{end}:00.000Z"


def test_a_night_shift_that_ends_at_midnight_goes_on_after_it() -> None:
    around = WorkingTime("UTC", (read_hours("22:00-24:00"),) * 7)
    assert around.after("2026-03-02T23:30:00.000Z", timedelta(hours=1)) == "2026-03-03T22:30:00.000Z"
    whole = WorkingTime("Europe/Berlin", (read_hours("00:00-24:00"),) * 7)
    assert whole.after("2026-03-28T23:00:00.000Z", timedelta(hours=23)) == "2026-03-29T22:00:00.000Z"


def test_an_hour_that_the_clock_skips_is_not_worked() -> None:
    nights = WorkingTime("Europe/Berlin", (read_hours("01:00-04:00"),) * 7)
    assert nights.after("2026-03-28T20:00:00.000Z", timedelta(hours=3)) == "2026-03-30T00:00:00.000Z"


def test_work_that_never_comes_is_told() -> None:
    with pytest.raises(OverflowError, match="nobody works"):
        WorkingTime("UTC", ((),) * 7).after("2026-03-02T08:00:00.000Z", timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nine to five", "not from when until when"),
        ("9:00-17:00", "not from when until when"),
        ("09:00", "not from when until when"),
        ("09:00-25:00", "not from when until when"),
        ("17:00-09:00", "ends before it begins"),
        ("09:00-09:00", "ends before it begins"),
        ("09:00-12:00, 11:00-17:00", "begins before the hours in front of it end"),
    ],
)
def test_what_are_no_hours_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_hours(text)
