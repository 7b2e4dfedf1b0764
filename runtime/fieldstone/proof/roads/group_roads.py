"""Roads through groups: a record by what is counted and computed over it, a field by every part of a query that may name one."""

from collections.abc import Awaitable, Callable
from typing import Any

from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer

BEHIND_ALL = 1000
"""An offset behind every group: the total cannot be read off the page, and is counted."""

COUNT = {"function": "count", "alias": "n"}


async def _counted(trip: Trip) -> Verdict:
    """Counted by itself, and out of all that he sees: the groups by id are as many as the records of a list."""

    async def ask(record_id: str) -> Answer:
        return await trip.ask(body={"where": {"id": record_id}, "aggregations": [COUNT]})

    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).items[0]["n"] == 1:
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _grouped(trip: Trip) -> Verdict:
    async def ask(record_id: str) -> Answer:
        groups = {"groupBy": ["id"], "aggregations": [COUNT], "having": {"n": {"$gte": 1}}}
        return await trip.ask(body={**groups, "where": {"id": {"$in": [record_id, ABSENT]}}})

    answer = await ask(trip.id)
    if answer.status == 200 and (groups := trip.mount.page(answer)).items:
        if groups.items != [{"id": trip.id, "n": 1}] or groups.total != 1:
            raise Leak(f"one group was asked for and {groups} came back")
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _filtered_out(trip: Trip) -> Verdict:
    """By a condition on what is counted alone."""

    async def ask(record_id: str) -> Answer:
        return await trip.ask(body={"aggregations": [{**COUNT, "filter": {"id": record_id}}]})

    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).items[0]["n"] == 1:
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _listed_in_group(trip: Trip) -> Verdict:
    """Among the values of the one group of all that he sees."""

    async def ask(record_id: str) -> Answer:
        ids = {"function": "array_agg", "field": "id", "alias": "ids", "filter": {"id": {"$in": [record_id, ABSENT]}}}
        return await trip.ask(body={"aggregations": [ids]})

    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).items[0]["ids"] == [trip.id]:
        return ALLOWED
    return await trip.told_alike(answer, ask)


async def _groups_counted(trip: Trip) -> Verdict:
    """By the total alone, on a page behind all groups."""

    async def ask(record_id: str) -> Answer:
        return await trip.ask(
            body={"where": {"id": record_id}, "distinct": True, "fields": ["id"], "offset": BEHIND_ALL}
        )

    answer = await ask(trip.id)
    if answer.status == 200 and trip.mount.page(answer).total == 1:
        return ALLOWED
    return await trip.told_alike(answer, ask)


def _named(naming: Callable[[str], Any]) -> Callable[[Trip], Awaitable[Verdict]]:
    async def walk(trip: Trip) -> Verdict:
        return await trip.told_apart(lambda field: trip.ask(body=naming(field)))

    return walk


RECORD_ROADS = (
    Road("counted in a group", _counted),
    Road("a group by itself", _grouped),
    Road("counted under a condition", _filtered_out),
    Road("listed in a group", _listed_in_group),
    Road("counted as a group", _groups_counted),
)
FIELD_ROADS = (
    Road("grouped by days of", _named(lambda field: {"groupBy": [{"field": field, "dateGranularity": "day"}]})),
    Road("different values of", _named(lambda field: {"distinct": True, "fields": [field]})),
    Road("added up", _named(lambda field: {"aggregations": [{"function": "sum", "field": field, "alias": "n"}]})),
    Road("grouped by", _named(lambda field: {"groupBy": [field], "aggregations": [COUNT]})),
    Road("computed over", _named(lambda field: {"aggregations": [{"function": "max", "field": field, "alias": "n"}]})),
    Road("counted where", _named(lambda field: {"aggregations": [{**COUNT, "filter": {field: {"$null": False}}}]})),
)
