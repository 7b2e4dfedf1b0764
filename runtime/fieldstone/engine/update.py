"""Changing a record: only what differs is written, by one conditional statement, and only if nobody was faster.

The order of things: gate, body, (prepared outside the Unit), the stored record with the rights to it, before-hooks, validation, the UPDATE,
review, after-hooks. A change of nothing changes nothing, and calls nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.body import invalid, prepare_values, read_body, refuse_forbidden, root_of
from fieldstone.engine.defaults import stamps_of_change
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.fire import fire
from fieldstone.engine.gate import enter
from fieldstone.engine.hooks import Change
from fieldstone.engine.journal import note_change
from fieldstone.engine.locate import Stored, Target, glimpse, locate, plain
from fieldstone.engine.masks import masked_row
from fieldstone.engine.operation import Update
from fieldstone.engine.outcome import Written
from fieldstone.engine.plans import AT_VERSION
from fieldstone.engine.review import may_not_stand, review
from fieldstone.engine.rules import judge
from fieldstone.engine.telling import clash_told, known_fields, refusal
from fieldstone.engine.tree import circle_faults
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.engine.validate import find_faults
from fieldstone.engine.whole import write_whole
from fieldstone.errors import FieldFault, SerializationFailure
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field, Object
from fieldstone.store.binds import Binds

_CANONICAL = msgspec.json.Encoder(order="deterministic", decimal_format="number")


class Changing(msgspec.Struct, frozen=True, eq=False):
    """A change that is ready: its record, and the values it sets, read, permitted and prepared."""

    target: Target
    values: dict[str, Any]


async def prepare_update(door: Door, operation: Update, caller: Caller, unit: Unit | None) -> Changing:
    """Returns the change ready to apply; raises Invalid with every fault, PermissionDenied."""
    subject, policy = enter(door, caller, operation.object, "update")
    read = door.policies.policy(caller, subject.name, "read")
    draft = read_body(subject, policy, read.readable, operation.values)
    refuse_forbidden(subject, policy, draft.forbidden)
    target = Target(subject, policy, read, operation.id, operation.expected_version)
    if draft.faults:
        sent = [subject.fields[name] for name in draft.values]
        later = await find_faults(door, door.fetcher(unit), caller, door.clock(), sent, [draft.values])
        faults = (*draft.faults, *later[0])
        raise invalid((*faults, *await _ruled_besides(door, door.fetcher(unit), caller, target, draft.values, faults)))
    values = await prepare_values(subject, draft.values, door.preparers(unit))
    return Changing(target, values)


async def apply_update(door: Door, prepared: Changing, caller: Caller, unit: Unit) -> Written:
    """Changes the record within a Unit."""
    target = prepared.target
    subject = target.subject
    stored = await locate(door, unit, caller, target)
    previous = plain(stored)
    change = Change(subject.name, target.id, _differing(subject, previous, prepared.values), previous)
    if change.values:
        await fire(door, unit, caller, subject.name, "before_update", [change])
    values = _differing(subject, previous, change.values)
    if not values:
        return _unchanged(door, target, stored)
    fields = [subject.fields[name] for name in values]
    faults = await find_faults(door, unit.transaction.fetch, caller, unit.now, fields, [values])
    faulty = {root_of(fault.field) for fault in faults[0]}
    sound = {name: value for name, value in values.items() if name not in faulty}
    circles = await circle_faults(door, unit, subject, target.id, sound)
    sent = values.keys() & prepared.values.keys()
    verdict = judge(subject, caller, unit.now, {**previous, **values}, previous, sent=sent, faulty=faulty)
    if faults[0] or circles or verdict.refuses:
        known = known_fields(door, caller, target.policy)
        raise refusal(target.policy, known, (*faults[0], *circles, *verdict.faults(known)))
    stamped = {**stamps_of_change(subject, caller, unit.now), **values}
    written = await write_whole(door, unit, caller, target.policy, "updated", stored, stamped, values)
    if written is None:
        await _write(door, unit, caller, target, stored["version"], stamped)
        note_write(unit, subject.name, "update", values)
        note_change(unit, caller, subject.name, "updated", {**stored, "version": stored["version"] + 1}, values)
        written = await _settle(door, unit, caller, target, change)
    if not verdict.notes:
        return written
    return msgspec.structs.replace(written, remarks=(verdict.remarks(known_fields(door, caller, target.policy)),))


async def _ruled_besides(
    door: Door, fetch: Fetch, caller: Caller, target: Target, values: Mapping[str, Any], faults: Sequence[FieldFault]
) -> list[FieldFault]:
    """Returns what rules refuse in a change that cannot be made anyway, where its record is one that the caller may change."""
    stored = (
        await glimpse(door, fetch, caller, target, door.clock()) if target.subject.validations is not None else None
    )
    if stored is None:
        return []
    faulty = {root_of(fault.field) for fault in faults}
    previous = plain(stored)
    sent = _differing(target.subject, previous, values)
    verdict = judge(target.subject, caller, door.clock(), previous | sent, previous, sent=sent, faulty=faulty)
    known = known_fields(door, caller, target.policy)
    return [fault for fault in verdict.faults(known) if root_of(fault.field) in known]


async def _write(
    door: Door, unit: Unit, caller: Caller, target: Target, version: int, values: Mapping[str, Any]
) -> None:
    """Runs the one conditional UPDATE.

    When somebody was faster, a change that named its version is refused, and another is tried again with its whole Unit: what its
    hooks did was done in view of a record that is gone.
    """
    binds = Binds((target.id, version), caller.values, unit.now)
    with clash_told(known_fields(door, caller, target.policy)):
        written = await unit.transaction.update(target.subject.name, values, AT_VERSION, binds)
    if written:
        return
    await locate(door, unit, caller, target)
    raise SerializationFailure(f"The `{target.subject.name}` record changed while it was being changed.")


async def _settle(door: Door, unit: Unit, caller: Caller, target: Target, change: Change) -> Written:
    """Reviews the record, calls the after-hooks, and reviews again what they may have changed."""
    seen = await review(door, unit, caller, target.policy, [target.id])
    if not seen.refused and door.hooks(target.subject.name, "after_update"):
        await fire(door, unit, caller, target.subject.name, "after_update", [change])
        seen = await review(door, unit, caller, target.policy, [target.id])
    if seen.refused:
        raise may_not_stand(target.policy)
    return seen.written


def _unchanged(door: Door, target: Target, stored: Stored) -> Written:
    columns = door.plans.after_write(target.read, target.policy).columns
    row = masked_row(target.read, columns, [stored[name] for name in columns])
    return Written(target.subject.name, (target.id,), (stored["version"],), columns, (row,))


def _differing(subject: Object, previous: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in values.items() if not same_value(subject.fields[name], previous[name], value)
    }


def same_value(field: Field, stored: Any, value: Any) -> bool:
    """Tells whether a value is the one that is stored already."""
    if stored is None or value is None:
        return stored is value
    if field.shape.storage.kind == StorageClass.JSON:
        return _CANONICAL.encode(stored) == _CANONICAL.encode(value)
    return bool(stored == value)
