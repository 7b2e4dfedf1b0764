"""Sending an answer: its length, the request's id and the headers that every answer carries."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fieldstone.surfaces.http.request import Header, Request, Response

Send = Callable[[Any], Awaitable[None]]
REQUEST_ID = b"x-request-id"
ALWAYS: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"),)
_BODILESS = frozenset({204, 304})
_FRESH: Header = (b"cache-control", b"private, no-cache")


def common_headers(request: Request, response: Response) -> list[Header]:
    """Returns the headers of an answer with those that every answer carries."""
    headers = [(REQUEST_ID, request.id.encode()), *ALWAYS, *response.headers]
    if not any(name == _FRESH[0] for name, _ in response.headers):
        headers.append(_FRESH)
    return headers


async def send_response(send: Send, request: Request, response: Response) -> None:
    """Sends an answer; to a HEAD request without its body."""
    request.status = response.status
    body = response.body
    headers = common_headers(request, response)
    if response.status not in _BODILESS:
        headers.append((b"content-type", response.media_type))
        headers.append((b"content-length", b"%d" % len(body)))
    start: Mapping[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
