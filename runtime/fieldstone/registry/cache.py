"""The cache of readings: the parsed files of an app under a hash over their contents, so that nothing is parsed twice.

It holds sources that were read without a fault, and nothing that could run. A cache that is damaged, foreign or old is left aside.
"""

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from fieldstone.kinds.table import KINDS
from fieldstone.registry.source import Source

_FORMAT = 1
_FILE = "declarations.json"


class _Kept(msgspec.Struct, frozen=True):
    key: str
    sources: list[Source]


class Cache:
    """A folder that keeps one reading: the last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._decoder = msgspec.json.Decoder(_Kept, float_hook=Decimal)
        self._encoder = msgspec.json.Encoder(decimal_format="number")

    def load(self, digest: str, count: int) -> list[Source] | None:
        """Returns the sources kept under a hash, None when there are none of this many."""
        try:
            kept = self._decoder.decode(self._path.read_bytes())
        except (OSError, msgspec.MsgspecError, RecursionError):
            return None
        return kept.sources if kept.key == _key(digest) and len(kept.sources) == count else None

    def save(self, digest: str, sources: Sequence[Source]) -> None:
        """Keeps sources under a hash in the place of what was kept; does nothing where the folder cannot be written."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(self._encoder.encode(_Kept(_key(digest), list(sources))))
            Path(name).replace(self._path)


def _key(digest: str) -> str:
    """Returns the hash together with what decides how files are read: this program's version and its tables."""
    try:
        program = version("fieldstone")
    except PackageNotFoundError:
        program = "unknown"
    tables = repr([(kind.name, msgspec.inspect.multi_type_info(kind.structs)) for kind in KINDS.values()])
    return sha256(f"{_FORMAT}\0{program}\0{tables}\0{digest}".encode()).hexdigest()
