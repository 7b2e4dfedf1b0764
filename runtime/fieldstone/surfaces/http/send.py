"""Sending an answer: its length, the request's id and the headers that every answer carries."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache
from typing import Any

from fieldstone.surfaces.http.request import Header, Request, Response

Send = Callable[[Any], Awaitable[None]]
REQUEST_ID = b"x-request-id"
ALWAYS: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
UNLESS_SAID: tuple[Header, ...] = (
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What goes with every answer that does not say otherwise itself."""

_BODILESS = frozenset({204, 304})
_NAMES_KEPT = 256


def common_headers(request: Request, response: Response) -> list[Header]:
    """Returns the headers of an answer with those that every answer carries."""
    headers = [(REQUEST_ID, request.id.encode()), *ALWAYS, *response.headers, *request.answer_headers]
    said = {name for name, _ in response.headers}
    headers += (header for header in UNLESS_SAID if header[0] not in said)
    return headers


def head_of(request: Request, response: Response) -> bytes:
    """Returns the lines of an answer's headers as they are sent; raises ValueError for one that is more than a line."""
    own = (*response.headers, *request.answer_headers) if request.answer_headers else response.headers
    lines = b"".join([b"%b: %b\r\n" % header for header in own])
    if lines.count(b"\n") + lines.count(b"\r") != 2 * len(own):
        raise ValueError("A header of an answer holds a line break.")
    head = b"x-request-id: %b\r\n%b%b" % (
        request.id.encode(),
        lines,
        _unless_said(tuple([name for name, _ in response.headers])),
    )
    if response.status in _BODILESS:
        return head
    return b"%bcontent-type: %b\r\ncontent-length: %d\r\n" % (head, response.media_type, len(response.body))


@lru_cache(maxsize=_NAMES_KEPT)
def _unless_said(said: tuple[bytes, ...]) -> bytes:
    """Returns the lines that every answer carries, but for those that an answer says itself, by name."""
    return b"".join(
        b"%b: %b\r\n" % header for header in (*ALWAYS, *(header for header in UNLESS_SAID if header[0] not in said))
    )


def sent_whole(request: Request, response: Response) -> bool:
    """Sends an answer at once, to a HEAD request without its body; False when that cannot be."""
    send = request.send_whole
    if send is None or response.stream is not None:
        return False
    request.status = response.status
    return send(response.status, head_of(request, response), _body(request, response))


async def send_response(send: Send, request: Request, response: Response) -> None:
    """Sends an answer, to a HEAD request without its body: at once where that can be, else message by message."""
    if sent_whole(request, response):
        return
    request.status = response.status
    if response.stream is not None:
        await _send_stream(send, request, response, response.stream)
        return
    headers = common_headers(request, response)
    if response.status not in _BODILESS:
        headers.append((b"content-type", response.media_type))
        headers.append((b"content-length", b"%d" % len(response.body)))
    start: Mapping[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": _body(request, response)})


def _body(request: Request, response: Response) -> bytes:
    return b"" if request.method == "HEAD" else response.body


async def _send_stream(send: Send, request: Request, response: Response, stream: AsyncGenerator[bytes, None]) -> None:
    """Sends an answer bit by bit; one that breaks off is not ended, so that its reader knows."""
    headers = [*common_headers(request, response), (b"content-type", response.media_type)]
    async with aclosing(stream):
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if request.method != "HEAD":
            async for part in stream:
                await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
