"""Roads through the past: records and fields as they stood, the versions of a record, and a version brought back.

An object that keeps no history answers everybody alike, so that its roads are closed.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.json import encode

from fieldstone.clock import system_clock
from fieldstone.proof.mount import Listing
from fieldstone.proof.roads.write_roads import judge
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer

FIRST = {"version": 1}


def _tracked(trip: Trip) -> bool:
    return trip.object.declaration.enable.track_history


async def _as_it_stood(trip: Trip) -> Verdict:
    if not _tracked(trip):
        return CLOSED
    query = {"asOf": system_clock()}
    answer = await trip.ask(trip.id, query=query)
    if answer.status == 200:
        return ALLOWED
    return await trip.told_alike(answer, lambda record_id: trip.ask(record_id, query=query))


async def _among_those_that_stood(trip: Trip) -> Verdict:
    if not _tracked(trip):
        return CLOSED
    instant = system_clock()

    async def ask(record_id: str) -> Answer:
        if trip.route.declaration.operation == "query":
            return await trip.ask(body={"where": {"id": record_id}, "asOf": instant})
        return await trip.ask(query={"where": encode({"id": record_id}).decode(), "asOf": instant})

    answer = await ask(trip.id)
    page: Listing | None = trip.mount.page(answer) if answer.status == 200 else None
    if page is not None and page.items:
        if page.total != 1:
            raise Leak(f"one record is shown and {page.total} are counted")
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _by_its_versions(trip: Trip) -> Verdict:
    if not _tracked(trip):
        return CLOSED
    answer = await trip.ask(trip.id)
    return ALLOWED if answer.status == 200 else await trip.told_alike(answer, trip.ask)


async def _changed_in_history(trip: Trip) -> Verdict:
    """Among what the versions of the records that he sees have changed; bookkeeping is no change."""
    if not _tracked(trip) or trip.field.system:
        return CLOSED
    changes: set[str] = set()
    for record_id in trip.stage.rows_of(trip.name):
        if await trip.sees(record_id):
            answer = await trip.ask(record_id)
            items: list[Mapping[str, Any]] = trip.mount.one(answer)["items"]
            changes |= {change["field"] for item in items for change in item["changes"]}
    return ALLOWED if trip.field.name in changes else REFUSED


async def _shown_as_it_stood(trip: Trip) -> Verdict:
    record_id = await trip.seen()
    if not _tracked(trip):
        return CLOSED
    answer = await trip.ask(record_id, query={"asOf": system_clock()})
    return ALLOWED if trip.field.name in trip.mount.one(answer) else REFUSED


async def _named_in_the_past(trip: Trip) -> Verdict:
    if not _tracked(trip):
        return CLOSED
    instant = system_clock()
    return await trip.told_apart(lambda name: trip.ask(query={"orderBy": name, "select": name, "asOf": instant}))


async def _restored(trip: Trip) -> Verdict:
    """To its first version, which is the one that it is at: whoever may change it changes nothing."""
    if not _tracked(trip) or trip.sentence.values:
        return CLOSED
    return await judge(
        trip,
        lambda record_id: trip.ask(record_id, body=FIRST),
        lambda _trip, effect: not (effect.made or effect.gone or effect.changed),
    )


HISTORY_ROADS = (Road("versions told", _by_its_versions),)
HISTORY_FIELD_ROADS = (Road("changes told", _changed_in_history),)
GET_ROADS = (Road("as it stood", _as_it_stood, whole_language=True),)
GET_FIELD_ROADS = (Road("shown as it stood", _shown_as_it_stood, whole_language=True),)
LIST_ROADS = (Road("listed as it stood", _among_those_that_stood, whole_language=True),)
LIST_FIELD_ROADS = (Road("named in the past", _named_in_the_past, whole_language=True),)
QUERY_ROADS = (Road("queried as it stood", _among_those_that_stood),)
RESTORE_ROADS = (Road("restored", _restored),)
