"""The wire of the access suite: requests handed to the ASGI application as a server would, without a socket or a client library."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from fieldstone.surfaces.http.edge import Asgi

_NOT_COMPARED = frozenset({"x-request-id"})
_BODIES = msgspec.json.Encoder(decimal_format="number")

Query = Mapping[str, str] | Sequence[tuple[str, str]]
"""Parameters, or pairs of them where one name is sent twice."""


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body; None for an empty one."""
        return msgspec.json.decode(self.body) if self.body else None

    def without(self, *names: str) -> tuple[int, Mapping[str, str], bytes]:
        """Returns all that a caller could compare, with its own request id and the texts that he sent taken out."""
        names = (*names, self.headers["x-request-id"])
        headers = {name: _taken_out(value, names) for name, value in self.headers.items() if name not in _NOT_COMPARED}
        return self.status, headers, _taken_out(self.body.decode(), names).encode()


def _taken_out(text: str, names: tuple[str, ...]) -> str:
    for name in names:
        text = text.replace(name, "<sent>")
    return text


async def send(
    app: Asgi,
    method: str,
    path: str,
    *,
    query: Query | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Answer:
    """Sends one request and returns its whole answer; a body of bytes is sent as it is, any other as JSON."""
    sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    content = b"" if body is None else body if isinstance(body, bytes) else _BODIES.encode(body)
    if body is not None and b"content-type" not in dict(sent):
        sent.append((b"content-type", b"application/json"))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode(query or {}).encode(),
        "headers": [(b"host", b"proof.test"), *sent],
        "client": ("127.0.0.1", 1),
        "server": ("proof.test", 80),
    }
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def collect(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    start = messages[0]
    return Answer(
        status=start["status"],
        headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=b"".join(message.get("body", b"") for message in messages[1:]),
    )
