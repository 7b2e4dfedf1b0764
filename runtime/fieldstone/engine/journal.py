"""The journal of a Unit: what it did to records, noted as it goes and written before it commits.

Every change becomes an event in the outbox. A record of an object that keeps its history gets one image for the whole Unit: what it
became is all that anybody else will ever have seen of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.unit import Unit
from fieldstone.errors import SerializationFailure
from fieldstone.query.ast import And, Slot, Term
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.history import STANDING, VALID_FROM, VALID_TO, history_name
from fieldstone.store.binds import Binds
from fieldstone.store.event import EventAction, RecordEvent

ID_AMONG = Term("id", "in", Slot(0))
STANDING_AMONG = And((ID_AMONG, STANDING))
ENDING_AMONG = And((ID_AMONG, STANDING, Term(VALID_FROM, "lte", Slot(1))))


def note_change(
    unit: Unit,
    caller: Caller,
    object_name: str,
    action: EventAction,
    record: Mapping[str, Any],
    changed: Iterable[str] = (),
) -> None:
    """Notes what was done to a record, given with its id, the version that it has now, and its organisation where it has one."""
    unit.events.append(make_event(unit, caller, object_name, action, record, changed))


def make_event(
    unit: Unit,
    caller: Caller,
    object_name: str,
    action: EventAction,
    record: Mapping[str, Any],
    changed: Iterable[str] = (),
) -> RecordEvent:
    """Returns the event of what was done to a record."""
    return RecordEvent(
        organization_id=record.get("organization_id"),
        object=object_name,
        record_id=record["id"],
        action=action,
        version=record["version"],
        actor=caller.id,
        at=unit.now,
        changed=tuple(changed),
    )


def keeps_history(catalog: Catalog, object_name: str) -> bool:
    """Tells whether each version of an object's records is kept."""
    return history_name(object_name) in catalog.histories


async def write_journal(unit: Unit, catalog: Catalog) -> None:
    """Writes the events of a Unit and the images of its records. Raises SerializationFailure when its instant has come too late."""
    await unit.transaction.publish(unit.events)
    tracked: dict[str, list[RecordEvent]] = {}
    for event in unit.events:
        if keeps_history(catalog, event.object):
            tracked.setdefault(event.object, []).append(event)
    for object_name, events in tracked.items():
        await _keep_images(unit, object_name, events)


async def _keep_images(unit: Unit, object_name: str, events: Iterable[RecordEvent]) -> None:
    history = history_name(object_name)
    first: dict[str, RecordEvent] = {}
    last: dict[str, RecordEvent] = {}
    for event in events:
        first.setdefault(event.record_id, event)
        last[event.record_id] = event
    before = [record_id for record_id, event in first.items() if event.action != "created"]
    if before:
        await _end_images(unit, history, before)
    purged = [record_id for record_id, event in last.items() if event.action == "purged"]
    if purged:
        await unit.transaction.delete(history, ID_AMONG, Binds((purged,)))
    kept = [record_id for record_id, event in last.items() if event.action != "purged"]
    if kept:
        await unit.transaction.copy(
            object_name, history, {VALID_FROM: unit.now, VALID_TO: None}, ID_AMONG, Binds((kept,))
        )


async def _end_images(unit: Unit, history: str, ids: list[str]) -> None:
    """Ends the standing images of records now.

    One that began later was written by a Unit that began after this one and committed before it: this one is tried again, at an
    instant of its own after that.
    """
    ended = await unit.transaction.update(
        history, {VALID_TO: unit.now}, ENDING_AMONG, Binds((ids, unit.now)), bump=False
    )
    if ended < len(ids) and await unit.transaction.update(
        history, {VALID_TO: unit.now}, STANDING_AMONG, Binds((ids,)), bump=False
    ):
        raise SerializationFailure("A record was changed at a later instant than that of this change.")
