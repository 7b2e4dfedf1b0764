"""Restoring: a record out of the trash with all that went there with it, or a version out of the history as an ordinary update.

Out of the trash, the order of things: gate, the stored record with the rights to it, what it belongs to, all that went with it, the
UPDATEs, review, after-hooks.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.bystander import refuse_ruled_along
from fieldstone.engine.cascade import Doomed, gather
from fieldstone.engine.defaults import stamps_of_change
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.fire import fire
from fieldstone.engine.gate import absent, enter
from fieldstone.engine.hooks import Change
from fieldstone.engine.journal import ID_AMONG, note_change
from fieldstone.engine.locate import Stored, Target, locate, plain
from fieldstone.engine.operation import Get, Restore, Update
from fieldstone.engine.outcome import Remarks, Written
from fieldstone.engine.past import require_history
from fieldstone.engine.review import may_not_stand, review
from fieldstone.engine.rules import SOUND, judge
from fieldstone.engine.telling import known_fields, refusal
from fieldstone.engine.unit import Unit
from fieldstone.engine.update import Changing, apply_update, prepare_update, same_value
from fieldstone.engine.validate import find_faults
from fieldstone.errors import Conflict, NotFound, SerializationFailure
from fieldstone.ids import is_id
from fieldstone.registry.system_fields import DELETED_AT, DELETED_BY, DELETED_WITH
from fieldstone.store.binds import Binds

_CLEARED = {DELETED_AT: None, DELETED_BY: None, DELETED_WITH: None}


async def prepare_restore(door: Door, operation: Restore, caller: Caller, unit: Unit | None) -> Target | Changing:
    """Returns the record to bring back, or the change that makes it what it was; raises Invalid, NotFound, PermissionDenied."""
    if operation.version is not None:
        values = await _values_at(door, operation, operation.version, caller, unit)
        update = Update(operation.object, operation.id, values, operation.expected_version)
        return await prepare_update(door, update, caller, unit)
    subject, policy = enter(door, caller, operation.object, "restore")
    return Target(subject, policy, policy, operation.id, operation.expected_version)


async def apply_restore(door: Door, prepared: Target | Changing, caller: Caller, unit: Unit) -> Written:
    """Brings the record back, or changes it, within a Unit."""
    if isinstance(prepared, Changing):
        return await apply_update(door, prepared, caller, unit)
    stored = await locate(door, unit, caller, prepared)
    subject = prepared.subject
    await _require_master(door, unit, prepared, stored)
    back = await gather(door, unit, subject.name, prepared.id, "together", stored[DELETED_WITH])
    remarks = await _ruled(door, unit, caller, prepared, stored, back)
    for name, ids in back.items():
        values = {**_CLEARED, **stamps_of_change(door.catalog.objects[name], caller, unit.now)}
        stamps = await door.plans.stamps_of(unit.transaction.fetch, door.catalog.objects[name], list(ids), unit.now)
        binds = Binds((list(ids),), caller.values, unit.now)
        if await unit.transaction.update(name, values, ID_AMONG, binds) < len(ids):
            raise SerializationFailure(f"A `{name}` record went away while it was being restored.")
        note_write(unit, name, "create")
        for stamp in stamps:
            note_change(unit, caller, name, "restored", {**stamp, "version": stamp["version"] + 1})
    await _fire(door, unit, caller, prepared, stored, back)
    seen = await review(door, unit, caller, prepared.policy, [prepared.id])
    if seen.refused:
        raise may_not_stand(prepared.policy)
    return msgspec.structs.replace(seen.written, remarks=(remarks,)) if remarks else seen.written


async def _ruled(door: Door, unit: Unit, caller: Caller, target: Target, stored: Stored, back: Doomed) -> Remarks:
    """Returns what rules remark of the record that comes back; raises what they refuse in it, or in what comes along."""
    for name, ids in back.items():
        along = [record_id for record_id in ids if record_id != target.id]
        await refuse_ruled_along(door, unit, door.catalog.objects[name], along, _CLEARED)
    previous = plain(stored)
    verdict = judge(target.subject, caller, unit.now, previous | _CLEARED, previous)
    if verdict is SOUND:
        return ()
    known = known_fields(door, caller, target.policy)
    if verdict.refuses:
        raise refusal(target.policy, known, verdict.faults(known))
    return verdict.remarks(known)


async def _values_at(door: Door, operation: Restore, version: int, caller: Caller, unit: Unit | None) -> dict[str, Any]:
    """Returns the values of a version that the caller may see, as far as they are not those of the record now."""
    subject, policy = enter(door, caller, operation.object, "restore", "read")
    require_history(subject)
    if not is_id(operation.id):
        raise absent(subject.name, operation.id)
    now = await door.execute(Get(subject.name, operation.id), caller, unit=unit)
    current = plain(dict(zip(now.columns, now.row, strict=True)))
    plan = door.plans.image(door.policies.past(policy))
    rows = await door.fetcher(unit)(plan.statement, Binds((operation.id, version), caller.values, door.clock()))
    if not rows:
        raise NotFound(f"No version {version} of this `{subject.name}` record.")
    image = plain(dict(zip(plan.columns, rows[0], strict=True)))
    whole = image.keys() - policy.shape.masks.keys()
    own = (
        field for field in subject.fields.values() if not (field.system or field.type.computed) and field.name in whole
    )
    return {
        field.name: image[field.name] for field in own if not same_value(field, current[field.name], image[field.name])
    }


async def _require_master(door: Door, unit: Unit, target: Target, stored: Stored) -> None:
    """Raises Conflict when a record to which this one belongs is gone: it would be seen by nobody, or go with it again."""
    fields = [field for field in target.subject.fields.values() if field.delete_behavior == "cascade"]
    faults = await find_faults(door, unit.transaction.fetch, SYSTEM, unit.now, fields, [stored], chosen=False)
    if faults[0]:
        named = [fault.field for fault in faults[0] if fault.field in target.read.readable]
        raise Conflict(
            "The record to which it belongs is in the trash.",
            details={"field": named[0]} if named else {},
            hint="Restore that one first.",
        )


async def _fire(door: Door, unit: Unit, caller: Caller, target: Target, stored: Stored, back: Doomed) -> None:
    """Calls the after-update hooks of all that came back: as the caller for his record, as the system for what came along."""
    for name, ids in back.items():
        if not door.hooks(name, "after_update"):
            continue
        plan = door.plans.stored(door.catalog.objects[name])
        rows = await unit.transaction.fetch(plan.statement, Binds((list(ids),), SYSTEM.values, unit.now))
        for row in rows:
            record = plain(dict(zip(plan.columns, row, strict=True)))
            previous = record | {field: stored[field] for field in _CLEARED}
            own = name == target.subject.name and record["id"] == target.id
            await fire(
                door,
                unit,
                caller if own else SYSTEM,
                name,
                "after_update",
                [Change(name, record["id"], dict(_CLEARED), previous)],
            )
