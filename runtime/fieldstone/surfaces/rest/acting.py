"""Routes to actions: by their names, and as declared routes of their own (contract 6.2).

A call by name answers `{success, data}`, a declared route the result as it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.outcome import Onward
from fieldstone.flows.actions.calling import Calling, Forward
from fieldstone.registry.catalog import Action
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.parameters import take_flag
from fieldstone.surfaces.http.request import JSON, Response
from fieldstone.surfaces.rest.table import CALL, DRY_RUN, Call, HandlerPart, ParameterNote

BOUND = "actions.bound"
"""The handler of a route that names an action; no declaration names it itself."""

_DRY = ParameterNote(DRY_RUN, "`true`: answers what the call would answer, and changes nothing.", {"type": "boolean"})


class ActionInput(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What an action is told: its parameters under `params`, or each under its own name beside `recordId`."""

    record_id: str | None = None
    params: dict[str, Any] | None = None


class ActionAnswer(msgspec.Struct):
    """What came of an action."""

    success: bool
    data: Any


async def _call(service: Calling, call: Call) -> Response:
    name, object_name, record_id = call.path["action"], call.path.get("object"), call.path.get("record_id")
    result = await _result(service, call, service.find(name, object_name), record_id)
    return Response(200, encode_json(ActionAnswer(success=True, data=result)))


async def _bound(service: Calling, call: Call) -> Response:
    action = service.find(str(call.route.declaration.action))
    return Response(200, call.wrapped(await _result(service, call, action, call.path.get("id"))))


async def _result(service: Calling, call: Call, action: Action, record_id: str | None) -> Any:
    dry = take_flag(call.parameters, DRY_RUN)
    return await service.call(call.caller, action, call.body, record_id, _forward(call), dry=dry)


def _forward(call: Call) -> Forward:
    """Returns what makes a request on the same surface, with the credential of the call."""

    async def forward(onward: Onward) -> Any:
        body = encode_json(onward.body)

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        request = msgspec.structs.replace(
            call.request,
            method=onward.method or "POST",
            path=call.dialect.api.base_path + onward.target,
            query=b"",
            headers={**call.request.headers, b"content-type": JSON, b"content-length": b"%d" % len(body)},
            receive=receive,
        )
        answer = await call.forward(request)
        return msgspec.Raw(answer.body) if answer.body else None

    return forward


ACTION_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    CALL: HandlerPart(_call, "Call an action", ActionInput, ActionAnswer, parameters=(_DRY,), refusals=(404, 409)),
}
"""Handlers over a `Calling` that a declaration may name."""

BOUND_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    BOUND: HandlerPart(_bound, "Call an action", ActionInput, parameters=(_DRY,), refusals=(404, 409)),
}
"""Handlers over a `Calling` that answer routes which name an action."""
