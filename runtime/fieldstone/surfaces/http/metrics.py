"""`/metrics`: what a process counts, for those who watch over it. For everybody else there is no such path."""

import hmac
from collections.abc import Awaitable, Callable

from fieldstone.surfaces.http.dispatcher import Answer
from fieldstone.surfaces.http.errors import no_route
from fieldstone.surfaces.http.request import Request, Response

LOOPBACK = ("127.0.0.1", "::1")
PLAIN = b"text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

Tell = Callable[[], Awaitable[bytes]]
"""Returns everything that is told, in that format."""


class Metrics:
    """Tells whoever may know."""

    def __init__(self, tell: Tell, token: str | None, *, open_to_machine: bool) -> None:
        """Takes what is told. Without a token the machine itself may ask, if it is open to it, and nobody else."""
        self._tell = tell
        self._token = None if token is None else token.encode()
        self._open_to_machine = open_to_machine

    def guarded(self, answer: Answer) -> Answer:
        """Returns an answer that only those get who may know: for others the path is not there."""

        async def guarded(request: Request) -> Response:
            if not self._admits(request):
                raise no_route(request)
            return await answer(request)

        return guarded

    async def answer(self, _request: Request) -> Response:
        """Tells everything."""
        return Response(200, await self._tell(), PLAIN)

    def _admits(self, request: Request) -> bool:
        if self._token is None:
            # Who comes through a proxy that nobody has named looks like the machine itself.
            return self._open_to_machine and request.address in LOOPBACK and b"x-forwarded-for" not in request.headers
        scheme, _, sent = (request.header(b"authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), self._token)
