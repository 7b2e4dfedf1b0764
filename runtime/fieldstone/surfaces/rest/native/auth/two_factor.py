"""Handlers of the second factor: turned on and off by its user, and shown by whoever signs in.

A code comes with a session, where it confirms the second factor, or with the challenge of a sign-in: in the body, or in its cookie, which
counts from the server's own pages alone.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.errors import Unauthenticated
from fieldstone.identity.documents import UserDocument
from fieldstone.identity.means import required
from fieldstone.identity.second_factor import Enrolled, Passed
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import SECOND_STEP_COOKIE, TRUST_COOKIE, clear_cookie, read_cookie, set_cookie
from fieldstone.surfaces.http.origin import foreign_origin, is_same_origin
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn, origin_of, session_headers
from fieldstone.surfaces.rest.table import Call, HandlerPart

Code = Annotated[str, msgspec.Meta(max_length=100)]
Challenge = Annotated[str, msgspec.Meta(max_length=2000)]


class PasswordBody(msgspec.Struct):
    """One's own password, asked for again."""

    password: str


class CodeBody(msgspec.Struct, rename="camel"):
    """A code; `twoFactorToken` is what the sign-in has answered, unless its cookie comes along.

    `trustDevice`: this device is not asked again for thirty days.
    """

    code: Code
    trust_device: bool = False
    two_factor_token: Challenge | None = None


class BackupCodes(msgspec.Struct, rename="camel"):
    """New backup codes; those before are void."""

    status: bool
    backup_codes: tuple[str, ...]


class CodeVerified(msgspec.Struct):
    """Who is signed in now, and the token that shows it; None to a session, which knows its own."""

    token: str | None
    user: UserDocument


async def _enable(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    body = convert_body(call.body, PasswordBody)
    enrolled = await service.second_factor.enable(session, body.password)
    return json_answer(enrolled, NOT_STORED)


async def _disable(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    body = convert_body(call.body, PasswordBody)
    await service.second_factor.disable(session, body.password)
    return json_answer(Done(), clear_cookie(call.request, TRUST_COOKIE), NOT_STORED)


async def _generate(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    body = convert_body(call.body, PasswordBody)
    codes = await service.second_factor.renew_codes(session, body.password)
    return json_answer(BackupCodes(status=True, backup_codes=codes), NOT_STORED)


async def _verify_totp(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, CodeBody)
    session = None if body.two_factor_token is not None else await service.accounts.session(call.credential)
    if session is not None:
        user = await service.second_factor.confirm(session, body.code)
        return json_answer(CodeVerified(token=None, user=user), NOT_STORED)
    challenge, origin = _challenge(call, body), origin_of(call)
    return _passed(
        call, await service.second_factor.pass_by_totp(challenge, body.code, origin, trust=body.trust_device)
    )


async def _verify_backup_code(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, CodeBody)
    challenge, origin = _challenge(call, body), origin_of(call)
    passed = await service.second_factor.pass_by_backup_code(challenge, body.code, origin, trust=body.trust_device)
    return _passed(call, passed)


def _challenge(call: Call, body: CodeBody) -> str:
    """Returns the challenge that a code comes with."""
    if body.two_factor_token is not None:
        return body.two_factor_token
    challenge = read_cookie(call.request, SECOND_STEP_COOKIE)
    if challenge is None:
        raise Unauthenticated("No sign-in waits for a code.", hint="Sign in with your password first.")
    if not is_same_origin(call.request):
        raise foreign_origin(call.request)
    return challenge


def _passed(call: Call, passed: Passed) -> Response:
    headers = [
        *session_headers(call, passed.signed_in, lasting=passed.lasting),
        clear_cookie(call.request, SECOND_STEP_COOKIE),
    ]
    if passed.trusted is not None:
        headers.append(set_cookie(call.request, TRUST_COOKIE, passed.trusted.text, passed.trusted.until))
    return json_answer(CodeVerified(token=passed.signed_in.token, user=passed.signed_in.user), *headers, NOT_STORED)


TWO_FACTOR_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.enable_two_factor": HandlerPart(
        _enable, "Begin to turn two-factor on", PasswordBody, Enrolled, guessed=True, refusals=(409, 429)
    ),
    "auth.disable_two_factor": HandlerPart(
        _disable, "Turn two-factor off", PasswordBody, Done, guessed=True, refusals=(409, 429)
    ),
    "auth.generate_backup_codes": HandlerPart(
        _generate, "New backup codes", PasswordBody, BackupCodes, guessed=True, refusals=(409, 429)
    ),
    "auth.verify_totp": HandlerPart(
        _verify_totp,
        "Show a code of the authenticator",
        CodeBody,
        CodeVerified,
        guessed=True,
        refusals=(401, 403, 409, 429),
    ),
    "auth.verify_backup_code": HandlerPart(
        _verify_backup_code, "Show a backup code", CodeBody, CodeVerified, guessed=True, refusals=(401, 403, 409, 429)
    ),
}
"""Handlers over a `SignIn`."""
