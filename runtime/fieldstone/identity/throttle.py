"""The throttle: so many attempts a minute at one account or by one user, exact across processes, counted before any password is hashed.

How many may come from one address is a rate limit of the routes by which they come (`surfaces/rest/limits.py`).
"""

from fieldstone.errors import RateLimited
from fieldstone.identity.limiter import Limiter, rate_of

SECONDS = 60


class Throttle:
    """Buckets that hold `attempts` and fill again evenly within a minute."""

    def __init__(self, limiter: Limiter, attempts: int) -> None:
        """Takes who keeps the buckets, and their size."""
        self._limiter = limiter
        self._rate = rate_of(attempts, SECONDS, exact=True)

    async def admit(self, *keys: str) -> None:
        """Counts one attempt against each key, until one has none left: raises RateLimited."""
        for key in keys:
            standing = await self._limiter.take(self._rate, key)
            if not standing.admitted:
                raise RateLimited("Too many attempts.", details={"retryAfter": standing.wait})
