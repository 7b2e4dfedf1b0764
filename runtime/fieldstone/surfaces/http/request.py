"""A request as every face sees it, and the answer that a face gives back."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import msgspec

JSON = b"application/json"
Header = tuple[bytes, bytes]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
"""Returns the next message of an ASGI connection."""

SendWhole = Callable[[int, bytes, bytes], bool]
"""Sends a whole answer: its status, the lines of its headers, its body. False when it has to be sent message by message."""

SEND_WHOLE = "fieldstone.send_whole"
"""Where in an ASGI scope a server that can puts its `SendWhole`."""


class Request(msgspec.Struct, eq=False):
    """One HTTP request.

    `path` is whole and decoded, `query` the raw query string, `headers` are by lower-case name (the last of several wins), `address` is the
    client's. `route` and `caller` are filled in on the way, for the log alone; `status` when the answer is sent. `answer_headers` go with
    whatever is answered; `origin_trusted` says that a page of the request's `Origin` may act with the caller's cookie.
    `send_whole` is there where the server has one.
    """

    id: str
    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    secure: bool
    address: str
    receive: Receive
    send_whole: SendWhole | None = None
    route: str = ""
    caller: str | None = None
    status: int = 0
    answer_headers: tuple[Header, ...] = ()
    origin_trusted: bool = False

    def header(self, name: bytes) -> str | None:
        """Returns the text of a header by its lower-case name."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Response(msgspec.Struct, eq=False):
    """One HTTP answer; its length and the request's id are added when it is sent. A `stream` is sent bit by bit in place of the body."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: tuple[Header, ...] = ()
    stream: AsyncGenerator[bytes, None] | None = None


def request_of(scope: Mapping[str, Any], receive: Receive, request_id: str) -> Request:
    """Returns the request of an ASGI scope."""
    return Request(
        id=request_id,
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"],
        headers=dict(scope["headers"]),
        secure=scope["scheme"] == "https",
        address=(scope.get("client") or ("",))[0],
        receive=receive,
        send_whole=scope.get(SEND_WHOLE),
    )
