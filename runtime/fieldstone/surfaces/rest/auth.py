"""The table `auth`: where a request may show a credential."""

from collections.abc import Mapping

from fieldstone.identity.credential import Credential, credential_of
from fieldstone.kinds.api import AuthScheme
from fieldstone.surfaces.http.cookies import SESSION_COOKIE, read_session_cookie
from fieldstone.surfaces.http.request import Request
from fieldstone.surfaces.rest.table import AuthPart


def _bearer(_scheme: AuthScheme, request: Request) -> Credential | None:
    secret = _after(request, "bearer")
    return None if secret is None else credential_of(secret)


def _authorization_api_key(_scheme: AuthScheme, request: Request) -> Credential | None:
    secret = _after(request, "apikey")
    return None if secret is None else Credential("key", secret)


def _api_key_header(scheme: AuthScheme, request: Request) -> Credential | None:
    secret = None if scheme.header is None else request.header(scheme.header.lower().encode())
    return None if secret is None else Credential("key", secret)


def _cookie(_scheme: AuthScheme, request: Request) -> Credential | None:
    token = read_session_cookie(request)
    return None if token is None else Credential("session", token)


def _after(request: Request, word: str) -> str | None:
    sent = request.header(b"authorization")
    if sent is None:
        return None
    scheme, _, secret = sent.partition(" ")
    return secret.strip() if scheme.lower() == word else None


AUTH: Mapping[str, AuthPart] = {
    "bearer": AuthPart(
        summary="`Authorization: Bearer` with a session token or an API key.",
        read=_bearer,
        security=lambda _scheme: {"type": "http", "scheme": "bearer"},
    ),
    "cookie": AuthPart(
        summary="The session cookie of a browser; a write needs the server's own origin.",
        read=_cookie,
        security=lambda _scheme: {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        ambient=True,
    ),
    "api_key_header": AuthPart(
        summary="A header of the dialect's own that holds an API key.",
        read=_api_key_header,
        security=lambda scheme: {"type": "apiKey", "in": "header", "name": scheme.header},
        named=True,
    ),
    "authorization_api_key": AuthPart(
        summary="`Authorization: ApiKey` with an API key.",
        read=_authorization_api_key,
        security=lambda _scheme: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`ApiKey`, a space, and the key.",
        },
    ),
}
