"""The handler that has the files of the app read again (contract 8.3)."""

from collections.abc import Mapping
from typing import Any

from fieldstone.services.meta.reloading import Reloaded, Reloading
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart


async def _reload(service: Reloading, call: Call) -> Response:
    return json_answer(await service.reload(call.caller))


RELOAD_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "meta.reload": HandlerPart(_reload, "Read the files of the app again", answer=Reloaded, refusals=(409,)),
}
"""Handlers over a `Reloading`."""
