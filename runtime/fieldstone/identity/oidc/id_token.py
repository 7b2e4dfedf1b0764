"""The ID token: what a provider says of somebody, believed once every check of OpenID Connect Core 3.1.3.7 has passed.

Where it names no address, the provider's userinfo may.
"""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Any

import msgspec

from fieldstone.identity.oidc.provider import Provider
from fieldstone.identity.oidc.refused import Refused
from fieldstone.late import late_module

if TYPE_CHECKING:
    from joserfc import errors, jwt
else:
    errors, jwt = late_module("joserfc.errors"), late_module("joserfc.jwt")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Those with a public key. One with a shared secret, or none, is no signature of the provider's."""

SKEW = 60
"""By how many seconds two clocks may differ."""

OLDEST = 15 * 60
"""How many seconds ago a token may have been issued: it came of this very sign-in."""

_LONGEST = 32 * 1024


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None


class Claims(msgspec.Struct, frozen=True):
    """The claims of an ID token that are used; those about the person may be missing, and may be of any kind."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None
    nbf: float | None = None
    email: Any = None
    email_verified: Any = None
    name: Any = None


async def read_id_token(provider: Provider, text: str, nonce: str, now: float) -> Claims:
    """Returns the claims of an ID token of a provider for this app, made for a nonce; `now` in seconds since 1970. Raises Refused."""
    if len(text) > _LONGEST:
        raise _invalid("longer than a token")
    header = _header(text)
    if header.alg not in ALGORITHMS:
        raise _invalid(f"signed by {header.alg[:20]}")
    key = await provider.key(header.kid)
    try:
        token = jwt.decode(text, key, algorithms=[header.alg])
        claims = msgspec.convert(token.claims, Claims)
    except (errors.JoseError, ValueError, TypeError) as error:
        raise _invalid(repr(error)) from None
    if fault := _fault(claims, provider.declared.issuer, provider.declared.client_id, nonce, now):
        raise _invalid(fault)
    return claims


def completed(claims: Claims, told: Any) -> Claims:
    """Returns claims with the address and the name that the provider's userinfo tells; raises Refused when it is about somebody else.

    It came by TLS from the provider for the token that came along with the ID token (OpenID Connect Core 5.3.4).
    """
    if not isinstance(told, dict) or told.get("sub") != claims.sub:
        raise Refused("invalid_token", "the userinfo is about somebody else")
    name = told.get("name") if claims.name is None else claims.name
    return msgspec.structs.replace(
        claims, email=told.get("email"), email_verified=told.get("email_verified"), name=name
    )


def _header(text: str) -> _Header:
    part = text.partition(".")[0]
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Header)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise _invalid(f"no header: {error!r}") from None


def _fault(claims: Claims, issuer: str, client_id: str, nonce: str, now: float) -> str | None:
    """Returns what is wrong with the claims of a token whose signature holds."""
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    checks = (
        (claims.iss == issuer, "of another issuer"),
        (client_id in audience, "for another client"),
        (claims.azp == client_id or (claims.azp is None and len(audience) == 1), "for another party"),
        (claims.exp > now - SKEW, "over"),
        (now - OLDEST <= claims.iat <= now + SKEW, "not issued just now"),
        (claims.nbf is None or claims.nbf <= now + SKEW, "not valid yet"),
        (hmac.compare_digest(claims.nonce.encode(), nonce.encode()), "for another sign-in"),
        (0 < len(claims.sub) <= 255, "of nobody"),
    )
    return next((fault for passed, fault in checks if not passed), None)


def _invalid(cause: str) -> Refused:
    return Refused("invalid_token", f"the ID token is {cause}")
