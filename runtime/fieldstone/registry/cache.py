"""The cache of readings: the parsed files of an app, each under the hash of its contents, so that nothing is parsed twice.

It holds sources that were read without a fault, and nothing that could run. A cache that is damaged, foreign or old is left aside.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path

import msgspec

from fieldstone import kinds
from fieldstone.registry.source import Source

_FORMAT = 3
_FILE = "declarations.json"

Sources = Mapping[str, Source]
"""Parsed files, by the hash of their contents."""


class _Kept(msgspec.Struct, frozen=True):
    key: str
    sources: dict[str, Source]


class Cache:
    """A folder that keeps one reading: the last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._decoder = msgspec.json.Decoder(_Kept, float_hook=Decimal)
        self._encoder = msgspec.json.Encoder(decimal_format="number")

    def load(self) -> Sources:
        """Returns the sources that are kept; none where they were read by other rules."""
        try:
            kept = self._decoder.decode(self._path.read_bytes())
        except (OSError, msgspec.MsgspecError, RecursionError):
            return {}
        return kept.sources if kept.key == _key() else {}

    def save(self, sources: Sources) -> None:
        """Keeps sources in the place of what was kept; does nothing where the folder cannot be written."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(self._encoder.encode(_Kept(_key(), dict(sources))))
            Path(name).replace(self._path)


def content_key(content: bytes) -> str:
    """Returns the hash of a file's contents."""
    return blake2b(content, digest_size=16).hexdigest()


def _key() -> str:
    """Returns a hash over what decides how files are read: the source of the rooms that do."""
    digest = blake2b(f"{_FORMAT}".encode(), digest_size=16)
    for room in (Path(kinds.__file__).parent, Path(__file__).parent):
        for path in sorted(room.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
