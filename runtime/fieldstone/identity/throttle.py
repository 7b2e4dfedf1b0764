"""The throttle of sign-in and sign-up: so many attempts a minute per key, counted before any password is hashed."""

import math
from collections import OrderedDict
from collections.abc import Callable

from fieldstone.errors import RateLimited

SECONDS = 60.0
_MOST_KEYS = 100_000


class Throttle:
    """Buckets that hold `attempts` and fill again evenly within a minute; the ones longest untouched are forgotten."""

    def __init__(self, attempts: int, seconds: Callable[[], float]) -> None:
        """Takes the size of a bucket and a clock in seconds."""
        self._attempts = attempts
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, *keys: str) -> None:
        """Counts one attempt against every key; raises RateLimited, and counts nothing, when one of them has none left."""
        now = self._seconds()
        left = {key: self._left(key, now) for key in keys}
        if min(left.values()) < 1:
            wait = (1 - min(left.values())) * SECONDS / self._attempts
            raise RateLimited("Too many attempts.", details={"retryAfter": math.ceil(wait)})
        for key, count in left.items():
            self._buckets[key] = (count - 1, now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)

    def _left(self, key: str, now: float) -> float:
        count, since = self._buckets.get(key, (float(self._attempts), now))
        return min(float(self._attempts), count + (now - since) * self._attempts / SECONDS)
