"""The keyring: for each use a key of its own, derived from the secret of the settings, and one from the secret before it.

A use signs and seals with the first of its keys and accepts any of them, so that a secret can be changed while servers work. No key
tells another one, nor the secret (HKDF with SHA-256, RFC 5869).
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.errors import SettingsError

Use = Literal["cursors", "secret fields", "second factor", "trusted devices", "oidc sign-in", "backups"]
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


def found_secret(path: Path) -> str | None:
    """Returns the secret in a file; None where none was made."""
    return path.read_text(encoding="ascii").strip() if path.is_file() else None


def kept_secret(path: Path) -> str:
    """Returns the secret in a file, which is made once: what development uses where none is set. Raises SettingsError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        message = f"No secret can be kept in `{path}`: {error.strerror}."
        raise SettingsError(message, hint="Set FIELDSTONE_SECRET.") from error
