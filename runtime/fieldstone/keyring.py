"""The keyring: for each use a key of its own, derived from the secret of the settings, and one from the secret before it.

A use signs and seals with the first of its keys and accepts any of them, so that a secret can be changed while servers work. No key
tells another one, nor the secret (HKDF with SHA-256, RFC 5869).
"""

from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Use = Literal["cursors", "secret fields", "second factor", "trusted devices", "oidc sign-in"]
"""What keys are for; a new use needs a new word, and an old word never gets another use."""

LENGTH = 32


class Keyring:
    """Derives keys from the current secret and, where there is one, from the secret before it."""

    def __init__(self, secret: str, old: str | None = None) -> None:
        self._secrets = tuple(known.encode() for known in (secret, old) if known is not None)

    def keys(self, use: Use, length: int = LENGTH) -> tuple[bytes, ...]:
        """Returns the keys of a use: the current one first."""
        info = f"fieldstone {use}".encode()
        return tuple(
            HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret) for secret in self._secrets
        )
