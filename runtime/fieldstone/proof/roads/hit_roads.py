"""Roads through the search of all objects: a record among its hits and in their number, a field by what finds and fills them.

A hit must count for what its own record shows: a score that something else has a part in is a Leak, as is a number of more than is shown.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.query.search import MOST_POINTS, points_of, terms_of

ALL = "100"
ALL_OF_ONE = "25"


async def _everywhere(trip: Trip, text: str) -> Answer:
    return await trip.ask(query={"q": text, "limit": ALL, "perObject": ALL_OF_ONE})


async def _in_object(trip: Trip, text: str) -> Answer:
    """Searches the object alone; what is answered must be right in itself."""
    answer = await trip.ask(query={"q": text, "objects": trip.name, "limit": ALL})
    if answer.status == 200:
        _require_honest(trip, answer, text)
    return answer


def _require_honest(trip: Trip, answer: Answer, text: str) -> None:
    """Insists that hits are counted, scored and ordered by themselves."""
    items, total = answer.json["items"], answer.json["total"]
    if total != len(items) < int(ALL):
        raise Leak(f"{total} are counted and {len(items)} shown")
    if [(item["score"], item["id"]) for item in items] != sorted(
        ((item["score"], item["id"]) for item in items), reverse=True
    ):
        raise Leak("hits do not come in the order of their scores")
    searchable = _searchable(trip)
    if any(trip.object.fields[name].masking is not None for name in searchable):
        return
    first, terms = trip.object.declaration.name_field, terms_of(text)
    for item in items:
        texts = {name: item["record"][name] for name in searchable if name in item["record"]}
        points = points_of(texts, first, terms)
        if points is None or item["score"] != round(points / (MOST_POINTS * len(terms)), 3):
            raise Leak(f"a score of {item['score']} is not that of {texts}")


def _found(everywhere: bool) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road to a record by the words of its fields, one after the other; where all is searched, it may be left out."""
    ask = _everywhere if everywhere else _in_object

    async def walk(trip: Trip) -> Verdict:
        texts = [trip.stored[name] for name in _searchable(trip) if trip.stored[name]]
        answers = [await ask(trip, f'"{text}"') for text in texts]
        if texts and not everywhere:
            await ask(trip, terms_of(texts[0])[0])
        if any(trip.shown(trip.id) in _ids(answer) for answer in answers):
            return ALLOWED
        refused = any(answer.status in (200, 401, 403) for answer in answers)
        left_out = everywhere and (await _in_object(trip, "a")).status in (400, 405)
        return REFUSED if refused and not left_out else CLOSED

    return walk


async def _found_by_it(trip: Trip) -> Verdict:
    """By finding a record, which is seen anyway, by the words of the field."""
    found = set()
    if trip.field.name not in _searchable(trip):
        return CLOSED
    async for record_id, stored in _visible(trip):
        if stored[trip.field.name]:
            answer = await _in_object(trip, f'"{stored[trip.field.name]}"')
            found |= {trip.shown(record_id) in _ids(answer)} if answer.status in (200, 400) else set()
    return CLOSED if not found else ALLOWED if found == {True} else REFUSED


async def _shown(trip: Trip) -> Verdict:
    """By a hit for the words of another field; what hides in its title or snippet is looked for in every answer."""
    async for record_id, stored in _visible(trip):
        for name in _searchable(trip):
            if name == trip.field.name or not stored[name]:
                continue
            answer = await _in_object(trip, f'"{stored[name]}"')
            for item in _items(answer):
                if item["id"] == trip.shown(record_id):
                    return ALLOWED if trip.field.name in item["record"] else REFUSED
    return CLOSED


async def _asked(trip: Trip) -> Verdict:
    """By naming it."""
    if not _searchable(trip):
        return CLOSED
    answer = await trip.ask(query={"q": "a", "object": trip.name})
    if answer.status in (401, 403):
        return REFUSED
    return ALLOWED if answer.status == 200 else CLOSED


async def _visible(trip: Trip) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Yields the records of the object that the person sees, each with what is stored of it."""
    for record_id in trip.stage.rows_of(trip.name):
        if await trip.sees(record_id):
            yield record_id, trip.stage.stored[trip.name, record_id]


def _searchable(trip: Trip) -> list[str]:
    return [field.name for field in trip.object.fields.values() if field.shape.searchable]


def _items(answer: Answer) -> Iterator[Mapping[str, Any]]:
    yield from answer.json["items"] if answer.status == 200 else ()


def _ids(answer: Answer) -> set[str]:
    return {item["id"] for item in _items(answer)}


RECORD_ROADS = (Road("found among all", _found(everywhere=True)), Road("found in its object", _found(everywhere=False)))
FIELD_ROADS = (Road("found by its words", _found_by_it), Road("shown in a hit", _shown))
OBJECT_ROADS = (Road("searched by name", _asked),)
