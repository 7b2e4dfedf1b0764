"""The page for signing in: by password, by a provider, and the second step after either."""

from collections.abc import Mapping
from html import escape

from fieldstone.errors import FieldstoneError
from fieldstone.identity.local_path import with_query
from fieldstone.identity.oidc.sign_in import Wish
from fieldstone.identity.second_step import SecondStepNeeded
from fieldstone.surfaces.http.cookies import (
    OIDC_COOKIE,
    SECOND_STEP_COOKIE,
    TRUST_COOKIE,
    clear_cookie,
    read_cookie,
    set_cookie,
    set_session_cookie,
)
from fieldstone.surfaces.http.errors import failure_of
from fieldstone.surfaces.http.request import Header, Request, Response
from fieldstone.surfaces.signin.html import button, complaint, field, form, go_on, link, page, paragraph
from fieldstone.surfaces.signin.service import FORGOTTEN, PageService, origin_of, page_after

PATH = "/signin"
CALLBACK = "callbackURL"
Fields = Mapping[str, str]

ERRORS: Mapping[str, str] = {
    "access_denied": "The provider has refused.",
    "email_not_verified": "The provider does not vouch for your e-mail address.",
    "account_not_linked": "Your e-mail address is known here already: sign in the way you are used to, then link the account.",
    "account_linked_elsewhere": "That account is linked to somebody else.",
    "account_not_active": "Your account is not active.",
    "signup_disabled": "You have no account here yet. An administrator can make one.",
    "domain_not_allowed": "E-mail addresses of your domain are not taken here.",
    "provider_unavailable": "The provider cannot be reached. Try again later.",
}
"""What is said of the errors of a provider's sign-in that somebody can do something about."""

OTHER_ERROR = "Signing in did not work. Try again."


async def show(service: PageService, _request: Request, asked: Fields) -> Response:
    """Returns the page: for a code when a second step is being taken."""
    after = page_after(asked.get(CALLBACK))
    if asked.get("step") == "code":
        return _code_page(after)
    said = ERRORS.get(asked["error"], OTHER_ERROR) if "error" in asked else None
    return _sign_in_page(service, after, wrong=said)


async def sign_in(service: PageService, request: Request, sent: Fields) -> Response:
    """Signs in by password; shows the page again, with the address, when that is refused."""
    after, email = page_after(sent.get(CALLBACK)), sent.get("email", "")
    trusted = read_cookie(request, TRUST_COOKIE)
    try:
        done = await service.accounts.sign_in(email, sent.get("password", ""), origin_of(request), trusted=trusted)
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return _sign_in_page(service, after, email, failure.message, failure.status, failure.headers)
    if isinstance(done, SecondStepNeeded):
        challenge = set_cookie(request, SECOND_STEP_COOKIE, done.challenge, done.until)
        return go_on(with_query(PATH, step="code", callbackURL=after), challenge)
    return go_on(after, set_session_cookie(request, done.token, done.expires_at))


async def show_code(service: PageService, request: Request, sent: Fields) -> Response:
    """Takes the second step: by a code of the authenticator (six digits), else by a backup code."""
    after, code = page_after(sent.get(CALLBACK)), sent.get("code", "").strip()
    challenge = read_cookie(request, SECOND_STEP_COOKIE) or ""
    totp = len(code) == 6 and code.isdigit()
    take = service.second_factor.pass_by_totp if totp else service.second_factor.pass_by_backup_code
    try:
        passed = await take(challenge, code, origin_of(request), trust=False)
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return _code_page(after, failure.message, failure.status, failure.headers)
    session = set_session_cookie(
        request, passed.signed_in.token, passed.signed_in.expires_at if passed.lasting else None
    )
    return go_on(after, session, clear_cookie(request, SECOND_STEP_COOKIE))


async def leave(service: PageService, request: Request, sent: Fields) -> Response:
    """Sends the browser on to a provider, by a page: a form may lead nowhere but to this server."""
    after = page_after(sent.get(CALLBACK))
    wish = Wish(sent.get("provider", ""), after, with_query(PATH, callbackURL=after))
    try:
        departure = await service.oidc.begin(wish)
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return _sign_in_page(service, after, "", failure.message, failure.status, failure.headers)
    address = escape(departure.address)
    return page(
        "On to the provider",
        f'<p><a href="{address}" rel="noreferrer">Go on</a></p>\n',
        head=f'<meta http-equiv="refresh" content="0;url={address}">\n',
        headers=(set_cookie(request, OIDC_COOKIE, departure.attempt, departure.until),),
    )


def _sign_in_page(
    service: PageService,
    after: str,
    email: str = "",
    wrong: str | None = None,
    status: int = 200,
    headers: tuple[Header, ...] = (),
) -> Response:
    hidden = {CALLBACK: after}
    by_password = form(
        PATH,
        field("email", "E-mail", "email", email, autocomplete="username"),
        field("password", "Password", "password", autocomplete="current-password"),
        button("Sign in"),
        hidden=hidden,
    )
    providers = [
        form(
            f"{PATH}/provider",
            button(f"Sign in with {one.declared.label or name}", "provider", name, plain=True),
            hidden=hidden,
        )
        for name, one in service.oidc.providers.items()
    ]
    forgotten = link(FORGOTTEN, "Forgotten your password?") if service.means.links is not None else ""
    parts = (complaint(wrong), by_password, *providers, forgotten)
    return page(f"Sign in to {service.app}", *parts, status=status, headers=headers)


def _code_page(after: str, wrong: str | None = None, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
    asking = form(
        f"{PATH}/code",
        field("code", "Code", autocomplete="one-time-code", spellcheck="false"),
        button("Go on"),
        hidden={CALLBACK: after},
    )
    told = paragraph("Type the six digits that your authenticator shows, or one of your backup codes.")
    return page("Show your second factor", complaint(wrong), told, asking, status=status, headers=headers)
