"""Refusals of conditions: where in a where something stands, and how that is told."""

from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.names import shown

Path = tuple[Any, ...]
"""Where something stands, innermost first: `(key, (parent's key, ...))`; spelled out only when it is refused."""


def spelled(path: Path) -> str:
    """Returns a path as texts show it: `where.$and.0.status.$eq`."""
    parts = []
    while path:
        parts.append(shown(path[0]))
        path = path[1]
    return ".".join(reversed(parts))


def refused(message: str, path: Path, hint: str | None = None, details: dict[str, Any] | None = None) -> Invalid:
    """Returns the refusal of what stands at a path."""
    return Invalid(message, reason="INVALID_FILTER", path=spelled(path), hint=hint, details=details)
