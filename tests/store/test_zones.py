"""Time zones written out for the databases: a day is the one that Python's own rules give."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.clock import instant
from fieldstone.query.buckets import zone_names
from fieldstone.store.zones import local_day, rules_of

ZONES = (
    "UTC",
    "Etc/GMT+12",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
EPOCH = datetime.fromtimestamp(0, UTC)
MOMENTS = st.integers(-90 * 365, 129 * 365).flatmap(
    lambda day: st.integers(0, 86_399_999).map(lambda rest: EPOCH + timedelta(days=day, milliseconds=rest))
)


@given(st.sampled_from(ZONES), MOMENTS)
def test_a_day_is_the_one_of_the_rules_that_python_has(zone: str, moment: datetime) -> None:
    assert local_day(instant(moment), zone) == moment.astimezone(ZoneInfo(zone)).date().isoformat()


@pytest.mark.parametrize("zone", ZONES)
def test_each_change_of_clocks_is_known_to_the_second(zone: str) -> None:
    rules, known = rules_of(zone), ZoneInfo(zone)
    assert len(rules.offsets) == len(rules.changes) + 1
    assert list(rules.changes) == sorted(rules.changes)
    for place, change in enumerate(rules.changes):
        moment = EPOCH + timedelta(seconds=change)
        for offset, at in ((rules.offsets[place], moment - timedelta(seconds=1)), (rules.offsets[place + 1], moment)):
            assert at.astimezone(known).utcoffset() == timedelta(seconds=offset)


def test_the_first_and_the_last_day_of_the_calendar_are_not_left() -> None:
    assert local_day("0001-01-01T00:00:00.000Z", "America/New_York") == "0001-01-01"
    assert local_day("9999-12-31T23:59:59.999Z", "Pacific/Kiritimati") == "9999-12-31"


def test_the_machine_s_own_zone_is_no_zone() -> None:
    assert {"UTC", "Europe/Paris", "Asia/Kolkata"} < zone_names()
    assert "localtime" not in zone_names()
