"""Overlays: what a deployment says differently from its packages, one delta for each declaration.

Deltas are kept as JSON text, which keeps the order of keys and all digits of a number.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

Delta = Mapping[str, Any]
"""What is laid over a declaration (`delta.py`)."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class Overlay(msgspec.Struct, frozen=True):
    """The delta of one declaration; `name` is that by which it is found among those of its `type`, `version` counts its changes."""

    type: str
    name: str
    delta: Delta
    version: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """What it lies over, by kind and name."""
        return self.type, self.name

    @property
    def place(self) -> str:
        """What stands where a file's name does."""
        return place_of(self.type, self.name)


Overlays = tuple[Overlay, ...]
"""All that a deployment says differently, in the order of types and names."""


class Layered(msgspec.Struct, frozen=True, eq=False):
    """A declaration with an overlay: the document that its package has, None where none declares it, and what lies over it."""

    packaged: Mapping[str, Any] | None
    overlay: Overlay


def place_of(kind: str, name: str) -> str:
    """Returns what is said of an overlay where a file would be named."""
    return f"overlay of {kind} {name}"


def in_order(overlays: Iterable[Overlay]) -> Overlays:
    """Returns overlays in their order."""
    return tuple(sorted(overlays, key=lambda overlay: overlay.key))


def delta_text(delta: Delta) -> str:
    """Returns a delta as it is stored."""
    return _ENCODER.encode(delta).decode()


def read_delta(text: str) -> dict[str, Any]:
    """Returns a delta that was stored."""
    return _DECODER.decode(text)


def delta_hash(delta: Delta | None) -> str:
    """Returns the hash of a delta; that of nothing for none."""
    return sha256(b"" if delta is None else _ENCODER.encode(delta)).hexdigest()


def differing(first: Overlays, second: Overlays) -> list[tuple[str, str]]:
    """Returns the kinds and names of what is not the same in two sets of overlays, in order."""
    old, new = ({overlay.key: delta_text(overlay.delta) for overlay in overlays} for overlays in (first, second))
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
