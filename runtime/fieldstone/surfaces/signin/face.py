"""The face of the pages: from an address to a page, with whatever goes wrong shown as one."""

from collections.abc import Awaitable, Callable, Mapping

from fieldstone.errors import FieldstoneError, MethodNotAllowed, NotFound, UnsupportedMediaType
from fieldstone.identity.room import IdentityRoom
from fieldstone.identity.throttle import Throttle
from fieldstone.surfaces.http.body import decode_form, is_form, read_body
from fieldstone.surfaces.http.errors import failure_of
from fieldstone.surfaces.http.origin import foreign_origin, is_same_origin
from fieldstone.surfaces.http.parameters import read_parameters
from fieldstone.surfaces.http.proxies import client_key
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.signin import device_page, invitation_page, password_page, sign_in_page
from fieldstone.surfaces.signin.html import page, paragraph
from fieldstone.surfaces.signin.service import PageService

LARGEST_FORM = 16 * 1024
Shown = Callable[[PageService, Request, Mapping[str, str]], Awaitable[Response]]

PAGES: Mapping[str, Mapping[str, Shown]] = {
    sign_in_page.PATH: {"GET": sign_in_page.show, "POST": sign_in_page.sign_in},
    f"{sign_in_page.PATH}/code": {"POST": sign_in_page.show_code},
    f"{sign_in_page.PATH}/provider": {"POST": sign_in_page.leave},
    password_page.PATH: {"GET": password_page.show, "POST": password_page.answer},
    invitation_page.PATH: {"GET": invitation_page.show, "POST": invitation_page.answer},
    device_page.PATH: {"GET": device_page.show, "POST": device_page.answer},
}
"""What answers each address, by method."""


def pages_over(room: IdentityRoom) -> "PageFace":
    """Returns the pages over the room of identity."""
    service = PageService(room.means, room.accounts, room.organizations, room.second_factor, room.oidc, room.devices)
    return PageFace(service, room.means.throttle)


class PageFace:
    """Answers for the pages; `bases` are the paths below which they are."""

    def __init__(self, service: PageService, throttle: Throttle) -> None:
        """Takes the flows, and who counts what is sent from one address."""
        bases = [sign_in_page.PATH]
        if service.devices.polling.clients:
            bases.append(device_page.PATH)
        if service.means.links is not None:
            bases += [password_page.PATH, invitation_page.PATH]
        self.bases = tuple(bases)
        self._service = service
        self._throttle = throttle

    async def answer(self, request: Request) -> Response:
        """Returns the page for a request; one that says so for what is refused."""
        try:
            return await self._answer(request)
        except FieldstoneError as error:
            failure = failure_of(error, request)
            return page("That did not work", paragraph(failure.message), status=failure.status, headers=failure.headers)

    async def _answer(self, request: Request) -> Response:
        methods = PAGES.get(request.path)
        if methods is None:
            raise NotFound("There is no such page.")
        request.route = request.path
        shown = methods.get("GET" if request.method == "HEAD" else request.method)
        if shown is None:
            raise MethodNotAllowed(f"{request.method} is not answered here.", details={"allow": sorted(methods)})
        if request.method != "POST":
            return await shown(self._service, request, read_parameters(request.query))
        if not is_same_origin(request):
            raise foreign_origin(request)
        if not is_form(request):
            raise UnsupportedMediaType("The body is not a form.")
        await self._throttle.admit(f"pages {client_key(request.address)}")
        return await shown(self._service, request, decode_form(await read_body(request, LARGEST_FORM)))
