"""Handlers of sign-in, sign-up and sign-out, and of who is signed in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.identity.documents import SessionDocument, UserDocument
from fieldstone.identity.invited_sign_up import sign_up_invited
from fieldstone.identity.second_step import SecondStepNeeded
from fieldstone.identity.sign_up import NewAccount, sign_up
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import (
    SECOND_STEP_COOKIE,
    TRUST_COOKIE,
    clear_session_cookie,
    read_cookie,
    set_cookie,
)
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import SignIn, origin_of, session_headers
from fieldstone.surfaces.rest.table import Call, HandlerPart


class SignInBody(msgspec.Struct, rename="camel"):
    """A sign-in; without `rememberMe` the cookie goes when the browser closes."""

    email: str
    password: str
    remember_me: bool = True


class SignUpBody(msgspec.Struct, rename={"callback": "callbackURL", "invitation": "invitationId"}):
    """A new account, and the page to which the link in its mail leads on, or the token of an invitation that it takes up."""

    name: str
    email: str
    password: str
    callback: str | None = None
    invitation: str | None = None


class SignedInAnswer(msgspec.Struct):
    """Who is signed in now, and the token that shows it."""

    redirect: bool
    token: str
    user: UserDocument


class SignedUpAnswer(msgspec.Struct):
    """Who is signed in now; nobody, where the address has to be verified first."""

    redirect: bool
    token: str | None
    user: UserDocument | None


class SecondStepAnswer(msgspec.Struct, rename="camel"):
    """Nobody is signed in yet: the user shows a code of his second factor, with the cookie or the token that came with this."""

    two_factor_redirect: bool
    two_factor_token: str


class SignedOut(msgspec.Struct):
    """The session is over."""

    success: bool


async def _sign_in(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignInBody)
    trusted = read_cookie(call.request, TRUST_COOKIE)
    signed_in = await service.accounts.sign_in(
        body.email, body.password, origin_of(call), lasting=body.remember_me, trusted=trusted
    )
    if isinstance(signed_in, SecondStepNeeded):
        challenge = set_cookie(call.request, SECOND_STEP_COOKIE, signed_in.challenge, signed_in.until)
        asking = SecondStepAnswer(two_factor_redirect=True, two_factor_token=signed_in.challenge)
        return json_answer(asking, challenge, clear_session_cookie(call.request), NOT_STORED)
    answer = SignedInAnswer(redirect=False, token=signed_in.token, user=signed_in.user)
    return json_answer(answer, *session_headers(call, signed_in, lasting=body.remember_me), NOT_STORED)


async def _sign_up(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignUpBody)
    wanted = NewAccount(body.name, body.email, body.password, body.callback, languages_of(call.request))
    if body.invitation is None:
        signed_in = await sign_up(service.means, wanted, origin_of(call))
    else:
        signed_in = await sign_up_invited(service.organizations, wanted, body.invitation, origin_of(call))
    if signed_in is None:
        return json_answer(SignedUpAnswer(redirect=False, token=None, user=None), NOT_STORED)
    answer = SignedUpAnswer(redirect=False, token=signed_in.token, user=signed_in.user)
    return json_answer(answer, *session_headers(call, signed_in, lasting=True), NOT_STORED)


async def _sign_out(service: SignIn, call: Call) -> Response:
    await service.accounts.sign_out(call.credential)
    return json_answer(SignedOut(success=True), clear_session_cookie(call.request), NOT_STORED)


async def _get_session(service: SignIn, call: Call) -> Response:
    return json_answer(await service.accounts.session(call.credential), NOT_STORED)


SIGNING_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.sign_in": HandlerPart(
        _sign_in,
        "Sign in with an e-mail address and a password",
        SignInBody,
        SignedInAnswer,
        or_else=SecondStepAnswer,
        guessed=True,
        refusals=(401, 403, 429),
    ),
    "auth.sign_up": HandlerPart(
        _sign_up, "Make an account and sign it in", SignUpBody, SignedUpAnswer, guessed=True, refusals=(403, 409, 429)
    ),
    "auth.sign_out": HandlerPart(_sign_out, "End the session", answer=SignedOut),
    "auth.get_session": HandlerPart(
        _get_session, "Who is signed in; null for nobody", answer=SessionDocument, or_null=True
    ),
}
"""Handlers over a `SignIn`."""
