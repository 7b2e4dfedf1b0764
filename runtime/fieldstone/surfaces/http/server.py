"""The server's ASGI application: the faces by their base paths, and a few fixed routes. The edge stands around it.

Everything below its base path is a face's own. Whatever leads nowhere is answered in the same shape as everything else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from fieldstone.errors import MethodNotAllowed
from fieldstone.log import Log
from fieldstone.settings import Limits
from fieldstone.surfaces.http.dispatcher import Answer, Dispatcher
from fieldstone.surfaces.http.edge import REQUEST, Asgi
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.errors import ErrorBody, no_route
from fieldstone.surfaces.http.metrics import Metrics
from fieldstone.surfaces.http.places import Places
from fieldstone.surfaces.http.request import Request, Response

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
    metrics: Metrics,
) -> Callable[[str], Asgi]:
    """Returns what tells the application of a path.

    `faces` are by base path; `aliases` are fixed paths that answer as a path of a face does; `ready` raises while the
    server cannot work, and returns what else is to be told; `metrics` tell how it works.
    """
    fixed: dict[str, Asgi] = {}
    for alias, target in aliases.items():
        base = max((base for base in faces if target.startswith(f"{base}/")), key=len)
        fixed[alias] = _renamed(faces[base], target)
    watching = {
        "/health": _reading("/health", _health),
        "/ready": _reading("/ready", _ready(ready)),
        "/metrics": metrics.guarded(_reading("/metrics", metrics.answer)),
    }
    for path, answer in watching.items():
        # Whoever watches over the server is answered at once, however much waits.
        fixed[path] = _dispatched(answer, shell)
    return _by_path(faces, fixed, _dispatched(_astray, shell))


def _dispatched(answer: Answer, shell: Shell) -> Dispatcher:
    return Dispatcher(answer, shell.errors, shell.limits, shell.log, Places(shell.limits))


def _by_path(faces: Mapping[str, Dispatcher], fixed: Mapping[str, Asgi], astray: Asgi) -> Callable[[str], Asgi]:
    """Returns the faces, each below its base path (the longest that fits), the fixed routes, and what answers on every other path."""
    by_length = sorted(faces.items(), key=lambda face: -len(face[0]))
    prefixes = tuple((base, f"{base}/", dispatcher) for base, dispatcher in by_length)

    def application(path: str) -> Asgi:
        for base, below, dispatcher in prefixes:
            if path.startswith(below) or path == base:
                return dispatcher
        return fixed.get(path.rstrip("/"), astray)

    return application


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


def _renamed(dispatcher: Dispatcher, target: str) -> Asgi:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope[REQUEST].path = target
        await dispatcher(scope, receive, send)

    return application


async def _astray(request: Request) -> Response:
    raise no_route(request)
