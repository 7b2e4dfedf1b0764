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
        if isinstance(step, int):
            place = _place(key, document, told, step)
            if place is None:
                return None
            document, told, at = document[step], told[place], place
            found.append(at)
            continue
        if not isinstance(document, Mapping) or not isinstance(told, Mapping) or step not in told:
            return None if isinstance(document, Mapping) else tuple(found)
        document, told, key = document[step], told[step], step
        found.append(step)
    return tuple(found) if isinstance(document, Mapping | list) or document == told else None


def _place(key: str, document: Any, told: Any, number: int) -> int | None:
    """Returns where the member of a list is in the list that is told."""
    if not isinstance(document, list) or not isinstance(told, list):
        return None
    member = document[number]
    if member in told:
        return told.index(member)
    name = member_name(NAMED_BY.get(key, ()), member)
    places = (place for place, each in enumerate(told) if member_name(NAMED_BY.get(key, ()), each) == name)
    return None if name is None else next(places, None)
