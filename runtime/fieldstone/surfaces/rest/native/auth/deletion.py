"""Handlers of the end of an account: its user deletes it, an administrator hands over what somebody owns."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.means import required
from fieldstone.identity.own_account import delete_account
from fieldstone.identity.ownership import HandedOver, hand_over
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import clear_session_cookie
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart

Id = Annotated[str, msgspec.Meta(max_length=26)]


class DeleteUserBody(msgspec.Struct):
    """One's own password, asked for again."""

    password: str


class UserDeleted(msgspec.Struct):
    """The account is gone."""

    success: bool
    message: str


class HandOverBody(msgspec.Struct, rename="camel"):
    """Who owns the records now, and who shall."""

    from_user_id: Id
    to_user_id: Id


async def _delete_user(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    body = convert_body(call.body, DeleteUserBody)
    await delete_account(service.means, session, body.password)
    answer = UserDeleted(success=True, message="User deleted")
    return json_answer(answer, clear_session_cookie(call.request), NOT_STORED)


async def _hand_over(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, HandOverBody)
    done = await hand_over(service.means.execute, service.catalog, call.caller, body.from_user_id, body.to_user_id)
    return json_answer(done)


DELETION_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.delete_user": HandlerPart(
        _delete_user, "Delete one's own account", DeleteUserBody, UserDeleted, guessed=True, refusals=(409, 429)
    ),
    "auth.hand_over": HandlerPart(
        _hand_over, "Hand over what somebody owns", HandOverBody, HandedOver, refusals=(404, 409)
    ),
}
"""Handlers over a `SignIn`."""
