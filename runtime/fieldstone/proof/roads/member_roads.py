"""Roads to the parts of an object that metadata tells by their names, and to who names an object or a field."""

from typing import Any

from fieldstone.proof.roads.object_roads import answered_as_unknown
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Road, Trip, Verdict
from fieldstone.proof.wire import Answer


async def _by_name(trip: Trip) -> Verdict:
    """Is the field told of by its own address? A hidden one is answered as one that is not there."""
    refused = trip.sentence.outlook != "can"
    if trip.field.system or (refused and trip.sets()):
        return CLOSED
    return await trip.told_apart(lambda name: _ask(trip, type=trip.name, section="fields", name=name))


async def _naming_the_object(trip: Trip) -> Verdict:
    """Is anybody told who names the object? Whoever may not know of it is told the same as of one that is not there."""
    if trip.sentence.outlook != "can" and trip.stage.test.says_of(trip.sentence.who, "creates", trip.name):
        return CLOSED
    answer = await _ask(trip, type="objects", name=trip.name)
    if answer.status in (200, 401, 403):
        return ALLOWED if answer.status == 200 else REFUSED
    return await answered_as_unknown(trip, answer)


async def _named_by_a_reference(trip: Trip) -> Verdict:
    """Is the field among those that name the object to which it points?"""
    if trip.field.reference is None or trip.field.system:
        return CLOSED
    answer = await _ask(trip, type="object", name=trip.field.reference)
    if answer.status != 200:
        return CLOSED if trip.sentence.outlook == "can" else REFUSED
    told = {(found["name"], found["path"]) for found in answer.json["references"] if found["type"] == "object"}
    return ALLOWED if (trip.name, f"fields.{trip.field.name}.reference") in told else REFUSED


async def _ask(trip: Trip, **places: Any) -> Answer:
    return await trip.ask(places=places)


MEMBER_ROADS = (Road("told of by name", _by_name),)
REFERENCES_OF_OBJECT_ROADS = (Road("told who names it", _naming_the_object),)
NAMED_BY_FIELD_ROADS = (Road("named among references", _named_by_a_reference),)
