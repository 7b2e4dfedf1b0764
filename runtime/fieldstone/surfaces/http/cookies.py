"""Cookies of a sign-in: read from a request, and the headers that set and clear them.

SameSite=Lax and HttpOnly always, Secure behind TLS (RFC 6265bis).
"""

from email.utils import format_datetime

from fieldstone.clock import moment
from fieldstone.surfaces.http.request import Header, Request

SESSION_COOKIE = "better-auth.session_token"
"""Holds the token of the session."""

SECOND_STEP_COOKIE = "better-auth.two_factor"
"""Holds the challenge between the two steps of a sign-in."""

TRUST_COOKIE = "better-auth.trust_device"
"""Holds the word that a device need not show a second factor."""

OIDC_COOKIE = "better-auth.oidc"
"""Holds the attempt to sign in with a provider, until the browser is back."""


def read_cookie(request: Request, name: str) -> str | None:
    """Returns the value of a cookie; None when it was not sent."""
    sent, prefix = request.header(b"cookie"), f"{name}="
    if sent is None or prefix not in sent:
        return None
    for pair in sent.split(";"):
        if (pair := pair.strip()).startswith(prefix):
            return pair[len(prefix) :].strip('"') or None
    return None


def set_cookie(request: Request, name: str, value: str, expires_at: str | None) -> Header:
    """Returns the header that keeps a value until an instant; None: until the browser closes."""
    until = "" if expires_at is None else f"; Expires={format_datetime(moment(expires_at), usegmt=True)}"
    return _header(request, name, value, until)


def clear_cookie(request: Request, name: str) -> Header:
    """Returns the header that makes the browser forget a cookie."""
    return _header(request, name, "", "; Max-Age=0")


def read_session_cookie(request: Request) -> str | None:
    """Returns the session token of the cookie header; None when there is none."""
    return read_cookie(request, SESSION_COOKIE)


def set_session_cookie(request: Request, token: str, expires_at: str | None) -> Header:
    """Returns the header that keeps a session token until an instant; None: until the browser closes."""
    return set_cookie(request, SESSION_COOKIE, token, expires_at)


def clear_session_cookie(request: Request) -> Header:
    """Returns the header that makes the browser forget the session token."""
    return clear_cookie(request, SESSION_COOKIE)


def _header(request: Request, name: str, value: str, until: str) -> Header:
    secure = "; Secure" if request.secure else ""
    return (b"set-cookie", f"{name}={value}; Path=/{until}; HttpOnly; SameSite=Lax{secure}".encode("latin-1"))
