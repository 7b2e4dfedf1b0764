"""What the handlers of `/auth` work with, and what several of their families answer."""

import msgspec

from fieldstone.identity.accounts import Accounts
from fieldstone.identity.device.room import Devices
from fieldstone.identity.documents import SignedIn
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.sign_in import OidcSignIn
from fieldstone.identity.organization_means import OrganizationMeans
from fieldstone.identity.own_sessions import OwnSessions
from fieldstone.identity.room import IdentityRoom
from fieldstone.identity.second_factor import SecondFactor
from fieldstone.identity.sessions import Origin
from fieldstone.kinds.app import Auth
from fieldstone.registry.catalog import Catalog
from fieldstone.surfaces.http.cookies import set_session_cookie
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.handlers import NOT_STORED
from fieldstone.surfaces.rest.table import Call, ParameterNote


class SignIn(msgspec.Struct, frozen=True):
    """The flows of identity, one field each, and what is declared."""

    accounts: Accounts
    sessions: OwnSessions
    means: Means
    second_factor: SecondFactor
    oidc: OidcSignIn
    devices: Devices
    organizations: OrganizationMeans
    catalog: Catalog

    @property
    def auth(self) -> Auth:
        """What the app says of signing in."""
        return self.catalog.app.auth


def sign_in_over(room: IdentityRoom, catalog: Catalog) -> SignIn:
    """Returns what the handlers of `/auth` work with, out of the room of identity."""
    return SignIn(
        accounts=room.accounts,
        sessions=room.sessions,
        means=room.means,
        second_factor=room.second_factor,
        oidc=room.oidc,
        devices=room.devices,
        organizations=room.organizations,
        catalog=catalog,
    )


class Done(msgspec.Struct):
    """It is done, or will be."""

    status: bool = True


CALLBACK = ParameterNote("callbackURL", "The page to go on to: a path on this server.")
"""Where a link in a mail leads to in the end."""


def origin_of(call: Call) -> Origin:
    """Returns where a call comes from, as the transport tells it."""
    return Origin(address=call.request.address, user_agent=call.request.header(b"user-agent"))


def session_headers(call: Call, signed_in: SignedIn, *, lasting: bool) -> tuple[Header, Header]:
    """Returns the headers that hand out a new session; `lasting`: the cookie stays when the browser closes."""
    cookie = set_session_cookie(call.request, signed_in.token, signed_in.expires_at if lasting else None)
    return cookie, (b"set-auth-token", signed_in.token.encode())


def redirect(path: str) -> Response:
    """Returns the answer that sends a browser on to a path of this server."""
    return Response(302, b"", headers=((b"location", path.encode("ascii")), NOT_STORED))
