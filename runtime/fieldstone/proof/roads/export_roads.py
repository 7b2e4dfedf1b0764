"""Roads through exports: a record among what is taken out, a field among its columns and by being named in what narrows it."""

import csv
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.json import encode

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.granted import grant_in


def _offered(walk: Callable[[Trip], Awaitable[Verdict]]) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns a road that is closed where exports of the object are not offered."""

    async def walked(trip: Trip) -> Verdict:
        return await walk(trip) if {"export", "list"} <= set(trip.object.offered) else CLOSED

    return walked


async def _ask(trip: Trip, **asked: Any) -> Answer:
    """Asks for an export in the way of the route: by a body, or by parameters."""
    if trip.route.declaration.method == "POST":
        return await trip.ask(body=asked)
    texts = {name: value if isinstance(value, str) else encode(value).decode() for name, value in asked.items()}
    return await trip.ask(query=texts)


def _cells(answer: Answer) -> list[list[str]]:
    return list(csv.reader(answer.body.decode().splitlines()))


async def _as_table(trip: Trip) -> Verdict:
    answer = await _ask(trip, format="csv", raw=True, select=["id"] if _posts(trip) else "id", header=False)
    if answer.status != 200:
        return _refused(trip, answer)
    return ALLOWED if [trip.shown(trip.id)] in _cells(answer) else _not_taken_out(trip)


async def _as_json(trip: Trip) -> Verdict:
    answer = await _ask(trip, format="json", where={"id": trip.shown(trip.id)})
    if answer.status != 200:
        return _refused(trip, answer)
    return ALLOWED if [record["id"] for record in answer.json] == [trip.shown(trip.id)] else _not_taken_out(trip)


async def _shown(trip: Trip) -> Verdict:
    """By the names above the columns."""
    answer = await _ask(trip, format="csv", raw=True)
    if answer.status != 200:
        return CLOSED
    return ALLOWED if trip.field.name in _cells(answer)[0] else _not_taken_out(trip)


async def _shown_to_people(trip: Trip) -> Verdict:
    """By a value under a heading; what hides in it is looked for in every answer."""
    answer = await _ask(trip, format="csv")
    if answer.status != 200:
        return CLOSED
    return ALLOWED if trip.field.label in _cells(answer)[0] else _not_taken_out(trip)


async def _named(trip: Trip) -> Verdict:
    return await _apart(trip, lambda field: _ask(trip, select=[field] if _posts(trip) else field))


async def _asked_for(trip: Trip) -> Verdict:
    return await _apart(trip, lambda field: _ask(trip, where={field: {"$null": False}}))


async def _apart(trip: Trip, again: Callable[[str], Awaitable[Answer]]) -> Verdict:
    apart = await trip.told_apart(again)
    return apart if apart is ALLOWED else _not_taken_out(trip)


async def _of_object(trip: Trip) -> Verdict:
    answer = await _ask(trip, limit=1)
    return ALLOWED if answer.status == 200 else _refused(trip, answer)


def _posts(trip: Trip) -> bool:
    return trip.route.declaration.method == "POST"


def _refused(trip: Trip, answer: Answer) -> Verdict:
    return _not_taken_out(trip) if answer.status in (401, 403) else CLOSED


def _not_taken_out(trip: Trip) -> Verdict:
    """Where a set lets its holder read and not take out, one may read what no export has; all else must be alike."""
    grants = (grant_in(held.declaration, trip.object) for held in trip.stage.runtime.catalog.permissions.values())
    return CLOSED if any(grant is not None and grant.allow_export is False for grant in grants) else REFUSED


RECORD_ROADS = (
    Road("taken out as a table", _offered(_as_table), whole_language=True),
    Road("taken out as JSON", _offered(_as_json), whole_language=True),
)
FIELD_ROADS = (
    Road("a column", _offered(_shown), whole_language=True),
    Road("a heading", _offered(_shown_to_people), whole_language=True),
    Road("named in an export", _offered(_named), whole_language=True),
    Road("asked for in an export", _offered(_asked_for), whole_language=True),
)
OBJECT_ROADS = (Road("taken out", _offered(_of_object), whole_language=True),)
