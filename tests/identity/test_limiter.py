"""The limiter: buckets in memory, in the database, and shared by blocks; bounded whatever is asked."""

import pytest

from fieldstone.identity.limiter import SECOND, Limiter, Rate, Standing, rate_of

MINUTE = 60


class Now:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000 * SECOND

    def __call__(self) -> int:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


class Buckets:
    """A database's buckets without the database, which says how often it was asked."""

    def __init__(self, *, shared: bool) -> None:
        self.shared = shared
        self.asked = 0
        self._full_at: dict[str, int] = {}

    async def take(self, key: str, cost: int, span: int, now: int) -> tuple[bool, int]:
        self.asked += 1
        full_at = max(self._full_at.get(key, now), now)
        if full_at + cost - now > span:
            return False, full_at
        self._full_at[key] = full_at + cost
        return True, full_at + cost

    async def sweep(self, before: int) -> int:
        gone = [key for key, full_at in self._full_at.items() if full_at < before]
        for key in gone:
            del self._full_at[key]
        return len(gone)


async def admitted(limiter: Limiter, rate: Rate, times: int, key: str = "k") -> int:
    """Returns how many of so many requests go through."""
    return sum([(await limiter.take(rate, key)).admitted for _ in range(times)])


async def test_a_bucket_tells_what_is_left_and_when_more_may_come() -> None:
    now, rate = Now(), rate_of(3, MINUTE)
    limiter = Limiter(Buckets(shared=False), now)
    assert await limiter.take(rate, "k") == Standing(admitted=True, remaining=2, wait=0, reset=20)
    assert await limiter.take(rate, "k") == Standing(admitted=True, remaining=1, wait=0, reset=40)
    now.move(5)
    assert await limiter.take(rate, "k") == Standing(admitted=True, remaining=0, wait=0, reset=55)
    assert await limiter.take(rate, "k") == Standing(admitted=False, remaining=0, wait=15, reset=55)
    now.move(15)
    assert (await limiter.take(rate, "k")).admitted
    assert not (await limiter.take(rate, "k")).admitted


async def test_one_process_counts_in_memory_what_needs_not_be_exact() -> None:
    buckets = Buckets(shared=False)
    limiter = Limiter(buckets, Now())
    assert await admitted(limiter, rate_of(50, MINUTE), 60) == 50
    assert buckets.asked == 0
    assert await admitted(limiter, rate_of(5, MINUTE, exact=True), 8, "exact") == 5
    assert buckets.asked == 5


async def test_the_buckets_longest_untouched_are_forgotten() -> None:
    limiter = Limiter(Buckets(shared=False), Now(), most=2)
    rate = rate_of(1, MINUTE)
    for key in ("a", "b", "c"):
        assert await admitted(limiter, rate, 1, key) == 1
    assert await admitted(limiter, rate, 1, "c") == 0
    assert await admitted(limiter, rate, 1, "a") == 1


@pytest.mark.parametrize("exact", [True, False])
async def test_processes_over_one_database_let_no_more_through_at_once_than_one(exact: bool) -> None:
    now, buckets = Now(), Buckets(shared=True)
    limiters = [Limiter(buckets, now) for _ in range(4)]
    rate = rate_of(400, MINUTE, exact=exact)
    through = 0
    for _ in range(300):
        for limiter in limiters:
            through += await admitted(limiter, rate, 1)
    assert through == 400


async def test_who_asks_often_takes_blocks_and_who_asks_seldom_one_at_a_time() -> None:
    now, buckets = Now(), Buckets(shared=True)
    limiter, rate = Limiter(buckets, now), rate_of(600, MINUTE)
    assert await admitted(limiter, rate, 600) == 600
    assert buckets.asked < 40
    now.move(MINUTE)
    buckets.asked = 0
    for _ in range(20):
        now.move(7)
        assert await admitted(limiter, rate, 1) == 1
    assert buckets.asked == 20
    assert (await limiter.take(rate, "k")).remaining == 598


async def test_within_a_minute_no_more_goes_through_than_the_bucket_its_flow_and_a_block_of_each_process() -> None:
    now, buckets = Now(), Buckets(shared=True)
    limiters = [Limiter(buckets, now) for _ in range(3)]
    rate = rate_of(100, MINUTE)
    through = 0
    for _ in range(600):
        for limiter in limiters:
            through += await admitted(limiter, rate, 2)
        now.move(0.1)
    assert 150 <= through <= 100 + 100 + 3 * 10


async def test_a_refused_flood_asks_the_database_nothing() -> None:
    now, buckets = Now(), Buckets(shared=True)
    limiter, rate = Limiter(buckets, now), rate_of(10, MINUTE, exact=True)
    await admitted(limiter, rate, 11)
    buckets.asked = 0
    assert await admitted(limiter, rate, 1000) == 0
    assert buckets.asked == 0
    now.move(6)
    assert await admitted(limiter, rate, 1000) == 1
    assert buckets.asked <= 2
