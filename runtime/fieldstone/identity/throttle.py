"""The throttle: so many attempts in a time at one account or by one user, exact across processes, counted before any password is hashed.

How many may come from one address is a rate limit of the routes by which they come (`surfaces/rest/limits.py`).
"""

from fieldstone.errors import RateLimited
from fieldstone.identity.limiter import Limiter, rate_of

ATTEMPTS = 10
"""How many attempts at one account go through within a minute, unless the settings say."""


class Throttle:
    """Buckets that hold `attempts` and fill again evenly within `seconds`."""

    def __init__(self, limiter: Limiter, attempts: int, seconds: int = 60) -> None:
        """Takes who keeps the buckets, their size, and how long they take to fill."""
        self._limiter = limiter
        self._rate = rate_of(attempts, seconds, exact=True)

    async def admit(self, *keys: str) -> None:
        """Counts one attempt against each key, until one has none left: raises RateLimited."""
        for key in keys:
            standing = await self._limiter.take(self._rate, key)
            if not standing.admitted:
                raise RateLimited("Too many attempts.", details={"retryAfter": standing.wait})
