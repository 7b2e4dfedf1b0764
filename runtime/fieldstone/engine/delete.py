"""Deleting a record, and with it whatever must go or let go because of it (contract 3.5).

The order of things: gate, the stored record with the rights to it, all that goes with it, what keeps it from going, before-hooks,
references let go, the DELETEs, after-hooks. What goes along goes as the system; the caller's rights are asked for the record alone. An
object with a trash keeps what goes, out of everybody's sight, with its references and its shares as they are, until it is restored or
purged.
"""

from collections.abc import Mapping, Sequence

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.cascade import Among, Doomed, end_shares, gather, let_go, refuse_restricted
from fieldstone.engine.defaults import stamps_of_change
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.fire import fire
from fieldstone.engine.gate import enter
from fieldstone.engine.hooks import Change, Event
from fieldstone.engine.journal import note_change
from fieldstone.engine.locate import Stored, Target, locate, plain
from fieldstone.engine.operation import Delete
from fieldstone.engine.outcome import Deleted
from fieldstone.engine.unit import Unit
from fieldstone.errors import SerializationFailure
from fieldstone.query.ast import And, Not, Slot, Term
from fieldstone.registry.system_fields import DELETED_AT, DELETED_BY, DELETED_WITH
from fieldstone.store.binds import Binds

AMONG_AT_VERSION = And(
    (Term("id", "in", Slot(0)), Not(And((Term("id", "eq", Slot(1)), Term("version", "ne", Slot(2))))))
)
"""The records of slot 0; the one of slot 1 only at the version of slot 2."""


async def prepare_delete(door: Door, operation: Delete, caller: Caller, _unit: Unit | None) -> Target:
    """Returns which record is to go; raises PermissionDenied. A record in the trash is seen by whoever may purge it."""
    if operation.purge:
        subject, policy = enter(door, caller, operation.object, "purge")
        return Target(subject, policy, policy, operation.id, operation.expected_version)
    subject, policy = enter(door, caller, operation.object, "delete")
    read = door.policies.policy(caller, subject.name, "read")
    return Target(subject, policy, read, operation.id, operation.expected_version)


async def apply_delete(door: Door, target: Target, caller: Caller, unit: Unit) -> Deleted:
    """Deletes the record within a Unit, or moves it to the trash."""
    stored = await locate(door, unit, caller, target)
    name = target.subject.name
    to_trash = target.subject.declaration.enable.trash and target.policy.action == "delete"
    among: Among = "live" if to_trash else "all"
    doomed = await gather(door, unit, name, target.id, among)
    await refuse_restricted(door, unit, caller, doomed, among)
    changes = await _changes(door, unit, target, stored, doomed)
    await _fire(door, unit, caller, target, "before_delete", changes)
    if not to_trash:
        await let_go(door, unit, caller, doomed)
    organizations: set[str] = set()
    for object_name in reversed(doomed):
        note_write(unit, object_name, "delete")
        organizations |= await _note(door, unit, caller, target, stored, object_name, list(doomed[object_name]))
        binds = Binds((list(doomed[object_name]), target.id, stored["version"]), caller.values, unit.now)
        if to_trash:
            stamps = {DELETED_AT: unit.now, DELETED_BY: caller.id, DELETED_WITH: target.id}
            stamps |= stamps_of_change(door.catalog.objects[object_name], caller, unit.now)
            gone = await unit.transaction.update(object_name, stamps, AMONG_AT_VERSION, binds)
        else:
            gone = await unit.transaction.delete(object_name, AMONG_AT_VERSION, binds)
        if gone < len(doomed[object_name]):
            await locate(door, unit, caller, target)
            raise SerializationFailure(f"A `{object_name}` record changed while it was being deleted.")
    if not to_trash:
        await end_shares(door, unit, caller, doomed, organizations)
    await _fire(door, unit, caller, target, "after_delete", changes)
    return Deleted(name, target.id)


async def _note(
    door: Door, unit: Unit, caller: Caller, target: Target, stored: Stored, object_name: str, ids: list[str]
) -> set[str]:
    """Notes what goes: for good at the version at which it was, to the trash at the one after that; returns the organisations."""
    if object_name == target.subject.name and len(ids) == 1:
        stamps = [stored]
    else:
        stamps = await door.plans.stamps_of(unit.transaction.fetch, door.catalog.objects[object_name], ids, unit.now)
    purged = target.policy.action == "purge"
    to_trash = not purged and target.subject.declaration.enable.trash
    for stamp in stamps:
        version = stamp["version"] + 1 if to_trash else stamp["version"]
        note_change(unit, caller, object_name, "purged" if purged else "deleted", {**stamp, "version": version})
    return {stamp["organization_id"] for stamp in stamps if stamp.get("organization_id") is not None}


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
