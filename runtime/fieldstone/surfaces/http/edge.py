"""The edge: the outermost layer of the server. Gives each request its id, sees through proxies to its client, answers preflights,
counts it, and writes its line in the log.

Whatever answers inside finds the `Request` in the scope, under `REQUEST`, and sends its answer by `send_response`.
"""

from collections.abc import Awaitable, Callable
from random import getrandbits
from time import perf_counter
from typing import Any

import msgspec

from fieldstone.clock import system_clock
from fieldstone.log import RequestLine, ServerLog
from fieldstone.metrics import Answers
from fieldstone.surfaces.http.cors import CrossOrigin
from fieldstone.surfaces.http.proxies import Proxies
from fieldstone.surfaces.http.request import request_of
from fieldstone.surfaces.http.send import send_response
from fieldstone.trace import TRACE, Trace

REQUEST = "fieldstone.request"
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Entrance(msgspec.Struct, frozen=True, eq=False):
    """What answers behind the edge: the application of each path, and the origins that are named, if any are."""

    application: Callable[[str], Asgi]
    cross_origin: CrossOrigin | None


class Edge:
    """An ASGI application around the server's own."""

    def __init__(self, entrance: Callable[[], Entrance], log: ServerLog, proxies: Proxies, answers: Answers) -> None:
        """Takes what tells the entrance of today, behind which a request is answered, the log, trusted proxies, and what counts answers."""
        self._entrance = entrance
        self._proxies = proxies or None
        self._log = log
        self._answers = answers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one connection."""
        entrance = self._entrance()
        if scope["type"] != "http":
            await entrance.application(scope.get("path", ""))(scope, receive, send)
            return
        start = perf_counter()
        request = scope[REQUEST] = request_of(scope, receive, f"{getrandbits(80):020x}")
        if self._proxies is not None:
            self._proxies.see_through(request, scope["headers"])
        TRACE.set(Trace(request.id, request.address))
        preflight = None if entrance.cross_origin is None else entrance.cross_origin.receive(request)
        try:
            if preflight is not None:
                await send_response(send, request, preflight)
            else:
                await entrance.application(request.path)(scope, receive, send)
        finally:
            seconds = perf_counter() - start
            self._answers.add(request.method, request.route, request.status, seconds)
            self._log.request(
                RequestLine(
                    timestamp=system_clock(),
                    id=request.id,
                    method=request.method,
                    route=request.route,
                    status=request.status,
                    ms=int(seconds * 100_000) / 100,
                    caller=request.caller,
                )
            )
