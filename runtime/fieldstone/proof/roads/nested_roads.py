"""Roads through records within records: to a record and to a field of it, out of lists of what refers to another record, and deeper."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Raw
from msgspec.json import decode, encode

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Field, Object

Naming = Callable[[str], Mapping[str, Any]]
"""What an expansion asks for, in the map form, that names a field."""

Way = tuple[Object, str, str]
"""An object, one of its records, and the key of an expansion in it."""


async def _in_lists(trip: Trip) -> Verdict:
    """Among the records that refer to a record which he sees."""
    verdicts = set()
    for reference, parent in _parents(trip.object, trip.stored):
        key = _list_key(trip.name, reference)
        record = await _expanded(trip, reference, parent, {key: {"fields": ["id"], "limit": 200}})
        if record is not None:
            shown = {"id": trip.shown(trip.id)} in record[key]
            verdicts.add(ALLOWED if shown else REFUSED)
    return agreed(verdicts)


async def _counted_out(trip: Trip) -> Verdict:
    """By a list of one, under a condition that holds for this record alone."""
    verdicts = set()
    for reference, parent in _parents(trip.object, trip.stored):
        key = _list_key(trip.name, reference)
        asked = {"fields": ["version"], "where": {"$not": {"id": {"$ne": trip.id}}}, "orderBy": "-id", "limit": 1}
        record = await _expanded(trip, reference, parent, {key: asked})
        if record is not None:
            verdicts.add(ALLOWED if record[key] else REFUSED)
    return agreed(verdicts)


async def _two_levels_deep(trip: Trip) -> Verdict:
    """In the place of a reference, within a list of records that refer to a record which he sees."""
    verdicts = set()
    async for source, field, source_id in _pointing(trip):
        for reference, parent in _parents(source, trip.stage.stored[source.name, source_id]):
            key = _list_key(source.name, reference)
            asked = {"fields": ["id"], "limit": 200, "expand": {field.name: {}}}
            record = await _expanded(trip, reference, parent, {key: asked})
            if record is not None:
                (found,) = [item for item in record[key] if item["id"] == trip.shown(source_id, source.name)]
                verdicts.add(_stands(trip, found[field.name]))
    return agreed(verdicts)


async def _along_two_references(trip: Trip) -> Verdict:
    """In the place of a reference of a record that stands in the place of another's reference."""
    verdicts = set()
    async for source, field, source_id in _pointing(trip):
        for outer, reference, outer_id in references_to(trip, source.name, source_id):
            if await trip.sees(outer_id, outer.name):
                answer = await _ask(trip, outer, outer_id, [f"{reference.name}.{field.name}"])
                record = _record(trip, answer)
                if record is not None and isinstance(record[reference.name], dict):
                    verdicts.add(_stands(trip, record[reference.name][field.name]))
    return agreed(verdicts)


async def _shown_in_lists(trip: Trip) -> Verdict:
    """In the records of its object that refer to a record which he sees."""
    for record_id in trip.stage.rows_of(trip.name):
        for reference, parent in _parents(trip.object, trip.stage.stored[trip.name, record_id]):
            key = _list_key(trip.name, reference)
            record = await _expanded(trip, reference, parent, {key: {}})
            if record is not None and record[key]:
                return ALLOWED if trip.field.name in record[key][0] else REFUSED
    return CLOSED


def _named(naming: Naming) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road that names the field in what is asked of a list, and of a record in the place of a reference."""

    async def walk(trip: Trip) -> Verdict:
        verdicts = set()
        for way in await _ways(trip):
            open_at_all = await _ask_by(trip, way, {})
            if open_at_all.status == 200:
                verdicts.add(await trip.told_apart(partial(_ask_naming, trip, way, naming)))
        return agreed(verdicts)

    return walk


async def _ask_naming(trip: Trip, way: Way, naming: Naming, field: str) -> Answer:
    return await _ask_by(trip, way, naming(field))


async def _ask_by(trip: Trip, way: Way, asked: Mapping[str, Any]) -> Answer:
    subject, record_id, key = way
    return await _ask(trip, subject, record_id, {key: asked})


async def _ways(trip: Trip) -> list[Way]:
    """Returns the ways to the object through records that he sees."""
    found: dict[tuple[str, str], Way] = {}
    for record_id in trip.stage.rows_of(trip.name):
        for reference, parent in _parents(trip.object, trip.stage.stored[trip.name, record_id]):
            subject = trip.stage.object(str(reference.reference))
            found.setdefault((subject.name, reference.name), (subject, parent, _list_key(trip.name, reference)))
        for source, reference, source_id in references_to(trip, trip.name, record_id):
            found.setdefault((source.name, reference.name), (source, source_id, reference.name))
    return [way for way in found.values() if await trip.sees(way[1], way[0].name)]


async def _expanded(trip: Trip, reference: Field, parent: str, expand: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Returns the record that a reference points to, expanded; None when he does not see it or may not ask so."""
    subject = trip.stage.object(str(reference.reference))
    if not await trip.sees(parent, subject.name):
        return None
    return _record(trip, await _ask(trip, subject, parent, expand))


