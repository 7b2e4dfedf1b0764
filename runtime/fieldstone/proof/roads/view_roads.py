"""Roads to what views show: a field that somebody may not read is in none, neither as a column nor as what is asked by it."""

from collections.abc import Mapping
from typing import Any

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict


async def _in_views(trip: Trip) -> Verdict:
    """Is the field among the columns of a view that has it?"""
    declared = trip.stage.runtime.catalog.items.get("view", {}).values()
    showing = [view.document["name"] for view in declared if _shows(view.document, trip.name, trip.field.name)]
    if not showing or trip.field.system:
        return CLOSED
    answer = await trip.ask(places={"type": "views"})
    if answer.status != 200:
        return REFUSED
    told = [view for view in answer.json["items"] if view["object"] == trip.name]
    if any(_shows(view, trip.name, trip.field.name) for view in told):
        return ALLOWED
    if any(f"'{trip.field.name}'" in str(view) for view in told):
        raise Leak(f"`{trip.field.name}` is no column, and yet in {told}")
    return REFUSED


def _shows(view: Mapping[str, Any], object_name: str, name: str) -> bool:
    columns = [column["field"] if isinstance(column, dict) else column for column in view.get("columns", ())]
    return view["object"] == object_name and name in columns


VIEW_LIST_ROADS = (Road("shown in a view", _in_views),)
