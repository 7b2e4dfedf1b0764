"""Secrets of other systems: sealed before they are stored, opened with the key that sealed them, sealed anew when the key changes.

A sealed text is `<key id>.<nonce and ciphertext in base64url>`, encrypted with AES-256-GCM. The id is derived along with the key, so that a
text tells which one opens it and nothing else.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldstone.errors import SettingsError
from fieldstone.keyring import Keyring

NONCE = 12
KEY = 32
ID = 6


class Seal:
    """Seals with the current key and opens what it, or the one before it, has sealed."""

    def __init__(self, keyring: Keyring) -> None:
        keys = [_parted(material) for material in keyring.keys("secret fields", KEY + ID)]
        self._id, self._key = keys[0]
        self._keys = dict(keys)

    async def seal(self, text: str) -> str:
        """Returns a secret as it is stored: what the door runs on a field of type `secret` before it opens a Unit."""
        return self._sealed(text)

    def open(self, sealed: str) -> str:
        """Returns the secret of a stored text; raises SettingsError when no known key has sealed it."""
        key_id, _, content = sealed.partition(".")
        key = self._keys.get(key_id)
        if key is not None:
            raw = base64.urlsafe_b64decode(content)
            try:
                return key.decrypt(raw[:NONCE], raw[NONCE:], key_id.encode()).decode()
            except InvalidTag:
                pass
        raise SettingsError(
            "A stored secret was sealed with another FIELDSTONE_SECRET.",
            hint="Set FIELDSTONE_SECRET_OLD to the secret that was in use before.",
        )

    def renew(self, sealed: str) -> str:
        """Returns a stored text sealed with the current secret; one that is, as it stands."""
        return sealed if sealed.startswith(f"{self._id}.") else self._sealed(self.open(sealed))

    def _sealed(self, text: str) -> str:
        nonce = os.urandom(NONCE)
        content = nonce + self._key.encrypt(nonce, text.encode(), self._id.encode())
        return f"{self._id}.{base64.urlsafe_b64encode(content).decode()}"


def _parted(material: bytes) -> tuple[str, AESGCM]:
    """Returns the id and the key that were derived together."""
    return base64.urlsafe_b64encode(material[KEY:]).decode(), AESGCM(material[:KEY])
