"""Timetables: when what is declared to happen at times is due, also on the days on which clocks are put forward or back."""

from itertools import pairwise

import pytest

from fieldstone.registry.timetable import CronTimes, Timetable, read_cron, read_interval


def due(timetable: Timetable, start: str, count: int) -> list[str]:
    """Returns the instants after another at which something is due, without what all of them have."""
    found = []
    for _ in range(count):
        start = timetable.after(start)
        found.append(start)
    assert all(text.endswith(":00.000Z") for text in found)
    return [text.removesuffix(":00.000Z") for text in found]


# Berlin puts its clock forward on 29 March 2026 at 02:00 (01:00Z), and back on 25 October 2026 at 03:00 (01:00Z).
@pytest.mark.parametrize(
    ("pattern", "start", "expected"),
    [
        ("0 2 * * *", "2026-01-01T00:00", ["2026-01-01T01:00", "2026-01-02T01:00"]),
        ("0 2 * * 1-5", "2026-01-02T02:00", ["2026-01-05T01:00", "2026-01-06T01:00"]),
        ("30 8 1 * *", "2026-06-30T00:00", ["2026-07-01T06:30", "2026-08-01T06:30"]),
        ("0 0 13 * FRI", "2026-03-05T12:00", ["2026-03-05T23:00", "2026-03-12T23:00", "2026-03-19T23:00"]),
        ("30 2 * * *", "2026-03-27T12:00", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("15,45 2 * * *", "2026-03-29T00:00", ["2026-03-29T01:15", "2026-03-29T01:45", "2026-03-30T00:15"]),
        ("0 3 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T01:00"]),
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("30 2 * * *", "2026-10-25T00:30", ["2026-10-26T01:30"]),
        (
            "30 * * * *",
            "2026-10-24T23:00",
            ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
        ),
        (
            "30 * * * *",
            "2026-03-28T23:00",
            ["2026-03-28T23:30", "2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"],
        ),
        (
            "*/30 * * * *",
            "2026-10-25T00:00",
            ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00"],
        ),
    ],
)
def test_a_pattern_is_read_from_the_clock_on_the_wall(pattern: str, start: str, expected: list[str]) -> None:
    assert due(read_cron(pattern, "Europe/Berlin"), f"{start}:00.000Z", len(expected)) == expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize(("pattern", "a_year"), [("17 * * * *", 365 * 24), ("0 2 * * *", 365), ("45 1 * * *", 365)])
def test_every_hour_is_due_every_hour_and_every_day_every_day(zone: str, pattern: str, a_year: int) -> None:
    timetable = read_cron(pattern, zone)
    days = 12 if a_year > 365 else 365
    found = due(timetable, "2026-03-25T00:00:00.000Z", a_year * days // 365)
    assert all(first < second for first, second in pairwise(found))
    assert found[-1][:10] in ({"2026-04-05", "2026-04-06"} if days == 12 else {"2027-03-24", "2027-03-25"})


def test_an_interval_is_due_at_the_same_instants_for_everybody() -> None:
    quarter = read_interval("PT15M")
    assert due(quarter, "2026-01-01T00:07:31.250Z", 2) == ["2026-01-01T00:15", "2026-01-01T00:30"]
    assert due(quarter, "2026-01-01T00:15:00.000Z", 1) == ["2026-01-01T00:30"]
    assert due(read_interval("1d"), "2026-01-01T00:00:00.000Z", 1) == ["2026-01-02T00:00"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("0 2 * *", "has 4 fields"),
        ("@daily", "has 1 fields"),
        ("0 0 2 * * *", "has 6 fields"),
        ("61 * * * *", "is no pattern"),
        ("0 25 * * *", "is no pattern"),
        ("*/0 * * * *", "is no pattern"),
        ("0 2 * * FUN", "is no pattern"),
        ("R * * * *", "`R` says no time"),
        ("R(0-9) * * * *", "says no time"),
        ("? * * * *", "says no time"),
        ("0 0 30 2 *", "is never due"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_cron(pattern, "UTC")


def test_names_of_months_and_days_are_read() -> None:
    assert read_cron(" 0  2 * MAR,APR FRI", "UTC") == CronTimes("0 2 * MAR,APR FRI", "UTC")


@pytest.mark.parametrize(
    ("text", "told"), [("PT0S", "shorter"), ("500ms", "shorter"), ("-PT1H", "shorter"), ("soon", "no duration")]
)
def test_what_is_no_interval_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_interval(text)
