"""The throttle counts attempts exactly, in the database: every process over it sees those of the others."""

import pytest

from fieldstone.errors import RateLimited
from fieldstone.identity.limiter import SECOND, Limiter
from fieldstone.identity.throttle import Throttle
from tests.identity.house import House


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> int:
        return int(self.now * SECOND)


async def test_two_processes_let_through_no_more_than_one_would(house: House) -> None:
    seconds = Seconds()
    here, there = (Throttle(Limiter(house.store.rates, seconds), 10) for _ in range(2))
    for _ in range(5):
        await here.admit("account 1")
        await there.admit("account 1")
    for throttle in (here, there, here):
        with pytest.raises(RateLimited) as refused:
            await throttle.admit("account 1")
        assert refused.value.details == {"retryAfter": 6}
    await there.admit("account 2")


async def test_waiting_as_long_as_told_is_enough_for_one_and_a_moment_less_for_none(house: House) -> None:
    seconds = Seconds()
    here, there = (Throttle(Limiter(house.store.rates, seconds), 10) for _ in range(2))
    for _ in range(10):
        await here.admit("account 1")
    seconds.now += 5.9
    with pytest.raises(RateLimited):
        await there.admit("account 1")
    seconds.now += 0.1
    await there.admit("account 1")
    with pytest.raises(RateLimited):
        await here.admit("account 1")


async def test_a_minute_gives_all_attempts_back_and_no_more(house: House) -> None:
    seconds = Seconds()
    throttle = Throttle(Limiter(house.store.rates, seconds), 3)
    for _ in range(3):
        for _ in range(3):
            await throttle.admit("account 1")
        with pytest.raises(RateLimited):
            await throttle.admit("account 1")
        seconds.now += 600


async def test_buckets_that_were_full_for_an_hour_are_swept_and_others_are_not(house: House) -> None:
    seconds = Seconds()
    limiter = Limiter(house.store.rates, seconds)
    throttle = Throttle(limiter, 1)
    await throttle.admit("account 1")
    seconds.now += 3630
    await throttle.admit("account 2")
    assert await limiter.sweep() == 0
    seconds.now += 31
    assert await limiter.sweep() == 1
    with pytest.raises(RateLimited):
        await Throttle(Limiter(house.store.rates, seconds), 1).admit("account 2")
