"""Roads through the trash: a record found in it, brought back, or ended for good.

A record in the trash is absent to everybody by every other road, and to whoever may not reach it there by these as well.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.json import encode

from fieldstone.proof.rehearsal import NOTHING_DONE, Effect
from fieldstone.proof.roads.record_roads import judge_pages
from fieldstone.proof.trip import ALLOWED, CLOSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer

IN_TRASH = {"trash": "true"}
BEHIND_ALL = "1000"

Walk = Callable[[Trip], Awaitable[Verdict]]
Meant = Callable[[Trip, Effect], bool]


def _where_there_is_one(walk: Walk) -> Walk:
    """Returns a road that is closed for objects without a trash."""

    async def walked(trip: Trip) -> Verdict:
        return await walk(trip) if trip.object.declaration.enable.trash else CLOSED

    return walked


async def _listed(trip: Trip) -> Verdict:
    return judge_pages(trip, await trip.pages({**IN_TRASH, "limit": "1"}))


async def _queried(trip: Trip) -> Verdict:
    return await _found(trip, lambda record_id: trip.ask(body={"where": {"id": record_id}, "trash": True}))


async def _counted(trip: Trip) -> Verdict:
    async def ask(record_id: str) -> Answer:
        return await trip.ask(query={**IN_TRASH, "where": encode({"id": record_id}).decode(), "offset": BEHIND_ALL})

    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).total == 1:
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _found(trip: Trip, ask: Callable[[str], Awaitable[Answer]]) -> Verdict:
    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).items:
        return judge_pages(trip, [trip.mount.page(answer)])
    return await trip.told_alike(answer, ask)


def _done(as_meant: Meant, **more: Any) -> Walk:
    """Returns the road of a deed done to a record in the trash; every refusal is the one that an absent record gets."""

    async def walk(trip: Trip) -> Verdict:
        async def about(record_id: str) -> Answer:
            return await trip.ask(record_id, **more)

        answer = await about(trip.id)
        effect = trip.done()
        if answer.status == 200:
            if not as_meant(trip, effect):
                raise Leak(f"it did {effect}")
            return ALLOWED
        if effect != NOTHING_DONE:
            raise Leak(f"it was refused and yet did {effect}")
        if answer.status == 409 and "headers" in more:
            return ALLOWED
        verdict = await trip.told_alike(answer, about)
        trip.nothing_done()
        return verdict

    return walk


def _came_back(trip: Trip, effect: Effect) -> bool:
    return not (effect.made or effect.gone) and ((trip.name, trip.id), 1) in effect.changed


def _ended(trip: Trip, effect: Effect) -> bool:
    return (trip.name, trip.id) in effect.gone and not effect.made


def _nothing(_trip: Trip, effect: Effect) -> bool:
    return effect == NOTHING_DONE


def _never(_trip: Trip, _effect: Effect) -> bool:
    return False


LIST_ROADS = (
    Road("listed in the trash", _where_there_is_one(_listed), whole_language=True),
    Road("counted in the trash", _where_there_is_one(_counted), whole_language=True),
)
QUERY_ROADS = (Road("queried in the trash", _where_there_is_one(_queried)),)
RESTORE_ROADS = (
    Road("brought back", _where_there_is_one(_done(_came_back))),
    Road("brought back dry", _where_there_is_one(_done(_nothing, query={"dryRun": "true"}))),
    Road("brought back at a version that is over", _where_there_is_one(_done(_never, headers={"If-Match": "999999"}))),
)
PURGE_ROADS = (Road("purged", _where_there_is_one(_done(_ended, query={"purge": "true"}))),)
