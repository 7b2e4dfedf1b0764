"""The dispatcher: the lean ASGI application that stands under a base path and answers every request of one face.

Nothing that a request can do makes it answer in a shape that is not the dialect's: crashes and limits included.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fieldstone.errors import FieldstoneError, Internal, Timeout, Unavailable
from fieldstone.log import Log
from fieldstone.settings import Limits
from fieldstone.surfaces.http.body import ClientGone
from fieldstone.surfaces.http.deadline import within
from fieldstone.surfaces.http.edge import REQUEST
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.errors import ErrorBody, Failure, crash_of, failure_of
from fieldstone.surfaces.http.parameters import refuse_long_address
from fieldstone.surfaces.http.places import Places
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.http.send import Send, send_response, sent_whole

CLIENT_GONE = 499
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose requests have no body to wait for."""

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class Dispatcher:
    """An ASGI application for one face, inside an `Edge`: a function from request to answer, within limits."""

    def __init__(self, answer: Answer, errors: ErrorBody, limits: Limits, log: Log, places: Places) -> None:
        """Takes the face's function, the shape of its errors, the limits, the log, and the places for requests."""
        self._answer = answer
        self._errors = errors
        self._limits = limits
        self._places = places
        self.log = log

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answers one request; a web socket is turned away."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 4404})
            return
        request: Request = scope[REQUEST]
        try:
            response = await self._respond(request, scope)
        except ClientGone:
            request.status = CLIENT_GONE
            return
        try:
            if not sent_whole(request, response):
                await self._send(send, request, response)
        except asyncio.CancelledError:
            if not self._places.stopping:
                raise
            self.log.warning("broken_off", id=request.id, route=request.route or request.path)
        except Exception:
            self.log.exception("broken_off", id=request.id, route=request.route or request.path)
            raise

    async def _send(self, send: Send, request: Request, response: Response) -> None:
        if response.stream is None:
            await send_response(send, request, response)
            return
        async with asyncio.timeout(self._limits.export_seconds):
            await send_response(send, request, response)

    async def _respond(self, request: Request, scope: Any) -> Response:
        try:
            refuse_long_address(request, scope, self._limits.url_bytes)
            places = self._places
            if places.free > places.ample:
                places.free -= 1
            else:
                await places.come()
            try:
                if request.method not in BODILESS:
                    request.receive = places.without(request.receive)
                return await within(self._limits.request_seconds, self._answer(request))
            finally:
                places.leave()
        except ClientGone:
            raise
        except asyncio.CancelledError:
            if not self._places.stopping:
                raise
            failure = failure_of(Unavailable("The server is stopping."), request)
        except FieldstoneError as error:
            failure = failure_of(error, request)
            if failure.code == Internal.code:
                self.log.exception("crashed", id=request.id, route=request.route or request.path)
        except TimeoutError:
            failure = failure_of(Timeout(f"It took longer than {self._limits.request_seconds} seconds."), request)
        except Exception:
            self.log.exception("crashed", id=request.id, route=request.route or request.path)
            failure = crash_of(request)
        return render_failure(failure, self._errors)


def render_failure(failure: Failure, errors: ErrorBody) -> Response:
    """Returns the answer of a failure in the shape of a dialect."""
    return Response(failure.status, encode_json(errors(failure)), headers=failure.headers)
