"""Handlers of signing in with a provider, and of the accounts at providers that are linked to a user."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.local_path import with_query
from fieldstone.identity.means import required
from fieldstone.identity.oidc.links import LinkedAccount, list_accounts, unlink_account
from fieldstone.identity.oidc.sign_in import Departure, Landing, Return, Wish
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.cookies import (
    OIDC_COOKIE,
    SECOND_STEP_COOKIE,
    TRUST_COOKIE,
    clear_cookie,
    clear_session_cookie,
    read_cookie,
    set_cookie,
)
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn, origin_of, redirect, session_headers
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

SIGN_IN_PAGE = "/signin"
"""Where a second factor is asked for when the browser comes back from a provider."""

ShortText = Annotated[str, msgspec.Meta(max_length=255)]


class SocialBody(msgspec.Struct, rename={"callback": "callbackURL", "error_callback": "errorCallbackURL"}):
    """The provider, by its name in app.yaml; where to land, and where with an `?error=`: on `callbackURL` unless said."""

    provider: str
    callback: str | None = None
    error_callback: str | None = None


class UnlinkBody(msgspec.Struct, rename="camel"):
    """The provider, and which account there if there are several."""

    provider_id: ShortText
    account_id: ShortText | None = None


class Leaving(msgspec.Struct):
    """Where the browser goes now."""

    url: str
    redirect: bool


async def _begin(service: SignIn, call: Call) -> Response:
    departure = await service.oidc.begin(_wish(call))
    return _leave(call, departure)


async def _link(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    departure = await service.oidc.begin(_wish(call), linking=session)
    return _leave(call, departure)


async def _callback(service: SignIn, call: Call) -> Response:
    back = Return(
        provider=call.path["provider"],
        parameters=call.parameters,
        attempt=read_cookie(call.request, OIDC_COOKIE),
        session=await service.accounts.session(call.credential),
        trusted=read_cookie(call.request, TRUST_COOKIE),
    )
    return _land(call, await service.oidc.complete(back, origin_of(call)))


async def _list(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    return json_answer(await list_accounts(service.means, session), NOT_STORED)


async def _unlink(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, UnlinkBody)
    session = required(await service.accounts.session(call.credential))
    await unlink_account(service.means, session, body.provider_id, body.account_id)
    return json_answer(Done(), NOT_STORED)


def _wish(call: Call) -> Wish:
    body = convert_body(call.body, SocialBody)
    return Wish(body.provider, body.callback, body.error_callback)


def _leave(call: Call, departure: Departure) -> Response:
    kept = set_cookie(call.request, OIDC_COOKIE, departure.attempt, departure.until)
    return json_answer(Leaving(url=departure.address, redirect=True), kept, NOT_STORED)


def _land(call: Call, landing: Landing) -> Response:
    """Returns the way to the page, with the cookies that the end of an attempt sets and clears."""
    page, headers = landing.page, list[Header]([clear_cookie(call.request, OIDC_COOKIE)])
    if landing.error is not None:
        page = with_query(page, error=landing.error)
    if landing.step is not None:
        page = with_query(SIGN_IN_PAGE, step="code", callbackURL=page)
        headers.append(set_cookie(call.request, SECOND_STEP_COOKIE, landing.step.challenge, landing.step.until))
        headers.append(clear_session_cookie(call.request))
    if landing.signed_in is not None:
        headers += session_headers(call, landing.signed_in, lasting=True)
    response = redirect(page)
    response.headers = (*response.headers, *headers)
    return response


STATE = ParameterNote("state", "What ties the answer to the browser that asked.", required=True)
CODE = ParameterNote("code", "What the provider's token endpoint gives an ID token for.")
ERROR = ParameterNote("error", "What the provider says in place of a code.")
ISSUER = ParameterNote("iss", "The issuer of the answer, where the provider names it.")

OIDC_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.sign_in_social": HandlerPart(
        _begin, "Begin to sign in with a provider", SocialBody, Leaving, guessed=True, refusals=(429,)
    ),
    "auth.oidc_callback": HandlerPart(
        _callback,
        "Where a provider sends people back: on to a page",
        status=302,
        parameters=(STATE, CODE, ERROR, ISSUER),
        foreign=True,
        guessed=True,
        refusals=(429,),
    ),
    "auth.link_social": HandlerPart(
        _link, "Begin to link an account at a provider to one's own", SocialBody, Leaving, guessed=True, refusals=(429,)
    ),
    "auth.list_accounts": HandlerPart(_list, "One's linked accounts", answer=LinkedAccount, many=True),
    "auth.unlink_account": HandlerPart(
        _unlink, "End the link to an account at a provider", UnlinkBody, Done, refusals=(404, 409)
    ),
}
"""Handlers over a `SignIn`."""
