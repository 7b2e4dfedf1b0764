"""The HTTP protocol of a serving process: uvicorn's own, with the head of an answer sent together with its body.

uvicorn writes the two apart, which costs a system call and wakes the client once more for every answer.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_CONTINUE = b"HTTP/1.1 100"


class OneWriteProtocol(HttpToolsProtocol):
    """Answers over a transport that holds a head back until its body comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection."""
        joining = _Joining(cast("asyncio.Transport", transport))
        super().connection_made(cast("asyncio.Transport", joining))


class _Joining:
    """A transport that joins the head of an answer to what is written after it."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        if data.startswith(_HEAD) and not data.startswith(_CONTINUE):
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def close(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
