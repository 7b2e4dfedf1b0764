"""Roads of writing in number: many records in one request, records of several objects, clones, dry runs, and writes under a key."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fieldstone.proof.roads.write_roads import change_of, judge, raised, values_of, went
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.layout import PLATFORM

Body = Callable[[str, Mapping[str, Any]], Any]
"""Makes the body of a request about a record with these values."""


def _about(body: Body, *, changes: bool) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a request that holds the record alone."""

    async def walk(trip: Trip) -> Verdict:
        values = change_of(trip) if changes else {}

        async def about(record_id: str) -> Answer:
            sent = body(trip.shown(record_id), values)
            for operation in sent.get("operations", ()):
                operation["object"] = trip.name
            return await trip.ask(body=sent)

        return await judge(trip, about, raised if changes else went)

    return walk


def _made(body: Callable[[Trip, Mapping[str, Any]], Any], **more: Any) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a new record; a dry one leaves nothing."""

    async def walk(trip: Trip) -> Verdict:
        if "headers" in more and trip.mount.table.dialect.api.idempotency is None:
            return CLOSED
        if "create" not in trip.object.offered:
            return CLOSED
        values = trip.body({**trip.stage.test.new.get(trip.name, {}), **values_of(trip)})
        answer = await trip.ask(body=body(trip, values), **more)
        made = [name for name, _ in trip.done().made].count(trip.name)
        good = answer.status == 201 or (answer.status == 200 and trip.mount.one(answer)["success"])
        if made != (good and "query" not in more):
            raise Leak(f"{answer} made {made}")
        return ALLOWED if good else CLOSED if answer.status == 405 else REFUSED

    return walk


async def _cloned(trip: Trip) -> Verdict:
    """Whoever may make such records gets the values of one that he sees; one that he does not is absent.

    Most of the platform's records stand once for each user, and are cloned by nobody.
    """
    if trip.object.package == PLATFORM or not trip.object.api_enabled:
        return CLOSED
    answer = await trip.ask(trip.id, body={})
    effect = trip.done()
    if answer.status == 201:
        if [name for name, _ in effect.made].count(trip.name) != 1 or effect.gone or effect.changed:
            raise Leak(f"a clone did {effect}")
        return ALLOWED
    if answer.status != 404:
        return CLOSED
    verdict = await trip.told_alike(answer, lambda record_id: trip.ask(record_id, body={}))
    trip.nothing_done()
    return verdict


def _step(action: str, record_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {"action": action, "id": record_id}
    return {"operations": [sent if action == "delete" else {**sent, "data": data}]}


def _new_step(trip: Trip, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"operations": [{"object": trip.name, "action": "create", "data": values}]}


UPDATE_MANY_ROADS = (
    Road("changed among many", _about(lambda at, data: {"records": [{"id": at, "data": data}]}, changes=True)),
)
DELETE_MANY_ROADS = (Road("deleted among many", _about(lambda at, _: {"ids": [at]}, changes=False)),)
CREATE_MANY_ROADS = (Road("made among many", _made(lambda _, values: [values])),)
ACROSS_UPDATE_ROADS = (
    Road("changed across objects", _about(lambda at, data: _step("update", at, data), changes=True)),
)
ACROSS_DELETE_ROADS = (
    Road("deleted across objects", _about(lambda at, data: _step("delete", at, data), changes=False)),
)
ACROSS_CREATE_ROADS = (Road("made across objects", _made(_new_step)),)
CLONE_ROADS = (Road("cloned", _cloned),)
TRIED_ROADS = (
    Road("made dry", _made(lambda _, values: values, query={"dryRun": "true"})),
    Road("made under a key", _made(lambda _, values: values, headers={"Idempotency-Key": "one"})),
)
