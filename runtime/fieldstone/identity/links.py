"""Links in mails: they begin with the address of the settings, never with what a request says of its host.

Refuses a `FIELDSTONE_PUBLIC_URL` that is no address.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from fieldstone.errors import SettingsError
from fieldstone.identity.local_path import with_query
from fieldstone.settings import Settings

IN_DEVELOPMENT = "http://localhost:8000"


class Links(msgspec.Struct, frozen=True):
    """Where this server is, and the paths of the routes that mails lead to, by handler."""

    base: str
    paths: Mapping[str, str]

    def to(self, handler: str, token: str, callback: str | None) -> str:
        """Returns the link by which a token comes back to a route: in its path where that has a place for it."""
        path = self.paths[handler]
        values = {} if callback is None else {"callbackURL": callback}
        if "{token}" in path:
            return with_query(self.base + path.replace("{token}", token), **values)
        return with_query(self.base + path, token=token, **values)


def public_base(settings: Settings) -> str | None:
    """Returns the address of the settings without a slash at its end, in development a local one; None where there is none."""
    if settings.public_url is None:
        return IN_DEVELOPMENT if settings.environment == "development" else None
    parts = urlsplit(settings.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError("FIELDSTONE_PUBLIC_URL is no address.", hint="Write `https://app.example.org`.")
    if parts.path.strip("/"):
        raise SettingsError(
            "FIELDSTONE_PUBLIC_URL has a path.", hint="Leave it out: paths are those of the declared surfaces."
        )
    return f"{parts.scheme}://{parts.netloc}"
