"""Named handlers: functions over a service, put together with that service into what a route calls.

A face, or a part of one, keeps its handlers in a table, name -> `HandlerPart`; `app.py` binds each table to its service.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.table import Handler, HandlerPart, Service

NOT_STORED: Header = (b"cache-control", b"no-store")
"""For answers that hold a secret: no cache may keep them."""


def bind_handlers(parts: Mapping[str, HandlerPart[Service]], service: Service) -> dict[str, Handler]:
    """Returns the handlers of a table over their service."""
    return {name: Handler(part, partial(part.function, service)) for name, part in parts.items()}


def json_answer(
    value: msgspec.Struct | Sequence[msgspec.Struct] | None, *headers: Header, status: int = 200
) -> Response:
    """Returns the answer of a value, as it is: no envelope."""
    return Response(status, encode_json(value), headers=headers)
