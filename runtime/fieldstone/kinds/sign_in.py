"""Who else vouches for people, and what signs in for them: the providers and devices that `auth` in `app.yaml` names."""

from typing import Annotated, ClassVar

import msgspec

from fieldstone.kinds.declaration import Declared, Name

_VARIABLE = "The name of an environment variable, such as `ACME_CLIENT_SECRET`."
VariableName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=100, description=_VARIABLE)]
_ISSUER = "An issuer is an `https://` address without a query; `http://` is for this machine's own, such as `http://127.0.0.1:9000`."
Issuer = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(https://[a-z0-9.\-]+|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[!-\"$->@-~]*)?$",
        max_length=500,
        description=_ISSUER,
    ),
]
_HOST = "A host is such as `oauth2.example.org`, in lower case, perhaps with a port."
Host = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.\-]+(:[0-9]{1,5})?$", description=_HOST)]
_SCOPE = "A scope has no blanks and quotes in it."
ScopeName = Annotated[str, msgspec.Meta(pattern=r"^[!#-\[\]-~]+$", max_length=100, description=_SCOPE)]
_CLIENT = "A client's id is made of letters, digits, `.`, `_` and `-`."
ClientId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._\-]+$", max_length=100, description=_CLIENT)]


class EnvironmentVariable(Declared, frozen=True, kw_only=True):
    """A secret that is not written down: the environment holds it."""

    instead_of_text: ClassVar[str] = (
        "A secret is not written down: put it into the environment and write `{env: NAME}`."
    )

    env: VariableName
    """The variable that holds it."""


class OidcProvider(Declared, frozen=True, kw_only=True):
    """Somebody who vouches for people by OpenID Connect. Its endpoints are found by its discovery document."""

    name: Name
    """Its name in addresses: it redirects to `.../auth/callback/<name>`."""
    label: str | None = None
    """What the sign-in page calls it; the name unless given."""
    issuer: Issuer
    """Its issuer, exactly as it spells it; ID tokens of another are refused."""
    client_id: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    """What this app is to it."""
    client_secret: EnvironmentVariable | None = None
    """The secret that goes with it, as `{env: NAME}`; none for a public client."""
    scopes: tuple[ScopeName, ...] = ("openid", "email", "profile")
    """What is asked for; `openid` is asked for in any case."""
    hosts: tuple[Host, ...] = ()
    """Further hosts on which its endpoints may be, beside that of the issuer: nothing is fetched from any other."""


class DeviceClient(Declared, frozen=True, kw_only=True):
    """A program that may sign somebody in on a device without a browser (RFC 8628)."""

    id: ClientId
    """Its `client_id`."""
    label: str
    """What the page that asks for consent calls it."""
    scopes: tuple[ScopeName, ...] | None = None
    """What it may ask for, of the scopes that mounted surfaces name; without, its token reaches as far as its user."""
    token_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 14
    """How long its token holds."""