async def _ask(trip: Trip, subject: Object, record_id: str, expand: Any) -> Answer:
    places: dict[str, Any] = {"object": subject.name, "of": subject.name}
    text = ",".join(expand) if isinstance(expand, list) else encode(expand).decode()
    match trip.route.declaration.operation:
        case "get":
            return await trip.ask(record_id, query={"expand": text}, **places)
        case "query":
            return await trip.ask(body={"where": {"id": record_id}, "expand": expand}, **places)
        case _:
            return await trip.ask(query={"id": record_id, "expand": text}, **places)


def _record(trip: Trip, answer: Answer) -> Mapping[str, Any] | None:
    if answer.status != 200:
        return None
    if trip.route.declaration.operation == "get":
        record: Mapping[str, Any] = trip.mount.one(answer)
        return record
    items = trip.mount.page(answer).items
    return items[0] if items else None


async def _pointing(trip: Trip) -> AsyncIterator[tuple[Object, Field, str]]:
    """Yields the records that refer to the trip's record and that he sees."""
    for source, field, source_id in references_to(trip, trip.name, trip.id):
        if await trip.sees(source_id, source.name):
            yield source, field, source_id


def references_to(trip: Trip, object_name: str, record_id: str) -> Iterator[tuple[Object, Field, str]]:
    """Yields the records of the test that refer to a record by a declared field."""
    for (name, source_id), stored in trip.stage.stored.items():
        source = trip.stage.object(name)
        for field in source.fields.values():
            if field.reference == object_name and not field.system and refers_to(field, stored, record_id):
                yield source, field, source_id


def refers_to(field: Field, stored: Mapping[str, Any], record_id: str) -> bool:
    """Tells whether a reference of a record points to another, perhaps among others."""
    value = stored.get(field.name)
    if not field.multiple or value is None:
        return bool(value == record_id)
    return record_id in (decode(value) if isinstance(value, Raw) else value)


def _parents(subject: Object, stored: Mapping[str, Any]) -> Iterator[tuple[Field, str]]:
    """Yields the declared references of a record that hold an id; lists of ids are not followed from the other side."""
    for field in subject.fields.values():
        value = stored.get(field.name)
        if field.reference is not None and not (field.multiple or field.system) and value is not None:
            yield field, value


def _list_key(object_name: str, reference: Field) -> str:
    return f"{object_name}.{reference.name}"


def _stands(trip: Trip, value: Any) -> Verdict:
    """Returns whether the record itself stands in a place, where its id stands otherwise, or nothing of it in a list."""
    if isinstance(value, list):
        return ALLOWED if trip.shown(trip.id) in [each["id"] for each in value] else REFUSED
    if isinstance(value, dict):
        if value["id"] != trip.shown(trip.id):
            raise Leak("another record is expanded")
        return ALLOWED
    if value != trip.shown(trip.id):
        raise Leak(f"`{value}` stands where the id belongs")
    return REFUSED


def agreed(verdicts: set[Verdict]) -> Verdict:
    """Returns the one verdict of several ways of one road; raises Leak when they disagree."""
    if len(verdicts) > 1:
        raise Leak(f"its ways disagree: {sorted(verdict.value for verdict in verdicts)}")
    return verdicts.pop() if verdicts else CLOSED


RECORD_ROADS = (
    Road("in a list of another", _in_lists, whole_language=True),
    Road("alone in a list of another", _counted_out, whole_language=True),
    Road("expanded in a list of another", _two_levels_deep, whole_language=True),
    Road("expanded along two references", _along_two_references, whole_language=True),
)
FIELD_ROADS = (
    Road("shown in a list of another", _shown_in_lists, whole_language=True),
    Road("named in the fields of an expansion", _named(lambda field: {"fields": ["id", field]}), whole_language=True),
    Road(
        "named in the where of an expansion",
        _named(lambda field: {"where": {field: {"$null": False}}}),
        whole_language=True,
    ),
    Road("named in the expansion of an expansion", _named(lambda field: {"expand": [field]}), whole_language=True),
)
