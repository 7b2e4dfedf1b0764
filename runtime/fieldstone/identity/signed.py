"""Signed values: what is handed to a browser to be brought back, readable by anybody and made by nobody else.

A signed text is `<payload>.<signature>`, both in base64url: the payload is JSON, the signature HMAC-SHA-256 under a key that serves one use
alone, so that a text made for one use is nothing to another. It is kept nowhere; what ends it must stand in the payload.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

LONGEST = 2000

Payload = TypeVar("Payload", bound=msgspec.Struct)


class Signer(Generic[Payload]):
    """Signs payloads of one type with the first of its keys, and opens what any of them has signed."""

    def __init__(self, keys: Sequence[bytes], payload: type[Payload]) -> None:
        self._keys = tuple(keys)
        self._decoder = msgspec.json.Decoder(payload)

    def sign(self, payload: Payload) -> str:
        """Returns the signed text of a payload."""
        content = msgspec.json.encode(payload)
        return f"{_text(content)}.{_text(_signature(self._keys[0], content))}"

    def open(self, text: str) -> Payload | None:
        """Returns the payload of a signed text; None for a text that none of the keys has signed."""
        content, _, signature = text[:LONGEST].partition(".")
        try:
            signed, sent = _bytes(content), _bytes(signature)
            if not any(hmac.compare_digest(_signature(key, signed), sent) for key in self._keys):
                return None
            return self._decoder.decode(signed)
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            return None


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
