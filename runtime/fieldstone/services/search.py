"""Searching for people: what they look for, found in all objects at once, each hit with a title and the text around its words.

Titles and snippets are made of what the records show to the caller, as they show it. Refuses nothing that the Operation does not.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.engine.operation import Search
from fieldstone.engine.outcome import Found, Hits
from fieldstone.query.search import first_place, searchable_fields
from fieldstone.registry.catalog import Catalog

SNIPPET = 160
"""A snippet has about as many characters, and as many of them before the first word that was found as a quarter."""

CUT = "\N{HORIZONTAL ELLIPSIS}"


class Hit(msgspec.Struct, frozen=True):
    """A record that was found: its row by the columns of its object, and how well it matches, from 0 to 1."""

    object: str
    id: str
    title: str
    snippet: str | None
    score: float
    columns: tuple[str, ...]
    row: tuple[Any, ...]


class Answer(msgspec.Struct, frozen=True):
    """The best hits of all objects, how many there are, and whether there may be more than that, or are more than these."""

    hits: tuple[Hit, ...]
    total: int
    truncated: bool


class Execute(Protocol):
    """The door's `execute`, as a search uses it."""

    async def __call__(self, operation: Search, caller: Caller) -> Found:
        """Runs a Search."""


class Searching:
    """Searches over a door; made for one catalog."""

    def __init__(self, execute: Execute, catalog: Catalog, policies: Policies) -> None:
        self._execute = execute
        self._catalog = catalog
        self._policies = policies

    def searched(self, caller: Caller, among: Collection[str]) -> tuple[str, ...]:
        """Returns those of some objects that a caller may search."""
        return tuple(name for name in among if self._is_searched(caller, name))

    async def search(self, caller: Caller, text: str, objects: tuple[str, ...], *, limit: int, each: int) -> Answer:
        """Returns the best hits, at most `limit`, and at most `each` of one object."""
        found = await self._execute(Search(text, objects, min(limit, each)), caller)
        hits = sorted(
            (hit for part in found.hits for hit in self._hits(part, found.terms)),
            key=lambda hit: (hit.score, hit.id),
            reverse=True,
        )[:limit]
        total = sum(part.total for part in found.hits)
        return Answer(tuple(hits), total, total > len(hits) or any(part.cut for part in found.hits))

    def _is_searched(self, caller: Caller, name: str) -> bool:
        subject = self._catalog.objects[name]
        if not subject.api_enabled or not {"list", "search"} <= set(subject.offered):
            return False
        policy = self._policies.policy(caller, name, "read")
        return policy.allowed and policy.missing is None and bool(searchable_fields(policy.shape))

    def _hits(self, part: Hits, terms: tuple[str, ...]) -> Iterator[Hit]:
        name_field = self._catalog.objects[part.object].declaration.name_field
        for record_id, points, row in zip(part.ids, part.points, part.rows, strict=True):
            record = dict(zip(part.columns, row, strict=True))
            named = next((field for field in (name_field, *part.fields) if _is_shown(record, field)), None)
            yield Hit(
                object=part.object,
                id=record_id,
                title=record_id if named is None else str(record[named]),
                snippet=_snippet(record, [field for field in part.fields if field != named], terms),
                score=round(points / part.most_points, 3),
                columns=part.columns,
                row=row,
            )


def _is_shown(record: Mapping[str, Any], field: str | None) -> bool:
    return field is not None and record.get(field) not in (None, "")


def _snippet(record: Mapping[str, Any], fields: list[str], terms: tuple[str, ...]) -> str | None:
    """Returns the text around the first word that was found in these fields; None where none of them has one."""
    for field in fields:
        text = unicodedata.normalize("NFC", record.get(field) or "")
        place = first_place(text, terms)
        if place is not None:
            return _around(text, place)
    return None


def _around(text: str, place: int) -> str:
    """Returns a part of a text around a place, from word to word, its white space as blanks."""
    start = max(0, place - SNIPPET // 4)
    if start:
        start = max(text.find(" ", start, place) + 1, 0) or place
    end = min(len(text), start + SNIPPET)
    if end < len(text):
        end = max(text.rfind(" ", place + 1, end), 0) or end
    part = " ".join(text[start:end].split())
    return f"{CUT if start else ''}{part}{CUT if end < len(text) else ''}"
