"""Rate limits of a surface: which class a route is in, whose bucket a request takes from, and the headers that tell of it.

What a bucket is kept under is never what a request says: it is the client's address (one network of IPv6 is one client), the user, or
the API key.
"""

from collections.abc import Mapping

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.errors import RateLimited
from fieldstone.identity.limiter import Limiter, Rate, rate_of
from fieldstone.kinds.api import DEFAULT_LIMIT, ApiDeclaration, ApiOperation, LimitedBy, RateLimit
from fieldstone.kinds.app import AppDeclaration
from fieldstone.surfaces.http.proxies import client_key
from fieldstone.surfaces.http.rate_headers import rate_headers
from fieldstone.surfaces.http.request import Request

MINUTE = 60


class RouteLimit(msgspec.Struct, frozen=True):
    """The limit of a route: its rate, whose requests are counted together, and what the keys of its buckets begin with."""

    rate: Rate
    by: LimitedBy
    bucket: str


def limits_of(api: ApiDeclaration, app: AppDeclaration) -> Mapping[str, RateLimit]:
    """Returns the classes of a surface, those that the app sets in the place of its own."""
    others = app.surfaces.rate_limits
    return {
        **api.rate_limits,
        **{name: limit for name, limit in others.items() if name == DEFAULT_LIMIT or name in api.rate_limits},
    }


def declared_limit(operation: ApiOperation, limits: Mapping[str, RateLimit]) -> RateLimit | None:
    """Returns the class of an operation; None where it has no limit."""
    return limits.get(operation.rate_limit or DEFAULT_LIMIT)


def route_limit(
    api: ApiDeclaration, operation: ApiOperation, limits: Mapping[str, RateLimit], attempts: int | None
) -> RouteLimit | None:
    """Returns the limit of a route; routes of one class count together. `attempts` a minute replace what is declared."""
    declared = declared_limit(operation, limits)
    if declared is None:
        return None
    if attempts is None:
        rate = rate_of(declared.requests, declared.per, exact=declared.exact)
    else:
        rate = rate_of(attempts, MINUTE, exact=declared.exact)
    return RouteLimit(rate, declared.by, f"{api.name} {operation.rate_limit or DEFAULT_LIMIT}")


async def count_address(limiter: Limiter, limit: RouteLimit, request: Request) -> None:
    """Counts a request against its address; raises RateLimited."""
    await _count(limiter, limit, f"{limit.bucket} {client_key(request.address)}", request)


async def count_caller(limiter: Limiter, limit: RouteLimit, request: Request, caller: Caller) -> None:
    """Counts a request against whoever asks, or his address when nobody knows him; raises RateLimited."""
    if caller.id is None:
        await count_address(limiter, limit, request)
        return
    own = caller.key if limit.by == "caller" else None
    key = f"{limit.bucket} user {caller.id}" if own is None else f"{limit.bucket} key {own}"
    await _count(limiter, limit, key, request)


async def _count(limiter: Limiter, limit: RouteLimit, key: str, request: Request) -> None:
    standing = await limiter.take(limit.rate, key)
    request.answer_headers = (*request.answer_headers, *rate_headers(limit.rate, standing))
    if not standing.admitted:
        raise RateLimited("Too many requests.", details={"retryAfter": standing.wait})
