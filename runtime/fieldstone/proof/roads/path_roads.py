"""Roads along paths: to a record and to a field of it, by conditions and orders over a reference of a record that somebody sees."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from msgspec.json import encode

from fieldstone.proof.roads.nested_roads import agreed, references_to
from fieldstone.proof.trip import ALLOWED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Field, Object

Way = tuple[Object, Field, str]
"""An object, a reference of it, and one of its records."""

Asking = Callable[[str], Mapping[str, Any]]
"""What a query holds that names a field, or a path to one."""


def _matched(where: Callable[[str, str], Any]) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road by a condition, made of the path to the record's id and the id, that holds if the record is there."""

    async def walk(trip: Trip) -> Verdict:
        verdicts = set()
        async for source, reference, source_id in _pointing(trip):
            condition = where(f"{reference.name}.id", trip.id)
            listed = await _listed(trip, source, {"where": {"$and": [{"id": source_id}, condition]}})
            if listed is not None:
                verdicts.add(ALLOWED if listed else REFUSED)
        return agreed(verdicts)

    return walk


async def _complements(trip: Trip) -> Verdict:
    """By a condition over the path and its negation: one of the two holds, whether or not the record is there."""
    verdicts = set()
    async for source, reference, source_id in _pointing(trip):
        condition = {f"{reference.name}.id": {"$in": [trip.id]}}
        inside = await _listed(trip, source, {"where": [["id", "=", source_id], condition]})
        outside = await _listed(trip, source, {"where": {"id": source_id, "$not": condition}})
        if inside is None or outside is None:
            continue
        if inside == outside:
            raise Leak("a condition and its negation do not split the records")
        verdicts.add(ALLOWED if inside else REFUSED)
    return agreed(verdicts)


async def _among_absent(trip: Trip) -> Verdict:
    """Counted among the records whose reference leads to nothing that he sees."""
    verdicts = set()
    async for source, reference, source_id in _pointing(trip):
        listed = await _listed(trip, source, {"where": {"id": source_id, f"{reference.name}.version": None}})
        if listed is not None:
            verdicts.add(REFUSED if listed else ALLOWED)
    return agreed(verdicts)


def _named(asking: Asking) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road that names the field at the end of a path."""

    async def walk(trip: Trip) -> Verdict:
        verdicts = set()
        for source, reference in await _ways(trip):
            verdicts.add(await trip.told_apart(partial(_ask_naming, trip, source, f"{reference.name}.", asking)))
        return agreed(verdicts)

    return walk


async def _ask_naming(trip: Trip, source: Object, path: str, asking: Asking, field: str) -> Answer:
    return await _ask(trip, source, asking(path + field))


async def _ways(trip: Trip) -> list[tuple[Object, Field]]:
    """Returns the references to the object that he may name; one of the field's own name would blur what is told apart."""
    found = []
    for source in map(trip.stage.object, trip.stage.own):
        for reference in source.fields.values():
            if reference.reference == trip.name and reference.name != trip.field.name:
                answer = await _ask(trip, source, {"where": {reference.name: None}})
                found += [(source, reference)] if answer.status == 200 else []
    return found


async def _pointing(trip: Trip) -> AsyncIterator[Way]:
    """Yields the records that refer to the trip's record and that he sees."""
    for source, reference, source_id in references_to(trip, trip.name, trip.id):
        if await trip.sees(source_id, source.name):
            yield source, reference, source_id


async def _listed(trip: Trip, source: Object, asked: Mapping[str, Any]) -> bool | None:
    """Returns whether a list holds a record; None where it is refused. Its total says the same."""
    answer = await _ask(trip, source, asked)
    if answer.status != 200:
        return None
    page = trip.mount.page(answer)
    if page.total != len(page.items):
        raise Leak(f"{page.total} are counted, {len(page.items)} shown")
    return bool(page.items)


async def _ask(trip: Trip, source: Object, asked: Mapping[str, Any]) -> Answer:
    places: dict[str, Any] = {"object": source.name, "of": source.name}
    if trip.route.declaration.operation == "query":
        return await trip.ask(body=dict(asked), **places)
    query = {name: value if isinstance(value, str) else encode(value).decode() for name, value in asked.items()}
    return await trip.ask(query=query, **places)


RECORD_ROADS = (
    Road("matched over a path", _matched(lambda path, record_id: {path: record_id}), whole_language=True),
    Road(
        "matched over a path, denied twice",
        _matched(lambda path, record_id: {"$not": {path: {"$ne": record_id}}}),
        whole_language=True,
    ),
    Road("there over a path", _matched(lambda path, _: {path: {"$exists": True}}), whole_language=True),
    Road("split over a path", _complements, whole_language=True),
    Road("among the absent over a path", _among_absent, whole_language=True),
)
ASKED: tuple[Asking, ...] = (
    lambda path: {"where": {path: {"$null": False}}},
    lambda path: {"where": [path, "is_null"]},
    lambda path: {"where": {"$not": {path: {"$in": []}}}},
    lambda path: {"where": {"id": {"$ne": {"$field": path}}}},
    lambda path: {"orderBy": f"-{path}"},
    lambda path: {"orderBy": encode([{"field": path}]).decode()},
)
"""Where a query takes a path."""

FIELD_ROADS = tuple(
    Road(f"named over a path, {number}", _named(asking), whole_language=True) for number, asking in enumerate(ASKED)
)
