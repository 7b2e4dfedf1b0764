"""Handlers of passwords: forgotten, chosen anew by a link, changed by whoever knows the old one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.identity.documents import UserDocument
from fieldstone.identity.local_path import local_path, with_query
from fieldstone.identity.means import required
from fieldstone.identity.own_account import change_password
from fieldstone.identity.password_reset import forget_password, is_open, reset_password
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import CALLBACK, Done, SignIn, origin_of, redirect, session_headers
from fieldstone.surfaces.rest.table import Call, HandlerPart


class ForgetBody(msgspec.Struct, rename={"redirect_to": "redirectTo"}):
    """Whose password is forgotten, and the page that asks for a new one: it is given `?token=`, or `?error=`."""

    email: str
    redirect_to: str | None = None


class ResetBody(msgspec.Struct, rename="camel"):
    """A new password, and the token of the link."""

    token: str
    new_password: str


class ChangePasswordBody(msgspec.Struct, rename="camel"):
    """A new password; `revokeOtherSessions` ends all sessions but a new one, which takes the place of this one."""

    current_password: str
    new_password: str
    revoke_other_sessions: bool = False


class PasswordChanged(msgspec.Struct):
    """The user, and the token of the new session if there is one."""

    token: str | None
    user: UserDocument


async def _forget(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, ForgetBody)
    await forget_password(service.means, body.email, body.redirect_to, languages_of(call.request))
    return json_answer(Done(), NOT_STORED)


async def _return(service: SignIn, call: Call) -> Response:
    page = local_path(call.parameters.get(CALLBACK.name, service.auth.reset_page), CALLBACK.name)
    token = call.path["token"]
    if await is_open(service.means, token):
        return redirect(with_query(page, token=token))
    return redirect(with_query(page, error="INVALID_TOKEN"))


async def _reset(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, ResetBody)
    await reset_password(service.means, body.token, body.new_password)
    return json_answer(Done(), NOT_STORED)


async def _change(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, ChangePasswordBody)
    session = required(await service.accounts.session(call.credential))
    user, opened = await change_password(
        service.means,
        session,
        body.current_password,
        body.new_password,
        origin_of(call),
        revoke_others=body.revoke_other_sessions,
    )
    answer = PasswordChanged(token=None if opened is None else opened.token, user=user)
    headers = () if opened is None else session_headers(call, opened, lasting=True)
    return json_answer(answer, *headers, NOT_STORED)


PASSWORD_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.forget_password": HandlerPart(
        _forget, "Ask for a mail by which to choose a new password", ForgetBody, Done, guessed=True, refusals=(429,)
    ),
    "auth.return_to_reset": HandlerPart(
        _return,
        "Where the link in that mail leads: on to a page",
        status=302,
        parameters=(CALLBACK,),
        guessed=True,
        refusals=(429,),
    ),
    "auth.reset_password": HandlerPart(
        _reset, "Choose a new password with the token of a mail", ResetBody, Done, guessed=True, refusals=(429,)
    ),
    "auth.change_password": HandlerPart(
        _change, "Change one's password", ChangePasswordBody, PasswordChanged, guessed=True, refusals=(429,)
    ),
}
"""Handlers over a `SignIn`."""
