"""The throttle lets so many attempts a minute through, evenly, for each key by itself."""

import pytest

from fieldstone.errors import RateLimited
from fieldstone.identity import throttle
from fieldstone.identity.throttle import Throttle


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_last_attempt_is_let_through_and_the_next_is_not() -> None:
    subject = Throttle(10, Seconds())
    for _ in range(10):
        subject.admit("address 1")
    with pytest.raises(RateLimited) as refused:
        subject.admit("address 1")
    assert refused.value.details == {"retryAfter": 6}


def test_waiting_as_long_as_told_is_enough_and_a_moment_less_is_not() -> None:
    seconds = Seconds()
    subject = Throttle(10, seconds)
    for _ in range(10):
        subject.admit("address 1")
    seconds.now = 5.9
    with pytest.raises(RateLimited):
        subject.admit("address 1")
    seconds.now = 6
    subject.admit("address 1")
    with pytest.raises(RateLimited):
        subject.admit("address 1")


def test_a_minute_gives_all_attempts_back_and_no_more() -> None:
    seconds = Seconds()
    subject = Throttle(3, seconds)
    for minute in range(1, 4):
        for _ in range(3):
            subject.admit("address 1")
        with pytest.raises(RateLimited):
            subject.admit("address 1")
        seconds.now = 600 * minute


def test_one_exhausted_key_refuses_and_leaves_the_others_as_they_were() -> None:
    subject = Throttle(2, Seconds())
    subject.admit("address 1", "account a")
    subject.admit("address 2", "account a")
    with pytest.raises(RateLimited):
        subject.admit("address 3", "account a")
    subject.admit("address 3", "account b")
    subject.admit("address 3", "account b")


def test_the_keys_longest_untouched_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_KEYS", 2)
    subject = Throttle(1, Seconds())
    for key in ("a", "b", "c"):
        subject.admit(key)
    subject.admit("a")
    with pytest.raises(RateLimited):
        subject.admit("c")
