"""The headers that tell of a rate limit, whatever the answer is."""

from collections.abc import Mapping

from fieldstone.identity.limiter import Rate, Standing
from fieldstone.surfaces.http.request import Header

RATE_HEADERS: Mapping[str, str] = {
    "RateLimit-Limit": "How many requests the caller's bucket holds.",
    "RateLimit-Remaining": "How many more may follow at once.",
    "RateLimit-Reset": "In how many seconds the bucket is full again.",
}


def rate_headers(rate: Rate, standing: Standing) -> tuple[Header, ...]:
    """Returns the headers of a request that was counted."""
    return (
        (b"ratelimit-limit", b"%d" % rate.requests),
        (b"ratelimit-remaining", b"%d" % standing.remaining),
        (b"ratelimit-reset", b"%d" % standing.reset),
    )
