"""The page for a forgotten password: asks for the address to which a link goes, and with the token of that link for a new password."""

from collections.abc import Mapping

from fieldstone.errors import FieldstoneError
from fieldstone.identity.password_reset import forget_password, is_open, reset_password
from fieldstone.surfaces.http.errors import failure_of
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.request import Header, Request, Response
from fieldstone.surfaces.signin.html import button, complaint, field, form, link, page, paragraph
from fieldstone.surfaces.signin.service import FORGOTTEN, PageService
from fieldstone.surfaces.signin.sign_in_page import PATH as SIGN_IN

PATH = FORGOTTEN
OVER = "The link is over, was used, or never was. Ask for another."
Fields = Mapping[str, str]


async def show(service: PageService, _request: Request, asked: Fields) -> Response:
    """Returns the form for a new password where a token of a mail holds, else the one for an address."""
    token = asked.get("token", "")
    if not token:
        return _address_page(OVER if "error" in asked else None)
    if await is_open(service.means, token):
        return _password_page(token)
    return _address_page(OVER, 400)


async def answer(service: PageService, request: Request, sent: Fields) -> Response:
    """Sets a new password with a token, or sends a link to an address."""
    token = sent.get("token", "")
    try:
        if token:
            await reset_password(service.means, token, sent.get("password", ""))
            return page("Your password is new", paragraph("All your sessions are over."), link(SIGN_IN, "Sign in"))
        await forget_password(service.means, sent.get("email", ""), PATH, languages_of(request))
    except FieldstoneError as error:
        failure = failure_of(error, request)
        if token and await is_open(service.means, token):
            return _password_page(token, failure.message, failure.status, failure.headers)
        return _address_page(failure.message, failure.status, failure.headers)
    return page("Look into your mails", paragraph("If this is the address of an account, a link is on its way to it."))


def _password_page(
    token: str, wrong: str | None = None, status: int = 200, headers: tuple[Header, ...] = ()
) -> Response:
    asking = form(
        PATH,
        field("password", "New password", "password", autocomplete="new-password", minlength="8"),
        button("Choose it"),
        hidden={"token": token},
    )
    return page("Choose a new password", complaint(wrong), asking, status=status, headers=headers)


def _address_page(wrong: str | None = None, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
    told = paragraph("Type your e-mail address: a link by which to choose a new password goes there.")
    asking = form(PATH, field("email", "E-mail", "email", autocomplete="username"), button("Send it"))
    return page("Forgotten your password?", complaint(wrong), told, asking, status=status, headers=headers)
