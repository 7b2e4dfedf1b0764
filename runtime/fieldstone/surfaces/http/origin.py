"""The origin of a write that comes with a cookie: a browser sends the cookie along for any site, so the site must be ours.

A write whose `Origin` is missing or foreign is refused (403); without an `Origin`, `Sec-Fetch-Site` may vouch for it. An origin that `cors`
names with `credentials` is as good as our own.
"""

from fieldstone.errors import PermissionDenied
from fieldstone.surfaces.http.request import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(request: Request) -> bool:
    """Tells whether a request comes from a page of this server, or of one that is named, or changes nothing anyway."""
    if request.method in SAFE_METHODS or request.origin_trusted:
        return True
    origin = request.header(b"origin")
    if origin is None:
        return request.header(b"sec-fetch-site") == "same-origin"
    scheme, _, sender = origin.lower().partition("://")
    host = (request.header(b"host") or "").lower()
    return host != "" and sender == host and (scheme == "https" or not request.secure)


def foreign_origin(request: Request) -> PermissionDenied:
    """Returns the refusal of a request that is not from a page of this server."""
    return PermissionDenied(
        "A write with a session cookie must come from this server's own pages.",
        details={"origin": request.header(b"origin")},
        hint="Send `Origin`, or a bearer token in place of the cookie; other origins are named under `cors` in app.yaml.",
    )
