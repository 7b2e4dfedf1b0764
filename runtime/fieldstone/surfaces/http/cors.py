"""Pages of other origins: which may call this server from a browser, as `cors` in `app.yaml` says (Fetch standard, "CORS protocol").

A preflight is answered here, before any face; every other answer gets the headers that let the page read it. An origin that is not named
gets none, and the browser keeps the answer from its page.
"""

import re

from fieldstone.kinds.app import Cors
from fieldstone.surfaces.http.request import Header, Request, Response

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED = (
    b"ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Content-Disposition,"
    b" Idempotency-Replayed, X-Request-Id, set-auth-token"
)
"""What a page may read of an answer beside its body and the few headers that it always may."""

_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{1,2000}")
_PREFLIGHT = b"access-control-request-method"
_ASKED = b"access-control-request-headers"
_VARY: Header = (b"vary", b"Origin")


class CrossOrigin:
    """The origins that are named; false when there are none."""

    def __init__(self, cors: Cors) -> None:
        self._any = "*" in cors.origins
        self._origins = frozenset(origin.encode() for origin in cors.origins)
        self._credentials = cors.credentials
        self._max_age: Header = (b"access-control-max-age", str(cors.max_age).encode())

    def __bool__(self) -> bool:
        return bool(self._origins)

    def receive(self, request: Request) -> Response | None:
        """Notes on the request what its answer must tell a browser; returns the answer itself to a preflight of a named origin."""
        origin = request.headers.get(b"origin")
        named = origin is not None and (self._any or origin in self._origins)
        request.answer_headers = (
            (*self._allowance(origin), (b"access-control-expose-headers", EXPOSED)) if named else ()
        )
        if not self._any:
            request.answer_headers += (_VARY,)
        request.origin_trusted = named and self._credentials
        if not named or request.method != "OPTIONS" or _PREFLIGHT not in request.headers:
            return None
        headers = [(b"access-control-allow-methods", METHODS), self._max_age]
        asked = request.headers.get(_ASKED)
        if asked is not None and _NAMES.fullmatch(asked):
            headers.append((b"access-control-allow-headers", asked))
        return Response(204, b"", headers=tuple(headers))

    def _allowance(self, origin: bytes | None) -> tuple[Header, ...]:
        """Returns the headers that let a page of a named origin read an answer."""
        allowed: Header = (b"access-control-allow-origin", b"*" if self._any else origin or b"")
        return (allowed, (b"access-control-allow-credentials", b"true")) if self._credentials else (allowed,)
