"""The session cookie: read from a request, and the headers that set and clear it.

SameSite=Lax and HttpOnly always, Secure behind TLS (RFC 6265bis).
"""

from email.utils import format_datetime

from fieldstone.clock import moment
from fieldstone.surfaces.http.request import Header, Request

SESSION_COOKIE = "better-auth.session_token"
_PREFIX = f"{SESSION_COOKIE}="


def read_session_cookie(request: Request) -> str | None:
    """Returns the session token of the cookie header; None when there is none."""
    sent = request.header(b"cookie")
    if sent is None or _PREFIX not in sent:
        return None
    for pair in sent.split(";"):
        if (pair := pair.strip()).startswith(_PREFIX):
            return pair[len(_PREFIX) :].strip('"') or None
    return None


def set_session_cookie(request: Request, token: str, expires_at: str | None) -> Header:
    """Returns the header that keeps a session token until an instant; None: until the browser closes."""
    until = "" if expires_at is None else f"; Expires={format_datetime(moment(expires_at), usegmt=True)}"
    return _header(request, token, until)


def clear_session_cookie(request: Request) -> Header:
    """Returns the header that makes the browser forget the session token."""
    return _header(request, "", "; Max-Age=0")


def _header(request: Request, token: str, until: str) -> Header:
    secure = "; Secure" if request.secure else ""
    return (b"set-cookie", f"{_PREFIX}{token}; Path=/{until}; HttpOnly; SameSite=Lax{secure}".encode("latin-1"))
