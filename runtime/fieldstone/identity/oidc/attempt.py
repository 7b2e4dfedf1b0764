"""An attempt to sign in with a provider: what the browser keeps between leaving for the provider and coming back, signed and short-lived.

It is bound to the browser by its cookie, to the way back by its state, to the ID token by its nonce, to the code by its verifier.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlencode, urlsplit

import msgspec

from fieldstone.clock import later
from fieldstone.identity.oidc.provider import Discovery
from fieldstone.kinds.sign_in import OidcProvider

SECONDS = 10 * 60
_RANDOM_BYTES = 32


class Attempt(msgspec.Struct, frozen=True):
    """One attempt; `page` is where it leads when it succeeds, `error_page` when it does not, `user_id` who links his account."""

    provider: str
    state: str
    nonce: str
    verifier: str
    page: str
    error_page: str
    until: str
    user_id: str | None = None

    def is_of(self, provider: str, state: str, now: str) -> bool:
        """Tells whether somebody who comes back from a provider comes back from this attempt, in time."""
        same = hmac.compare_digest(self.state.encode(), state.encode())
        return same and self.provider == provider and self.until > now


def new_attempt(provider: str, page: str, error_page: str, user_id: str | None, now: str) -> Attempt:
    """Returns a fresh attempt."""
    return Attempt(
        provider=provider,
        state=secrets.token_urlsafe(_RANDOM_BYTES),
        nonce=secrets.token_urlsafe(_RANDOM_BYTES),
        verifier=secrets.token_urlsafe(_RANDOM_BYTES),
        page=page,
        error_page=error_page,
        until=later(now, SECONDS),
        user_id=user_id,
    )


def address_of(attempt: Attempt, declared: OidcProvider, discovery: Discovery, redirect_uri: str) -> str:
    """Returns the address at the provider to which the browser goes."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": declared.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *declared.scopes))),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(discovery.authorization_endpoint).query else "?"
    return f"{discovery.authorization_endpoint}{joint}{urlencode(asked)}"
