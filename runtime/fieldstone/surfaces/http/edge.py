"""The edge: the outermost layer of the server. Gives each request its id and writes its line in the log.

Whatever answers inside finds the `Request` in the scope, under `REQUEST`, and sends its answer by `send_response`.
"""

from collections.abc import Awaitable, Callable
from random import getrandbits
from time import perf_counter
from typing import Any

from fieldstone.log import Log
from fieldstone.surfaces.http.request import request_of

REQUEST = "fieldstone.request"
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Edge:
    """An ASGI application around the server's own; it passes the lifespan through."""

    def __init__(self, inner: Asgi, log: Log) -> None:
        """Takes the application and the log."""
        self._inner = inner
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        start = perf_counter()
        request = scope[REQUEST] = request_of(scope, receive, f"{getrandbits(80):020x}")
        try:
            await self._inner(scope, receive, send)
        finally:
            self._log.info(
                "request",
                id=request.id,
                method=request.method,
                route=request.route,
                status=request.status,
                ms=round((perf_counter() - start) * 1000, 2),
                caller=request.caller,
            )
