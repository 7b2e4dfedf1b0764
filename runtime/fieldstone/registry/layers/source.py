"""The source of a declaration that has an overlay: its value as it is in effect, and where in it everything is, told by its path."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.errors import Place
from fieldstone.registry.source import Source, Spot


class OverlaidSpot(Spot, frozen=True, gc=False):
    """The spot of a value that stands in no file."""

    path: str = ""

    def of_value(self, file: str) -> Place:
        """Returns the place of the value, which has no line."""
        return Place(f"{file}: {self.path}" if self.path else file, 0, 0)

    def of_key(self, file: str) -> Place:
        """Returns the same place."""
        return self.of_value(file)


def overlaid_source(value: Mapping[str, Any]) -> Source:
    """Returns the source of a document that is in effect."""
    return Source(value, _spot(value, ""))


def _spot(value: Any, path: str) -> OverlaidSpot:
    before = f"{path}." if path else ""
    if isinstance(value, Mapping):
        return OverlaidSpot(0, keys={key: _spot(each, f"{before}{key}") for key, each in value.items()}, path=path)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return OverlaidSpot(0, items=[_spot(each, f"{before}{at}") for at, each in enumerate(value)], path=path)
    return OverlaidSpot(0, path=path)
