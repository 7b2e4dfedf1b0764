"""Roads through searches and explanations: a record by its words, a field by being searched, named or explained."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.json import encode

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Field

EVERYTHING = "200"
BEHIND_ALL = 1000
ANY_WORD = "a"

Ask = Callable[[Trip, str], Awaitable[Answer]]
"""Searches for a text on the way of a trip."""


async def _by_parameter(trip: Trip, text: str) -> Answer:
    return await trip.ask(query={"search": f'"{text}"', "limit": EVERYTHING})


async def _by_body(trip: Trip, text: str) -> Answer:
    return await trip.ask(body={"search": {"query": text}, "limit": int(EVERYTHING)})


async def _by_own_parameter(trip: Trip, text: str) -> Answer:
    return await trip.ask(query={str(trip.route.declaration.search): text, trip.mount.limit: EVERYTHING})


def _found(ask: Ask) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road to a record by the words of its fields, one after the other."""

    async def walk(trip: Trip) -> Verdict:
        if not _searches(trip):
            return CLOSED
        texts = [trip.stored[field.name] for field in _searchable(trip) if trip.stored[field.name]]
        answers = [await ask(trip, text) for text in texts]
        answered = [answer for answer in answers if answer.status == 200]
        if not answered:
            return REFUSED if answers and answers[0].status in (401, 403) else CLOSED
        return ALLOWED if any(_shows(trip, answer, trip.id) for answer in answered) else REFUSED

    return walk


async def _counted(trip: Trip) -> Verdict:
    """By the total of a search, behind all records."""
    totals = set()
    for field in _searchable(trip):
        text = trip.stored[field.name]
        if not text:
            continue
        query = {"search": text, "searchFields": field.name, "id": trip.id}
        answer = await trip.ask(query={**query, "offset": str(BEHIND_ALL)})
        if answer.status == 200:
            totals.add(trip.mount.page(answer).total)
    return CLOSED if not totals else ALLOWED if totals == {1} else REFUSED


def _found_by_it(ask: Ask) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road to a field by finding a record, which is seen anyway, by the words of this field."""

    async def walk(trip: Trip) -> Verdict:
        if not trip.field.shape.searchable or not _searches(trip):
            return CLOSED
        found = set()
        for record_id in trip.stage.rows_of(trip.name):
            text = trip.stage.stored[trip.name, record_id][trip.field.name]
            if text and await trip.sees(record_id):
                answer = await ask(trip, text)
                found.add(answer.status == 200 and _shows(trip, answer, record_id))
        return CLOSED if not found else ALLOWED if found == {True} else REFUSED

    return walk


async def _named(trip: Trip) -> Verdict:
    if not trip.field.shape.searchable:
        return CLOSED
    return await trip.told_apart(lambda field: trip.ask(query={"search": ANY_WORD, "searchFields": field}))


async def _named_in_body(trip: Trip) -> Verdict:
    if not trip.field.shape.searchable:
        return CLOSED
    return await trip.told_apart(lambda field: trip.ask(body={"search": ANY_WORD, "searchFields": [field]}))


async def _explained(trip: Trip) -> Verdict:
    """By explaining a query that names it; most people are told nothing, whatever they name."""

    async def ask(field: str) -> Answer:
        where: Mapping[str, Any] = {field: {"$null": False}}
        if trip.route.declaration.operation == "query":
            return await trip.ask(query={"explain": "true"}, body={"where": where})
        return await trip.ask(query={"explain": "true", "where": encode(where).decode()})

    apart = await trip.told_apart(ask)
    return CLOSED if (await ask(trip.field.name)).status == 403 else apart


def _searches(trip: Trip) -> bool:
    return trip.mount.whole_language or trip.route.declaration.search is not None


def _searchable(trip: Trip) -> list[Field]:
    return [field for field in trip.object.fields.values() if field.shape.searchable]


def _shows(trip: Trip, answer: Answer, record_id: str) -> bool:
    return trip.shown(record_id) in [item["id"] for item in trip.mount.page(answer).items]


EXPLAINED = Road("explained", _explained, whole_language=True)
LIST_ROADS = (
    Road("searched", _found(_by_parameter), whole_language=True),
    Road("searched, counted", _counted, whole_language=True),
    Road("searched, own parameter", _found(_by_own_parameter), parameters=True),
)
QUERY_ROADS = (Road("searched, posted", _found(_by_body)),)
LIST_FIELD_ROADS = (
    Road("found by its words", _found_by_it(_by_parameter), whole_language=True),
    Road("found by its words, own parameter", _found_by_it(_by_own_parameter), parameters=True),
    Road("named in searchFields", _named, whole_language=True),
    EXPLAINED,
)
QUERY_FIELD_ROADS = (
    Road("found by its words, posted", _found_by_it(_by_body)),
    Road("named in searchFields, posted", _named_in_body),
    EXPLAINED,
)
