"""What the pages work with, and what they share: who looks at them, and where a request comes from."""

import msgspec

from fieldstone.identity.accounts import Accounts
from fieldstone.identity.credential import Credential
from fieldstone.identity.device.room import Devices
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.local_path import is_local
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.sign_in import OidcSignIn
from fieldstone.identity.organization_means import OrganizationMeans
from fieldstone.identity.second_factor import SecondFactor
from fieldstone.identity.sessions import Origin
from fieldstone.surfaces.http.cookies import read_session_cookie
from fieldstone.surfaces.http.request import Request

FORGOTTEN = "/reset-password"
"""Where the page for a forgotten password is."""


class PageService(msgspec.Struct, frozen=True, eq=False):
    """The flows of identity that have pages."""

    means: Means
    accounts: Accounts
    organizations: OrganizationMeans
    second_factor: SecondFactor
    oidc: OidcSignIn
    devices: Devices

    @property
    def app(self) -> str:
        """What people call the app."""
        return self.means.app


async def viewer(service: PageService, request: Request) -> SessionDocument | None:
    """Returns the session of a browser's cookie; a page takes no other credential."""
    token = read_session_cookie(request)
    return None if token is None else await service.accounts.session(Credential("session", token))


def origin_of(request: Request) -> Origin:
    """Returns where a request comes from, as the transport tells it."""
    return Origin(address=request.address, user_agent=request.header(b"user-agent"))


def page_after(sent: str | None) -> str:
    """Returns the page to go on to: the start page unless a local one was named."""
    return sent if sent is not None and is_local(sent) else "/"
