"""Errors over HTTP: the one table from code to status, and the failure that every dialect puts in its own shape.

An exception that is not of our tree becomes INTERNAL: its text goes to the log (`dispatcher.py`) and nowhere else.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.errors import (
    FieldstoneError,
    Internal,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Timeout,
    Unauthenticated,
    Unavailable,
)
from fieldstone.query.names import shown
from fieldstone.surfaces.http.request import Header, Request

STATUS: Mapping[str, int] = {
    "VALIDATION_ERROR": 400,
    "BATCH_TOO_LARGE": 400,
    "QUERY_TOO_EXPENSIVE": 400,
    "FLOW_FAILED": 400,
    "FLOW_REFUSED": 400,
    "INVALID_SCREEN_INPUT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "EMAIL_NOT_VERIFIED": 403,
    "NOT_OVERRIDABLE": 403,
    "NOT_CREATABLE": 403,
    "OUTBOUND_REFUSED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "CONCURRENT_UPDATE": 409,
    "UNIQUE_VIOLATION": 409,
    "DELETE_RESTRICTED": 409,
    "DESTRUCTIVE_CHANGE": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "FLOW_MISTAKE": 409,
    "AMBIGUOUS_ACTION": 409,
    "FLOW_DISABLED": 409,
    "FLOW_LOOP": 409,
    "INVALID_STATE": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "FLOW_NO_START_NODE": 422,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
    "NOT_IMPLEMENTED": 501,
    "EXTERNAL_SERVICE_ERROR": 502,
    "SERVICE_UNAVAILABLE": 503,
    "TIMEOUT": 504,
}


RETRY_AFTER = b"1"
"""After how many seconds a request that came at a bad time, or took too long, may come again."""


class Failure(msgspec.Struct, frozen=True):
    """What went wrong with a request, before a dialect gives it a shape; `headers` go with the answer."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any]
    request_id: str
    headers: tuple[Header, ...] = ()


ErrorBody = Callable[[Failure], Any]
"""Puts a failure into the shape of a dialect: a value that encodes to the body."""


def failure_of(error: FieldstoneError, request: Request) -> Failure:
    """Returns the failure of an error of our tree; one without a status of its own is a fault of ours."""
    status = STATUS.get(error.code)
    if status is None or isinstance(error, Internal):
        return crash_of(request)
    return Failure(status, error.code, error.message, error.details, request.id, _headers(error))


def crash_of(request: Request) -> Failure:
    """Returns the failure of a fault of ours; nothing of its cause is in it."""
    return Failure(500, Internal.code, "Something went wrong on our side.", {}, request.id)


def no_route(request: Request) -> NotFound:
    """Returns the refusal of a path that leads nowhere, or nowhere for whoever asks."""
    return NotFound(f"No route {request.method} {shown(request.path)}.")


def _headers(error: FieldstoneError) -> tuple[Header, ...]:
    match error:
        case MethodNotAllowed():
            return ((b"allow", ", ".join(error.details.get("allow", ())).encode()),)
        case Unauthenticated():
            return ((b"www-authenticate", b"Bearer"),)
        case RateLimited() if "retryAfter" in error.details:
            return ((b"retry-after", str(error.details["retryAfter"]).encode()),)
        case Unavailable() | Timeout():
            return ((b"retry-after", RETRY_AFTER),)
        case _:
            return ()
