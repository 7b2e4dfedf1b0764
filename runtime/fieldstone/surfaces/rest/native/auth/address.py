"""Handlers of one's e-mail address, and of one's name and picture: asked for, verified by a link, changed."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.identity.documents import UserDocument
from fieldstone.identity.email_change import request_change
from fieldstone.identity.email_verification import send_verification, verify_email
from fieldstone.identity.local_path import local_path, with_query
from fieldstone.identity.means import required
from fieldstone.identity.own_account import update_user
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import CALLBACK, Done, SignIn, redirect
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

TOKEN = ParameterNote("token", "The token of the mail.", required=True)


class VerificationBody(msgspec.Struct, rename={"callback": "callbackURL"}):
    """The address to be verified, and the page to which the link leads on."""

    email: str
    callback: str | None = None


class ChangeEmailBody(msgspec.Struct, rename={"new_email": "newEmail", "callback": "callbackURL"}):
    """The new address, and the page to which the link leads on."""

    new_email: str
    callback: str | None = None


class UpdateUserBody(msgspec.Struct):
    """A new name, a new picture; null takes the picture away."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    image: str | msgspec.UnsetType | None = msgspec.UNSET


class Verified(msgspec.Struct):
    """The address is verified."""

    status: bool
    user: UserDocument


async def _send(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, VerificationBody)
    await send_verification(service.means, body.email, body.callback, languages_of(call.request))
    return json_answer(Done(), NOT_STORED)


async def _verify(service: SignIn, call: Call) -> Response:
    callback = call.parameters.get(CALLBACK.name)
    if callback is not None:
        local_path(callback, CALLBACK.name)
    try:
        user = await verify_email(service.means, call.parameters.get(TOKEN.name, ""))
    except Invalid as refusal:
        if callback is None:
            raise
        return redirect(with_query(callback, error=refusal.details["reason"]))
    return json_answer(Verified(status=True, user=user), NOT_STORED) if callback is None else redirect(callback)


async def _change(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, ChangeEmailBody)
    session = required(await service.accounts.session(call.credential))
    languages = languages_of(call.request)
    await request_change(service.means, session, body.new_email, body.callback, languages)
    return json_answer(Done(), NOT_STORED)


async def _update(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, UpdateUserBody)
    session = required(await service.accounts.session(call.credential))
    sent = {"name": body.name, "image": body.image}
    values = {name: value for name, value in sent.items() if value is not msgspec.UNSET}
    await update_user(service.means, session, values)
    return json_answer(Done(), NOT_STORED)


ADDRESS_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.send_verification": HandlerPart(
        _send, "Ask for a mail by which to verify one's address", VerificationBody, Done, guessed=True, refusals=(429,)
    ),
    "auth.verify_email": HandlerPart(
        _verify,
        "Where the link in that mail leads",
        answer=Verified,
        parameters=(TOKEN, CALLBACK),
        guessed=True,
        refusals=(409, 429),
    ),
    "auth.change_email": HandlerPart(
        _change, "Ask to change one's address", ChangeEmailBody, Done, guessed=True, refusals=(409, 429)
    ),
    "auth.update_user": HandlerPart(_update, "Change one's name or picture", UpdateUserBody, Done),
}
"""Handlers over a `SignIn`."""
