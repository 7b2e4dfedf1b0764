"""The credential: what a request shows of itself, not yet looked up."""

from typing import Literal

import msgspec

from fieldstone.identity.tokens import KEY_PREFIX


class Credential(msgspec.Struct, frozen=True):
    """A session token or an API key, as sent."""

    kind: Literal["session", "key"]
    secret: str


def credential_of(text: str) -> Credential:
    """Returns the credential of a bearer token, a cookie or a key header: `osk_` tells an API key from a session token."""
    return Credential("key" if text.startswith(KEY_PREFIX) else "session", text)
