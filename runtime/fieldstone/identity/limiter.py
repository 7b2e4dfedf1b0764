"""The limiter: how many requests go through in a time, for each bucket by itself, and what is left of it.

A bucket fills evenly (GCRA: all that is kept of it is when it is full again). Buckets are kept in memory, or in the database where they
are exact, or shared between processes. From a shared one a process takes a block at a time, and its requests take from the block: at
most a tenth of the bucket, the more the faster the blocks are used up, and given up when it was not. So no more goes through within a
time than what all buckets hold, and one block for each process. That a bucket is empty is remembered: refusals ask no database.
"""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from time import time_ns
from typing import Protocol

import msgspec

MOST_BUCKETS = 100_000
"""How many buckets one process remembers; the ones longest untouched are forgotten."""

BLOCKS = 10
"""The largest block is this part of a bucket, and holds for this part of the time in which it fills."""

SECOND = 1_000_000

KEPT = 3600 * SECOND
"""For how long the database keeps a bucket that is full: whoever comes back soon finds his row."""

Microseconds = Callable[[], int]
"""Returns now in microseconds since 1970."""


def system_microseconds() -> int:
    """Returns the machine's time."""
    return time_ns() // 1000


class Rate(msgspec.Struct, frozen=True):
    """A bucket's size, and the microseconds in which one request flows back into it. `exact` ones are never taken in blocks."""

    requests: int
    interval: int
    exact: bool = False

    @property
    def span(self) -> int:
        """The microseconds in which an empty bucket fills."""
        return self.requests * self.interval


def rate_of(requests: int, seconds: int, *, exact: bool = False) -> Rate:
    """Returns so many requests in so many seconds."""
    return Rate(requests, max(1, seconds * SECOND // requests), exact)


class Standing(msgspec.Struct, frozen=True):
    """What became of one request: how many more may follow at once, and in how many seconds the next one may, and all."""

    admitted: bool
    remaining: int
    wait: int
    reset: int


class Ledger(Protocol):
    """The buckets that the database keeps."""

    @property
    def shared(self) -> bool:
        """Whether several processes use it."""

    async def take(self, key: str, cost: int, span: int, now: int) -> tuple[bool, int]:
        """Takes from a bucket; returns whether there was enough in it, and when it is full again."""

    async def sweep(self, before: int) -> int:
        """Forgets every bucket that was full before an instant; returns how many."""


class _Bucket(msgspec.Struct, eq=False, gc=False):
    """What a process knows of a bucket: when it is full, and what it holds of a block that it has taken."""

    full_at: int
    held: int = 0
    until: int = 0
    block: int = 1


class Limiter:
    """The buckets of one process, over those of its database."""

    def __init__(self, ledger: Ledger, now: Microseconds, most: int = MOST_BUCKETS) -> None:
        """Takes the database's buckets, the time, and how many to remember."""
        self._ledger = ledger
        self._now = now
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def take(self, rate: Rate, key: str) -> Standing:
        """Counts one request against a bucket, if there is room for it."""
        now = self._now()
        bucket = self._bucket(key, now)
        if rate.exact or self._ledger.shared:
            admitted = await self._take_shared(rate, key, bucket, now)
        else:
            admitted = _take_own(rate, bucket, now)
        return _standing(rate, bucket, now, admitted=admitted)

    async def sweep(self) -> int:
        """Forgets every bucket of the database that has been full for a while; returns how many."""
        return await self._ledger.sweep(self._now() - KEPT)

    def _bucket(self, key: str, now: int) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is not None:
            self._buckets.move_to_end(key)
            return bucket
        bucket = self._buckets[key] = _Bucket(full_at=now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket

    async def _take_shared(self, rate: Rate, key: str, bucket: _Bucket, now: int) -> bool:
        if bucket.held and now < bucket.until:
            bucket.held -= 1
            return True
        if bucket.full_at + rate.interval - rate.span > now:
            return False
        size = _next_block(rate, bucket, now)
        name = blake2b(key.encode(), digest_size=16).hexdigest()
        taken, bucket.full_at = await self._ledger.take(name, size * rate.interval, rate.span, now)
        if not taken and size > 1:
            size = 1
            taken, bucket.full_at = await self._ledger.take(name, rate.interval, rate.span, now)
        if taken:
            # Others may have taken one meanwhile, or still hold the one before.
            bucket.held = (bucket.held if now < bucket.until else 0) + size - 1
            bucket.until, bucket.block = now + rate.span // BLOCKS, size
        return taken


def _take_own(rate: Rate, bucket: _Bucket, now: int) -> bool:
    full_at = max(bucket.full_at, now) + rate.interval
    if full_at - now > rate.span:
        return False
    bucket.full_at = full_at
    return True


def _next_block(rate: Rate, bucket: _Bucket, now: int) -> int:
    """Returns how many to take: twice as many as before where these were used in time, else one."""
    if rate.exact or bucket.until <= now:
        return 1
    return max(1, min(bucket.block * 2, rate.requests // BLOCKS))


def _standing(rate: Rate, bucket: _Bucket, now: int, *, admitted: bool) -> Standing:
    missing = max(bucket.full_at - now, 0)
    held = bucket.held if now < bucket.until else 0
    wait = 0 if admitted else max(missing + rate.interval - rate.span, 1)
    return Standing(
        admitted, max((rate.span - missing) // rate.interval, 0) + held, -(-wait // SECOND), -(-missing // SECOND)
    )
