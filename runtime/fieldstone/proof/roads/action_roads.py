"""Roads of actions: a record is called on, and what is answered about it is held against what is answered about an absent one.

Every call is dry. An action may refuse for many reasons; only that it finds the record, or does not, is told here. Whatever else is in the
answer is looked through for what its caller may not know.
"""

from collections.abc import Iterator

from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Action

_OPEN = frozenset({"script", "flow", "api"})
_NOT_THERE = frozenset({401, 404})
_DRY = {"dryRun": "true"}


async def _called(trip: Trip) -> Verdict:
    """By any action of the object that this person may call: who does not see the record is answered as if it were not there."""
    verdicts = [await _answered(trip, action) for action in _actions(trip)]
    return next((verdict for verdict in (ALLOWED, REFUSED) if verdict in verdicts), CLOSED)


async def _answered(trip: Trip, action: Action) -> Verdict:
    answer, absent = await _call(trip, action, trip.id), await _call(trip, action, ABSENT)
    if answer.status != absent.status:
        return ALLOWED
    trip.nothing_done()
    await trip.told_alike(answer, lambda record_id: _call(trip, action, record_id))
    return REFUSED if absent.status in _NOT_THERE else CLOSED


def is_called_on_records(action: Action) -> bool:
    """Returns whether a call of it names a record."""
    return action.object is not None and action.declaration.type in _OPEN


def _actions(trip: Trip) -> Iterator[Action]:
    """Yields the actions that the route leads to: the one that it names, else all of the object."""
    named = trip.route.declaration.action
    for action in trip.stage.runtime.catalog.actions.values():
        if action.object == trip.name and is_called_on_records(action) and named in (None, action.key):
            yield action


async def _call(trip: Trip, action: Action, record_id: str) -> Answer:
    shown = trip.shown(record_id)
    body = {field.name: trip.sample(field) for field in action.params.values() if field.required}
    template = trip.route.template
    if "{record_id}" in template or "{id}" in template:
        places = {"action": action.name, "record_id": shown}
    else:
        body |= {"recordId": shown}
        places = {"action": action.name if "{object}" in template else action.key}
    return await trip.ask(record_id, places=places, body=body, query=_DRY)


CALL_ROADS = (Road("called on", _called),)
