"""The page for letting a device in (RFC 8628, 3.3): a code is typed or confirmed, who asks is shown, and answered by a button.

It takes the cookie of a session alone, and an answer from this server's own pages alone. Nothing is answered by following a link.
"""

from collections.abc import Mapping
from html import escape

from fieldstone.errors import FieldstoneError
from fieldstone.identity.device.codes import shown_code
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.local_path import with_query
from fieldstone.surfaces.http.errors import failure_of
from fieldstone.surfaces.http.request import Header, Request, Response
from fieldstone.surfaces.signin.html import button, complaint, field, form, go_on, page, paragraph
from fieldstone.surfaces.signin.service import PageService, viewer
from fieldstone.surfaces.signin.sign_in_page import PATH as SIGN_IN

PATH = "/device"
CODE = "user_code"
Fields = Mapping[str, str]


async def show(service: PageService, request: Request, asked: Fields) -> Response:
    """Returns the page: who asks under a code, or a form for the code; first to the sign-in, where nobody is signed in."""
    session = await viewer(service, request)
    code = shown_code(asked.get(CODE, ""))
    if session is None:
        return _sign_in_first(code)
    if not asked.get(CODE):
        return _code_page()
    try:
        found = await service.devices.consent.look(session, code)
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return _code_page(code, failure.message, failure.status, failure.headers)
    if found.status != "pending":
        return _code_page("", "This code was answered already.", 409)
    return _consent_page(service, session, code, found.client_name, found.scopes)


async def answer(service: PageService, request: Request, sent: Fields) -> Response:
    """Lets the device in, or turns it away."""
    session = await viewer(service, request)
    code = shown_code(sent.get(CODE, ""))
    if session is None:
        return _sign_in_first(code)
    approved = sent.get("answer") == "approve"
    try:
        await service.devices.consent.answer(session, code, "approved" if approved else "denied")
    except FieldstoneError as error:
        failure = failure_of(error, request)
        return _code_page("", failure.message, failure.status, failure.headers)
    if approved:
        return page("The device is let in", paragraph("You may close this page and go on there."))
    return page("The device is turned away", paragraph("It gets nothing. You may close this page."))


def _sign_in_first(code: str) -> Response:
    return go_on(with_query(SIGN_IN, callbackURL=with_query(PATH, user_code=code) if code else PATH))


def _code_page(
    code: str = "", wrong: str | None = None, status: int = 200, headers: tuple[Header, ...] = ()
) -> Response:
    asking = form(
        PATH,
        field(CODE, "Code", value=code, autocomplete="off", autocapitalize="characters", spellcheck="false"),
        button("Go on"),
        method="get",
    )
    told = paragraph("Type the code that your device shows.")
    return page("Let a device in", complaint(wrong), told, asking, status=status, headers=headers)


def _consent_page(
    service: PageService, session: SessionDocument, code: str, client: str, scopes: tuple[str, ...] | None
) -> Response:
    if scopes is None:
        reach = paragraph("It will be able to do whatever you can do.")
    else:
        listed = "".join(f"<li>{escape(scope)}</li>\n" for scope in scopes)
        reach = f"{paragraph('It will be able to do no more than this, and no more than you:')}<ul>\n{listed}</ul>\n"
    buttons = (button("Let it in", "answer", "approve"), button("Turn it away", "answer", "deny", plain=True))
    return page(
        f"Let {client} in?",
        paragraph(f"It wants to act as {session.user.email} in {service.app}."),
        reach,
        paragraph("Go on only if you have started this yourself, and your device shows this code:"),
        f'<p class="code">{escape(code)}</p>\n',
        form(PATH, *buttons, hidden={CODE: code}),
    )
