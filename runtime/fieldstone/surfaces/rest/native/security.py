"""Handlers of `/security` and of one's own rights: why somebody may do something, and all that a caller may do (contract 4.8)."""

from collections.abc import Mapping
from typing import Any

from fieldstone.services.explaining import Explaining, Explanation, Question
from fieldstone.services.rights import OwnRights, Rights
from fieldstone.surfaces.http.conditional import tagged
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

_PARAMETERS = (
    ParameterNote("object", "The object."),
    ParameterNote(
        "operation", "What is done: `read`, `create`, `update`, `delete`, `share`, `transfer`, `restore` or `purge`."
    ),
    ParameterNote("userId", "Who does it; oneself unless given."),
    ParameterNote("recordId", "The record that it is done to."),
)


async def _explain(service: Explaining, call: Call) -> Response:
    return json_answer(await service.explain(call.caller, convert_body(call.body, Question)))


async def _explain_by_parameters(service: Explaining, call: Call) -> Response:
    sent = {note.name: call.parameters[note.name] for note in _PARAMETERS if note.name in call.parameters}
    return json_answer(await service.explain(call.caller, convert_body(sent, Question)))


async def _own_rights(service: Rights, call: Call) -> Response:
    return tagged(call.request, encode_json(service.of(call.caller)))


SECURITY_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "security.explain": HandlerPart(
        _explain, "Why somebody may do something, or not", Question, Explanation, refusals=(404,)
    ),
    "security.explain_by_parameters": HandlerPart(
        _explain_by_parameters,
        "Why somebody may do something, or not",
        answer=Explanation,
        parameters=_PARAMETERS,
        refusals=(404,),
    ),
}
"""Handlers over an `Explaining`."""

RIGHTS_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.permissions": HandlerPart(_own_rights, "All that one may do", answer=OwnRights, tagged=True),
}
"""Handlers over a `Rights`."""
