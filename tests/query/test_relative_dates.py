"""Relative dates: which day or instant each form stands for, in the organisation's time zone."""

import pytest

from fieldstone.query.relative_dates import RELATIVE_DATES, LocalDay, relative_day, relative_instant

NOW = "2026-03-31T23:30:00.000Z"
BERLIN = "Europe/Berlin"
"""Already the first of April there, a Wednesday, and summer time since two days."""


@pytest.mark.parametrize(
    ("text", "in_utc", "in_berlin"),
    [
        ("today", "2026-03-31", "2026-04-01"),
        ("yesterday", "2026-03-30", "2026-03-31"),
        ("tomorrow", "2026-04-01", "2026-04-02"),
        ("now", "2026-03-31", "2026-04-01"),
        ("current_week_start", "2026-03-30", "2026-03-30"),
        ("current_week_end", "2026-04-05", "2026-04-05"),
        ("last_week_start", "2026-03-23", "2026-03-23"),
        ("next_week_end", "2026-04-12", "2026-04-12"),
        ("current_month_start", "2026-03-01", "2026-04-01"),
        ("current_month_end", "2026-03-31", "2026-04-30"),
        ("last_month_start", "2026-02-01", "2026-03-01"),
        ("last_month_end", "2026-02-28", "2026-03-31"),
        ("next_month_end", "2026-04-30", "2026-05-31"),
        ("current_quarter_start", "2026-01-01", "2026-04-01"),
        ("last_quarter_end", "2025-12-31", "2026-03-31"),
        ("next_quarter_start", "2026-04-01", "2026-07-01"),
        ("current_year_end", "2026-12-31", "2026-12-31"),
        ("last_year_start", "2025-01-01", "2025-01-01"),
        ("3_days_ago", "2026-03-28", "2026-03-29"),
        ("1_day_from_now", "2026-04-01", "2026-04-02"),
        ("2_weeks_ago", "2026-03-17", "2026-03-18"),
        ("1_month_ago", "2026-02-28", "2026-03-01"),
        ("1_month_from_now", "2026-04-30", "2026-05-01"),
        ("25_months_ago", "2024-02-29", "2024-03-01"),
        ("4_years_from_now", "2030-03-31", "2030-04-01"),
        ("0_days_ago", "2026-03-31", "2026-04-01"),
        ("23_hours_ago", "2026-03-31", "2026-03-31"),
        ("30_minutes_from_now", "2026-04-01", "2026-04-01"),
    ],
)
def test_a_relative_date_is_a_day_in_the_time_zone(text: str, in_utc: str, in_berlin: str) -> None:
    assert relative_day(f"{{{text}}}", NOW, "UTC") == LocalDay(in_utc, "UTC")
    assert relative_day(f"{{{text}}}", NOW, BERLIN) == LocalDay(in_berlin, BERLIN)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", NOW),
        ("3_hours_ago", "2026-03-31T20:30:00.000Z"),
        ("1_hour_from_now", "2026-04-01T00:30:00.000Z"),
        ("90_minutes_ago", "2026-03-31T22:00:00.000Z"),
    ],
)
def test_what_is_finer_than_a_day_is_an_instant(text: str, instant: str) -> None:
    assert relative_instant(f"{{{text}}}", NOW, BERLIN) == instant


@pytest.mark.parametrize(
    ("day", "zone", "begins", "ends"),
    [
        ("2026-04-01", "UTC", "2026-04-01T00:00:00.000Z", "2026-04-02T00:00:00.000Z"),
        ("2026-04-01", BERLIN, "2026-03-31T22:00:00.000Z", "2026-04-01T22:00:00.000Z"),
        ("2026-03-29", BERLIN, "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ("2026-10-25", BERLIN, "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"),
        ("2026-01-01", "Pacific/Kiritimati", "2025-12-31T10:00:00.000Z", "2026-01-01T10:00:00.000Z"),
    ],
)
def test_a_day_lasts_as_long_as_it_does_in_its_zone(day: str, zone: str, begins: str, ends: str) -> None:
    assert (LocalDay(day, zone).begins, LocalDay(day, zone).ends) == (begins, ends)
    assert LocalDay("9999-12-31", "UTC").ends is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "toady",
        "TODAY",
        " today",
        "_days_ago",
        "-1_days_ago",
        "1.5_days_ago",
        "٣_days_ago",
        "9999999_days_ago",
        "999999_years_ago",
        "999999_months_from_now",
        "999999_weeks_ago",
        "3_days",
        "3_quarters_ago",
        "current_month",
        "current_day_start",
        "this_month_start",
    ],
)
def test_other_texts_stand_for_nothing(text: str) -> None:
    assert relative_day(f"{{{text}}}", NOW, "UTC") is None
    assert relative_instant(f"{{{text}}}", NOW, "UTC") is None


def test_every_form_that_is_told_of_stands_for_something() -> None:
    for text in RELATIVE_DATES:
        assert relative_day(text, NOW, BERLIN) is not None
        assert relative_instant(text, NOW, BERLIN) is not None
