"""Handlers of the device flow (RFC 8628): a device asks for codes and for its token, a signed-in user answers.

The device's two routes take a form or JSON, and refuse in the shape of OAuth 2 (RFC 6749, 5.2).
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.identity.device.consent import Answer, DeviceRequest
from fieldstone.identity.device.polling import Codes, Granted
from fieldstone.identity.means import required
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
ShortText = Annotated[str, msgspec.Meta(max_length=1000)]
USER_CODE = ParameterNote("user_code", "The code that the device shows.", required=True)

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_client": "No such program is declared here.",
    "invalid_scope": "The program may not ask for this.",
    "invalid_grant": "The device code is not known to this program, or was used.",
    "unsupported_grant_type": f"`grant_type` is `{GRANT_TYPE}`.",
    "authorization_pending": "Nobody has answered yet.",
    "slow_down": "Ask less often: wait five seconds longer from now on.",
    "access_denied": "The user has refused.",
    "expired_token": "The time to answer is over.",
}


class DeviceCodeBody(msgspec.Struct):
    """The program that asks, and for which scopes, with blanks between them."""

    client_id: ShortText
    scope: ShortText | None = None


class DeviceTokenBody(msgspec.Struct):
    """The device code again, of the same program."""

    grant_type: ShortText
    device_code: ShortText
    client_id: ShortText


class DeviceAnswerBody(msgspec.Struct, rename="camel"):
    """The code that the device shows."""

    user_code: ShortText


class DeviceToken(msgspec.Struct):
    """The token, shown this once."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class DeviceRefusal(msgspec.Struct):
    """Why a device gets no codes, or no token yet (RFC 6749, section 5.2)."""

    error: str
    error_description: str


async def _code(service: SignIn, call: Call) -> Response:
    try:
        body = convert_body(call.body, DeviceCodeBody)
    except Invalid as fault:
        return _refusal("invalid_request", fault.faults[0].message if fault.faults else fault.message)
    wanted = tuple(body.scope.split()) if body.scope else None
    begun = await service.devices.polling.begin(body.client_id, wanted)
    return json_answer(begun, NOT_STORED) if isinstance(begun, Codes) else _refusal(begun)


async def _token(service: SignIn, call: Call) -> Response:
    try:
        body = convert_body(call.body, DeviceTokenBody)
    except Invalid as fault:
        return _refusal("invalid_request", fault.faults[0].message if fault.faults else fault.message)
    if body.grant_type != GRANT_TYPE:
        return _refusal("unsupported_grant_type")
    outcome = await service.devices.polling.poll(body.device_code, body.client_id)
    if not isinstance(outcome, Granted):
        return _refusal(outcome)
    scope = " ".join(outcome.scopes or ())
    return json_answer(DeviceToken(outcome.token, "Bearer", outcome.expires_in, scope), NOT_STORED)


async def _look(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    code = call.parameters.get(USER_CODE.name, "")
    return json_answer(await service.devices.consent.look(session, code), NOT_STORED)


async def _approve(service: SignIn, call: Call) -> Response:
    return await _answer(service, call, "approved")


async def _deny(service: SignIn, call: Call) -> Response:
    return await _answer(service, call, "denied")


async def _answer(service: SignIn, call: Call, answer: Answer) -> Response:
    body = convert_body(call.body, DeviceAnswerBody)
    session = required(await service.accounts.session(call.credential))
    await service.devices.consent.answer(session, body.user_code, answer)
    return json_answer(Done(), NOT_STORED)


def _refusal(error: str, description: str | None = None) -> Response:
    body = DeviceRefusal(error, description or DESCRIPTIONS[error])
    return Response(400, encode_json(body), headers=(NOT_STORED,))


DEVICE_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.device_code": HandlerPart(
        _code,
        "Codes for a device without a browser",
        DeviceCodeBody,
        Codes,
        refusal=DeviceRefusal,
        form=True,
        guessed=True,
        refusals=(429,),
    ),
    "auth.device_token": HandlerPart(
        _token, "The device's token, once", DeviceTokenBody, DeviceToken, refusal=DeviceRefusal, form=True
    ),
    "auth.device": HandlerPart(
        _look,
        "Which device waits under a code",
        answer=DeviceRequest,
        parameters=(USER_CODE,),
        guessed=True,
        refusals=(404, 429),
    ),
    "auth.approve_device": HandlerPart(
        _approve, "Let a device in", DeviceAnswerBody, Done, guessed=True, refusals=(404, 409, 429)
    ),
    "auth.deny_device": HandlerPart(
        _deny, "Turn a device away", DeviceAnswerBody, Done, guessed=True, refusals=(404, 409, 429)
    ),
}
"""Handlers over a `SignIn`."""
