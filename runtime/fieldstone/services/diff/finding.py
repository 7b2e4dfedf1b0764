"""Findings: one thing that differs, how much it matters, and one sentence about it."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeVar

import msgspec

Severity = Literal["lost", "breaking", "closed", "opened", "changed", "added"]

MEANINGS: Final[Mapping[Severity, str]] = {
    "lost": "Data that is lost, or can no longer be reached",
    "breaking": "Breaks clients",
    "closed": "Takes rights away",
    "opened": "Gives rights",
    "changed": "Is otherwise, and breaks nobody by itself",
    "added": "Is new, or freer than it was",
}
"""The severities, the worst first, and what each means."""

BREAKING: Final[frozenset[Severity]] = frozenset({"lost", "breaking", "closed"})

T = TypeVar("T")


class Finding(msgspec.Struct, frozen=True, order=True):
    """What differs: `subject` is the declaration, such as `object lead`."""

    severity: Severity
    subject: str
    told: str


def pairs(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """Yields what is under each name on either side, those of the old side first, in its order."""
    for name, item in old.items():
        yield name, item, new.get(name)
    for name, item in new.items():
        if name not in old:
            yield name, None, item


def renamed(old: Mapping[str, object], named: Mapping[str, str | None]) -> dict[str, str]:
    """Returns the old names by the new ones; `named` are those of the new side, each with the name that it says it had."""
    return {
        name: former
        for name, former in named.items()
        if former is not None and former in old and former not in named and name not in old
    }


def both(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T, T]]:
    """Yields what is under each name that both sides have."""
    yield from ((name, item, new[name]) for name, item in old.items() if name in new)
