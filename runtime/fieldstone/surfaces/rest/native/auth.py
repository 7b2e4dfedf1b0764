"""Handlers of sign-in, sign-up, sign-out, sessions and API keys, in Better Auth's spelling (contract section 5)."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.accounts import Accounts
from fieldstone.identity.documents import SessionDocument, SignedIn, UserDocument
from fieldstone.identity.keys import NewKey
from fieldstone.identity.sessions import Origin
from fieldstone.kinds.app import Auth
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import clear_session_cookie, set_session_cookie
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart

ShortText = Annotated[str, msgspec.Meta(max_length=200)]


class SignIn(msgspec.Struct, frozen=True):
    """What the handlers of this module work with: the accounts, and what the app says of signing in."""

    accounts: Accounts
    auth: Auth


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


class KeyBody(msgspec.Struct):
    """An API key to be made; no `scopes` means no limit but the maker's own rights."""

    name: ShortText = "API key"
    expires_at: str | None = None
    scopes: list[str] | None = None


class SignedInAnswer(msgspec.Struct):
    """Who is signed in now, and the token that shows it."""

    redirect: bool
    token: str
    user: UserDocument


class SignedOut(msgspec.Struct):
    """The session is over."""

    success: bool


class EmailPassword(msgspec.Struct, rename="camel"):
    """What signing in with a password allows."""

    enabled: bool
    disable_sign_up: bool
    require_email_verification: bool


class AuthConfig(msgspec.Struct, rename="camel"):
    """How one may sign in."""

    email_password: EmailPassword
    social_providers: list[str]
    features: dict[str, bool]


async def _sign_in(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignInBody)
    signed_in = await service.accounts.sign_in(body.email, body.password, _origin(call))
    return _signed_in(call, signed_in, lasting=body.remember_me)


async def _sign_up(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, SignUpBody)
    signed_in = await service.accounts.sign_up(body.name, body.email, body.password, _origin(call))
    return _signed_in(call, signed_in, lasting=True)


async def _sign_out(service: SignIn, call: Call) -> Response:
    await service.accounts.sign_out(call.credential)
    return json_answer(SignedOut(success=True), clear_session_cookie(call.request), NOT_STORED)


async def _get_session(service: SignIn, call: Call) -> Response:
    return json_answer(await service.accounts.session(call.credential), NOT_STORED)


async def _config(service: SignIn, _call: Call) -> Response:
    by_password = EmailPassword(
        enabled=True, disable_sign_up=not service.auth.sign_up, require_email_verification=False
    )
    features = {"twoFactor": False, "organization": False}
    return json_answer(AuthConfig(email_password=by_password, social_providers=[], features=features))


async def _create_key(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, KeyBody)
    key = await service.accounts.create_key(call.caller, body.name, body.expires_at, body.scopes)
    return json_answer(key, NOT_STORED, status=201)


def _signed_in(call: Call, signed_in: SignedIn, *, lasting: bool) -> Response:
    cookie = set_session_cookie(call.request, signed_in.token, signed_in.expires_at if lasting else None)
    token: Header = (b"set-auth-token", signed_in.token.encode())
    answer = SignedInAnswer(redirect=False, token=signed_in.token, user=signed_in.user)
    return json_answer(answer, cookie, token, NOT_STORED)


def _origin(call: Call) -> Origin:
    return Origin(address=call.request.address, user_agent=call.request.header(b"user-agent"))


AUTH_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.sign_in": HandlerPart(_sign_in, "Sign in with an e-mail address and a password", SignInBody, SignedInAnswer),
    "auth.sign_up": HandlerPart(_sign_up, "Make an account and sign it in", SignUpBody, SignedInAnswer),
    "auth.sign_out": HandlerPart(_sign_out, "End the session", answer=SignedOut),
    "auth.get_session": HandlerPart(_get_session, "Who is signed in; null for nobody", answer=SessionDocument),
    "auth.config": HandlerPart(_config, "How one may sign in", answer=AuthConfig),
    "auth.create_key": HandlerPart(_create_key, "Make an API key; it is shown this once", KeyBody, NewKey, status=201),
}
"""Handlers over a `SignIn`."""
