"""Deleting a record, and with it whatever must go or let go because of it (contract 3.5).

The order of things: gate, the stored record with the rights to it, all that goes with it, what keeps it from going, before-hooks,
references let go, the DELETEs, after-hooks. What goes along goes as the system; the caller's rights are asked for the record alone.
"""

from collections.abc import Mapping, Sequence

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.cascade import Doomed, gather, let_go, refuse_restricted
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.fire import fire
from fieldstone.engine.gate import enter
from fieldstone.engine.hooks import Change, Event
from fieldstone.engine.locate import Stored, Target, locate, plain
from fieldstone.engine.operation import Delete
from fieldstone.engine.outcome import Deleted
from fieldstone.engine.unit import Unit
from fieldstone.errors import SerializationFailure
from fieldstone.query.ast import And, Not, Slot, Term
from fieldstone.store.binds import Binds

AMONG_AT_VERSION = And(
    (Term("id", "in", Slot(0)), Not(And((Term("id", "eq", Slot(1)), Term("version", "ne", Slot(2))))))
)
"""The records of slot 0; the one of slot 1 only at the version of slot 2."""


async def prepare_delete(door: Door, operation: Delete, caller: Caller, _unit: Unit | None) -> Target:
    """Returns which record is to go; raises PermissionDenied."""
    subject, policy = enter(door, caller, operation.object, "delete")
    read = door.policies.policy(caller, subject.name, "read")
    return Target(subject, policy, read, operation.id, operation.expected_version)


async def apply_delete(door: Door, target: Target, caller: Caller, unit: Unit) -> Deleted:
    """Deletes the record within a Unit."""
    stored = await locate(door, unit, caller, target)
    name = target.subject.name
    doomed = await gather(door, unit, name, target.id)
    await refuse_restricted(door, unit, caller, doomed)
    changes = await _changes(door, unit, target, stored, doomed)
    await _fire(door, unit, caller, target, "before_delete", changes)
    await let_go(door, unit, caller, doomed)
    for object_name in reversed(doomed):
        note_write(unit, object_name, "delete")
        ids = list(doomed[object_name])
        binds = Binds((ids, target.id, stored["version"]), caller.values, unit.now)
        gone = await unit.transaction.delete(object_name, AMONG_AT_VERSION, binds)
        if gone < len(ids):
            await locate(door, unit, caller, target)
            raise SerializationFailure(f"A `{object_name}` record changed while it was being deleted.")
    await _fire(door, unit, caller, target, "after_delete", changes)
    return Deleted(name, target.id)


async def _changes(door: Door, unit: Unit, target: Target, stored: Stored, doomed: Doomed) -> dict[str, list[Change]]:
    """Returns a Change for each record that hooks are called for, by object."""
    changes: dict[str, list[Change]] = {}
    for name, ids in doomed.items():
        if not (door.hooks(name, "before_delete") or door.hooks(name, "after_delete")):
            continue
        if name == target.subject.name and len(ids) == 1:
            changes[name] = [Change(name, target.id, {}, plain(stored))]
            continue
        plan = door.plans.stored(door.catalog.objects[name])
        rows = await unit.transaction.fetch(plan.statement, Binds((list(ids),), SYSTEM.values, unit.now))
        records = [plain(dict(zip(plan.columns, row, strict=True))) for row in rows]
        changes[name] = [Change(name, record["id"], {}, record) for record in records]
    return changes


async def _fire(
    door: Door, unit: Unit, caller: Caller, target: Target, event: Event, changes: Mapping[str, Sequence[Change]]
) -> None:
    """Calls the hooks of all that goes: as the caller for his record, as the system for what goes along."""
    for name, those in changes.items():
        for change in those:
            own = name == target.subject.name and change.id == target.id
            await fire(door, unit, caller if own else SYSTEM, name, event, [change])
