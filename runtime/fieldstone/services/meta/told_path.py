"""Where a value of a declaration stands in what somebody is told of it, and whether it does."""

from collections.abc import Mapping
from typing import Any

from fieldstone.registry.layers.members import NAMED_BY, member_name
from fieldstone.registry.references.mention import Path


def told_path(document: Any, told: Any, path: Path) -> Path | None:
    """Returns the path in what is told of a document for a path in the document; None for what is not told.

    A member of a list stands where one like it stands, or the one of its name where it is told in part.
    """
    found: list[str | int] = []
    key = ""
    for step in path:
        if isinstance(document, list) and isinstance(told, list) and isinstance(step, int):
            place = _place(key, document[step], told)
            if place is None:
                return None
            document, told = document[step], told[place]
            found.append(place)
        elif isinstance(document, Mapping) and isinstance(told, Mapping):
            if step not in told:
                return None
            key = str(step)
            document, told = document[key], told[key]
            found.append(step)
        else:
            break
    return tuple(found) if isinstance(document, Mapping | list) or document == told else None


def _place(key: str, member: Any, told: list[Any]) -> int | None:
    """Returns where a member of a list is among those that are told."""
    if member in told:
        return told.index(member)
    named_by = NAMED_BY.get(key, ())
    name = member_name(named_by, member)
    places = (place for place, each in enumerate(told) if member_name(named_by, each) == name)
    return None if name is None else next(places, None)
