"""Handlers of a user's own sessions."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.documents import ListedSession
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import clear_session_cookie
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart


class RevokeBody(msgspec.Struct):
    """The session to end: its `token` as the list tells it, which is its id, or the token itself."""

    token: Annotated[str, msgspec.Meta(max_length=200)]


async def _list(service: SignIn, call: Call) -> Response:
    return json_answer(await service.sessions.list(call.caller, call.credential), NOT_STORED)


async def _revoke(service: SignIn, call: Call) -> Response:
    await service.sessions.revoke(call.caller, convert_body(call.body, RevokeBody).token)
    return json_answer(Done(), NOT_STORED)


async def _revoke_all(service: SignIn, call: Call) -> Response:
    await service.sessions.revoke_all(call.caller)
    return json_answer(Done(), clear_session_cookie(call.request), NOT_STORED)


async def _revoke_others(service: SignIn, call: Call) -> Response:
    await service.sessions.revoke_others(call.caller, call.credential)
    return json_answer(Done(), NOT_STORED)


SESSION_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.list_sessions": HandlerPart(_list, "One's own sessions, the latest first", answer=ListedSession, many=True),
    "auth.revoke_session": HandlerPart(_revoke, "End one of one's own sessions", RevokeBody, Done, refusals=(404,)),
    "auth.revoke_sessions": HandlerPart(_revoke_all, "End all one's own sessions, this one too", answer=Done),
    "auth.revoke_other_sessions": HandlerPart(_revoke_others, "End all one's own sessions but this one", answer=Done),
}
"""Handlers over a `SignIn`."""
