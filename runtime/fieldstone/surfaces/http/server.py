"""The server's ASGI application: the faces by their base paths, and Litestar for the fixed routes. The edge stands around it.

A face stands before Litestar's router, not behind it: everything below its base path is its own, so there is nothing to route twice.
Whatever leads nowhere is answered in the same shape as everything else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Litestar, asgi
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from fieldstone.errors import FieldstoneError, Invalid, MethodNotAllowed, NotFound
from fieldstone.log import Log
from fieldstone.query.names import shown
from fieldstone.settings import Limits
from fieldstone.surfaces.http.dispatcher import Answer, Dispatcher, render_failure
from fieldstone.surfaces.http.edge import REQUEST, Asgi
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.errors import ErrorBody, crash_of, failure_of
from fieldstone.surfaces.http.places import Places
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.http.send import common_headers

Ready = Callable[[], Awaitable[Mapping[str, Any]]]
READ_ONLY = ("GET", "HEAD", "OPTIONS")


class Shell(msgspec.Struct, frozen=True, eq=False):
    """What stands outside every face: the shape of errors there, the limits and the log."""

    errors: ErrorBody
    limits: Limits
    log: Log


def make_application(
    shell: Shell,
    faces: Mapping[str, Dispatcher],
    aliases: Mapping[str, str],
    ready: Ready,
) -> Asgi:
    """Returns the application.

    `faces` are by base path; `aliases` are fixed paths that answer as a path of a face does; `ready` raises while the
    server cannot work, and returns what else is to be told.
    """
    routes = []
    for alias, target in aliases.items():
        base = max((base for base in faces if target.startswith(f"{base}/")), key=len)
        routes.append(_route(alias, _renamed(faces[base], target)))
    for path, answer in (("/health", _health), ("/ready", _ready(ready))):
        # Whoever watches over the server is answered at once, however much waits.
        dispatcher = Dispatcher(_reading(path, answer), shell.errors, shell.limits, shell.log, Places(shell.limits))
        routes.append(_route(path, dispatcher))
    application = Litestar(
        routes, openapi_config=None, logging_config=None, exception_handlers={Exception: _astray(shell)}
    )
    return _before(faces, application)


def _before(faces: Mapping[str, Dispatcher], application: Asgi) -> Asgi:
    """Returns the faces, each below its base path (the longest that fits), and the application for every other path."""
    by_length = sorted(faces.items(), key=lambda face: -len(face[0]))
    prefixes = tuple((base, f"{base}/", dispatcher) for base, dispatcher in by_length)

    async def route(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        for base, below, dispatcher in prefixes:
            if path.startswith(below) or path == base:
                await dispatcher(scope, receive, send)
                return
        await application(scope, receive, send)

    return route


async def _health(_request: Request) -> Response:
    return Response(200, encode_json({"status": "ok"}))


def _ready(ready: Ready) -> Answer:
    async def answer(_request: Request) -> Response:
        return Response(200, encode_json({"status": "ready", **await ready()}))

    return answer


def _reading(path: str, answer: Answer) -> Answer:
    """Returns the answer of a fixed route that only reads."""

    async def checked(request: Request) -> Response:
        request.route = path
        if request.method not in READ_ONLY:
            raise MethodNotAllowed(f"{request.method} is not answered here.", details={"allow": list(READ_ONLY)})
        if request.method == "OPTIONS":
            return Response(204, b"", headers=((b"allow", ", ".join(READ_ONLY).encode()),))
        return await answer(request)

    return checked


def _route(path: str, application: Asgi) -> ASGIRouteHandler:
    @asgi(path, copy_scope=False)
    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)

    return route


def _renamed(dispatcher: Dispatcher, target: str) -> Asgi:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope[REQUEST].path = target
        await dispatcher(scope, receive, send)

    return application


def _astray(shell: Shell) -> Callable[[LitestarRequest[Any, Any, Any], Exception], LitestarResponse[bytes]]:
    """Returns the handler of what Litestar itself refuses: paths that lead nowhere, above all."""

    def answer(litestar_request: LitestarRequest[Any, Any, Any], error: Exception) -> LitestarResponse[bytes]:
        scope: Mapping[str, Any] = dict(litestar_request.scope)
        request: Request = scope[REQUEST]
        refusal = _refusal(request, error)
        if refusal is None:
            shell.log.error("crashed", id=request.id, route=request.path, exc_info=error)
        failure = crash_of(request) if refusal is None else failure_of(refusal, request)
        response = render_failure(failure, shell.errors)
        request.status = response.status
        headers = {name.decode(): value.decode() for name, value in common_headers(request, response)}
        return LitestarResponse(
            response.body, status_code=response.status, media_type="application/json", headers=headers
        )

    return answer


def _refusal(request: Request, error: Exception) -> FieldstoneError | None:
    if isinstance(error, FieldstoneError):
        return error
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return NotFound(f"No route {request.method} {shown(request.path)}.")
    return Invalid("The request is not valid HTTP.") if 400 <= status < 500 else None
