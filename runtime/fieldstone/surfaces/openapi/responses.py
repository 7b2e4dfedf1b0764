"""Responses of an operation in the OpenAPI document: the answer, and each status by which it may be refused.

What `default` stands for is that something went wrong on the server's side; every refusal of a request has its status named.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fieldstone.surfaces.http.rate_headers import RATE_HEADERS
from fieldstone.surfaces.openapi.struct_schema import reference
from fieldstone.surfaces.rest.table import Route, Schema

REFUSALS: Mapping[int, str] = {
    400: "The request is not acceptable.",
    401: "Nobody is signed in.",
    403: "The caller may not do this.",
    404: "There is no such thing, or the caller may not know of it.",
    405: "The object does not offer this.",
    409: "The state of things does not allow it: another version, a key that is taken, a record in use.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What is declared cannot do this.",
    429: "Too many requests.",
}
"""By which statuses requests are refused, and what each says."""

_RATE: Schema = {name: {"description": text, "schema": {"type": "integer"}} for name, text in RATE_HEADERS.items()}
_RETRY: Schema = {"description": "In how many seconds the next request may come.", "schema": {"type": "integer"}}


def responses_of(route: Route, status: str, answer: Schema | None, *, also: Iterable[int] = ()) -> dict[str, Any]:
    """Returns the responses of an operation: `answer` where it is done (None: an empty body), and those that refuse.

    `also` are statuses of refusals beside those of the route, for what it is about.
    """
    responses: dict[str, Any] = {
        status: {"description": "Done."} if answer is None else {"description": "Done.", "content": answer}
    }
    if is_tagged(route):
        responses["304"] = {"description": "The answer is still what `If-None-Match` names."}
    error = content(reference("Error"))
    for refusal in sorted({*_refusals(route), *also}):
        responses[str(refusal)] = {"description": REFUSALS[refusal], "content": error}
    responses["default"] = {"description": "Something went wrong on our side, or took too long.", "content": error}
    own = route.handler.part.refusal if route.handler is not None else None
    if own is not None:
        responses["400"]["content"] = content({"oneOf": [reference("Error"), reference(own.__name__)]})
    if route.limit is not None:
        responses[status]["headers"] = dict(_RATE)
        responses["429"]["headers"] = {**_RATE, "Retry-After": _RETRY}
    return responses


def is_tagged(route: Route) -> bool:
    """Tells whether a route answers with an ETag and takes one."""
    return route.declaration.operation == "get" or (route.handler is not None and route.handler.part.tagged)


def content(schema: Schema, media_type: str = "application/json") -> Schema:
    """Returns the content of a schema."""
    return {media_type: {"schema": schema}}


def _refusals(route: Route) -> Iterator[int]:
    yield 400
    if not route.declaration.public:
        yield from (401, 403)
    if "{" in route.template:
        yield 404
    if route.data is not None and route.data.writes:
        yield from (404, 409)
    if route.body != "none":
        yield from (413, 415)
    if route.limit is not None:
        yield 429
    if route.handler is not None:
        yield from route.handler.part.refusals
