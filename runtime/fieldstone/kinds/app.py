"""Kind `app`: a deployment, the file `app.yaml` of its folder."""

from typing import Annotated, Literal

import msgspec

from fieldstone.kinds.api import RateLimit
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.sign_in import DeviceClient, OidcProvider


class Database(Declared, frozen=True, kw_only=True):
    """Where the data is: `sqlite:///file` (relative to the app's folder) or `postgresql://...`; the environment wins."""

    url: str = "sqlite:///data/app.db"
    """The address; `FIELDSTONE_DATABASE_URL` goes before it."""
    synchronous: Literal["full", "normal"] = "full"
    """SQLite only: `full` survives a power cut, `normal` may lose the last commits in one."""


_DOMAIN = "A domain is such as `example.org`, in lower case."
Domain = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", description=_DOMAIN)
]
_PATH = "A path on this server, such as `/welcome`."
LocalPath = Annotated[str, msgspec.Meta(pattern=r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$", description=_PATH)]


class Auth(Declared, frozen=True, kw_only=True):
    """Who may come in: `signUp` lets strangers make an account in the default organisation."""

    sign_up: bool = False
    """Strangers may make an account; it holds `everyone` and no business object."""
    email_domains: tuple[Domain, ...] = ()
    """Only addresses of these domains may be used by strangers, and by users who change theirs; every one unless said."""
    require_email_verification: bool = False
    """Nobody signs in before he has shown that his address is his; sign-up tells nothing of the addresses that are known."""
    reset_page: LocalPath = "/reset-password"
    """The page to which the link in a mail for a new password leads when the request names none; it is given `?token=`. This server has one
    at `/reset-password`."""
    session_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30
    """How long a sign-in holds at the longest."""
    session_idle_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    """How long it holds when it is not used."""
    oidc: tuple[OidcProvider, ...] = ()
    """Who else vouches for people: providers of OpenID Connect."""
    device_clients: tuple[DeviceClient, ...] = ()
    """Programs that may sign people in on devices without a browser."""


class Organizations(Declared, frozen=True, kw_only=True):
    """Who makes organisations, and how people are asked into them."""

    create: Literal["administrators", "everyone", "nobody"] = "administrators"
    """`administrators` of any organisation, `everyone` who is signed in, or `nobody`."""
    invitation_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 48
    """How long an invitation holds."""
    invitation_page: LocalPath = "/accept-invitation"
    """The page to which the link in the mail of an invitation leads; it is given `?invitationId=`. This server has one
    at `/accept-invitation`."""


_ORIGIN = (
    "An origin is `https://host` or `https://host:port`, in lower case and without a path; `*` stands for every one."
)
CorsOrigin = Annotated[str, msgspec.Meta(pattern=r"^(\*|https?://[a-z0-9.\-]+(:[0-9]{1,5})?)$", description=_ORIGIN)]


class Cors(Declared, frozen=True, kw_only=True):
    """Pages of other origins that may call this server from a browser; none unless said."""

    origins: tuple[CorsOrigin, ...] = ()
    """The origins, such as `https://desk.example.org`; `*` for every one."""
    credentials: bool = False
    """`true`: the session cookie comes along and may write. Not for `*`."""
    max_age: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 600
    """For how many seconds a browser need not ask again whether it may."""


_HOST = "A host is a name or an address, in lower case, perhaps with a port: `tickets.intern`, `10.1.2.3:8443`."
OutboundHost = Annotated[
    str, msgspec.Meta(pattern=r"^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$", description=_HOST)
]


class Outbound(Declared, frozen=True, kw_only=True):
    """Whom the steps `http` of flows may ask, beside everybody on the open internet; nobody unless said."""

    hosts: tuple[OutboundHost, ...] = ()
    """Hosts that are not on the open internet, such as `tickets.intern`, or `tickets.intern:8443` for one port alone."""


class Surfaces(Declared, frozen=True, kw_only=True):
    """Which declared apis are mounted, by name, and how often they may be asked."""

    apis: tuple[str, ...] = ("v1",)
    """The names of declarations of kind `api`."""
    rate_limits: dict[Name, RateLimit] = {}
    """Classes of rate limits in the place of those of the same name on every mounted surface; `default` on all of them."""


class AppDeclaration(Declared, frozen=True, kw_only=True):
    """A deployment: which packages, which database, who may sign in, which surfaces."""

    name: Name
    """The app's name."""
    label: str | None = None
    """What people call it; discovery shows it."""
    organization: str | None = None
    """The name of the organisation that the first start makes; the label unless given."""
    packages: tuple[str, ...]
    """Names of packages under `packages/` of the checkout or the working directory, or paths relative to this file."""
    database: Database = Database()
    """Where the data is."""
    auth: Auth = Auth()
    """Who may come in."""
    organizations: Organizations = Organizations()
    """Who makes organisations, and how people join them."""
    cors: Cors = Cors()
    """Who else's pages may call."""
    outbound: Outbound = Outbound()
    """Whom flows may ask."""
    surfaces: Surfaces = Surfaces()
    """What is served."""
