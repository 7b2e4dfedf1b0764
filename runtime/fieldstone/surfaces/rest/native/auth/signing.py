"""Handlers of sign-in, sign-up and sign-out, and of who is signed in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.identity.documents import SessionDocument, SignedIn, UserDocument
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import clear_session_cookie, set_session_cookie
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import SignIn, origin_of
from fieldstone.surfaces.rest.table import Call, HandlerPart


class SignInBody(msgspec.Struct, rename="camel"):
    """A sign-in; without `rememberMe` the cookie goes when the browser closes."""

    email: str
    password: str
    remember_me: bool = True


class SignUpBody(msgspec.Struct):
    """A new account."""

    name: str
    email: str
    password: str


class SignedInAnswer(msgspec.Struct):
    """Who is signed in now, and the token that shows it."""

    redirect: bool
    token: str
    user: UserDocument


class SignedOut(msgspec.Struct):
    """The session is over."""

    success: bool


async def _sign_in(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignInBody)
    signed_in = await service.accounts.sign_in(body.email, body.password, origin_of(call))
    return _signed_in(call, signed_in, lasting=body.remember_me)


async def _sign_up(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignUpBody)
    signed_in = await service.accounts.sign_up(body.name, body.email, body.password, origin_of(call))
    return _signed_in(call, signed_in, lasting=True)


async def _sign_out(service: SignIn, call: Call) -> Response:
    await service.accounts.sign_out(call.credential)
    return json_answer(SignedOut(success=True), clear_session_cookie(call.request), NOT_STORED)


async def _get_session(service: SignIn, call: Call) -> Response:
    return json_answer(await service.accounts.session(call.credential), NOT_STORED)


def _signed_in(call: Call, signed_in: SignedIn, *, lasting: bool) -> Response:
    cookie = set_session_cookie(call.request, signed_in.token, signed_in.expires_at if lasting else None)
    token: Header = (b"set-auth-token", signed_in.token.encode())
    answer = SignedInAnswer(redirect=False, token=signed_in.token, user=signed_in.user)
    return json_answer(answer, cookie, token, NOT_STORED)


SIGNING_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.sign_in": HandlerPart(_sign_in, "Sign in with an e-mail address and a password", SignInBody, SignedInAnswer),
    "auth.sign_up": HandlerPart(_sign_up, "Make an account and sign it in", SignUpBody, SignedInAnswer),
    "auth.sign_out": HandlerPart(_sign_out, "End the session", answer=SignedOut),
    "auth.get_session": HandlerPart(_get_session, "Who is signed in; null for nobody", answer=SessionDocument),
}
"""Handlers over a `SignIn`."""
