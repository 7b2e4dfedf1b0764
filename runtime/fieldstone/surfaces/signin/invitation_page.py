"""The page to which the mail of an invitation leads: it is taken up or turned down by whoever is signed in, or with a new account."""

from collections.abc import Mapping

from fieldstone.errors import FieldstoneError
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.invitations import Opened, accept, find_invitation, reject
from fieldstone.identity.invited_sign_up import has_account, sign_up_invited
from fieldstone.identity.local_path import with_query
from fieldstone.identity.means import required
from fieldstone.identity.sign_up import NewAccount
from fieldstone.surfaces.http.cookies import set_session_cookie
from fieldstone.surfaces.http.errors import failure_of
from fieldstone.surfaces.http.request import Header, Request, Response
from fieldstone.surfaces.signin.html import button, complaint, field, form, go_on, link, page, paragraph
from fieldstone.surfaces.signin.service import PageService, origin_of, viewer
from fieldstone.surfaces.signin.sign_in_page import PATH as SIGN_IN

PATH = "/accept-invitation"
TOKEN = "invitationId"
ACCOUNT = "account"
Fields = Mapping[str, str]


async def show(service: PageService, request: Request, asked: Fields) -> Response:
    """Returns what the holder of a token is asked to, and what he can do about it; raises Invalid."""
    opened = await find_invitation(service.organizations, asked.get(TOKEN, ""))
    return await _page(service, await viewer(service, request), opened, asked.get(TOKEN, ""))


async def answer(service: PageService, request: Request, sent: Fields) -> Response:
    """Takes the invitation up, or turns it down; raises Invalid for one that does not hold."""
    token = sent.get(TOKEN, "")
    opened = await find_invitation(service.organizations, token)
    session = await viewer(service, request)
    try:
        if sent.get("answer") == ACCOUNT:
            wanted = NewAccount(sent.get("name", ""), opened.invitation.email, sent.get("password", ""))
            made = await sign_up_invited(service.organizations, wanted, token, origin_of(request))
            return go_on("/", set_session_cookie(request, made.token, made.expires_at))
        if sent.get("answer") == "reject":
            await reject(service.organizations, required(session), token)
            return page("The invitation is turned down", paragraph("You may close this page."))
        await accept(service.organizations, required(session), token)
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return await _page(service, session, opened, token, failure.message, failure.status, failure.headers)
    return go_on("/")


async def _page(
    service: PageService,
    session: SessionDocument | None,
    opened: Opened,
    token: str,
    wrong: str | None = None,
    status: int = 200,
    headers: tuple[Header, ...] = (),
) -> Response:
    email = opened.invitation.email
    told = paragraph(f"{opened.inviter_email} invites {email} to join {opened.organization} at {service.app}.")
    if session is not None and session.user.email == email:
        parts = _answers(token)
    elif not await has_account(service.organizations, opened):
        parts = _account(token, email) + (_sign_in(token, "Sign in with a provider") if service.oidc.providers else "")
    else:
        signed_in = "" if session is None else paragraph(f"You are signed in as {session.user.email}.")
        parts = signed_in + _sign_in(token, f"Sign in as {email}")
    return page(f"Join {opened.organization}", complaint(wrong), told, parts, status=status, headers=headers)


def _sign_in(token: str, text: str) -> str:
    return link(with_query(SIGN_IN, callbackURL=with_query(PATH, **{TOKEN: token})), text)


def _answers(token: str) -> str:
    buttons = (button("Join", "answer", "accept"), button("Turn it down", "answer", "reject", plain=True))
    return form(PATH, *buttons, hidden={TOKEN: token})


def _account(token: str, email: str) -> str:
    return form(
        PATH,
        field("email", "E-mail", "email", email, autocomplete="username", readonly=""),
        field("name", "Your name", autocomplete="name"),
        field("password", "Choose a password", "password", autocomplete="new-password", minlength="8"),
        button("Make an account and join", "answer", ACCOUNT),
        hidden={TOKEN: token},
    )
