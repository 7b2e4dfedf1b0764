"""Cloning: a new record with the values of another, as far as the caller may read and set them (contract 3.8).

Values of unique keys are not taken along, nor what the system keeps, nor what would be read-only in the new record: a clone belongs to
its maker. The new record goes the way of every create. Refuses with NotFound what the caller cannot see.
"""

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import absent, enter
from fieldstone.engine.locate import plain
from fieldstone.engine.operation import Clone, Create
from fieldstone.engine.outcome import Written
from fieldstone.engine.rules import readonly_fields
from fieldstone.engine.unit import Unit
from fieldstone.ids import is_id
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds


class Cloning(msgspec.Struct, frozen=True, eq=False):
    """A clone that may be asked for: what to read, under which policy, and what is taken along."""

    operation: Clone
    read: Policy
    taken: tuple[str, ...]


async def prepare_clone(door: Door, operation: Clone, caller: Caller, _unit: Unit | None) -> Cloning:
    """Returns what a clone takes along; raises PermissionDenied."""
    subject, read = enter(door, caller, operation.object, "get")
    _, create = enter(door, caller, operation.object, "clone")
    keys = _unique_fields(subject)
    taken = tuple(name for name in subject.shape.fields if name in read.shape.fields and name in create.writable - keys)
    return Cloning(operation, read, taken)


async def apply_clone(door: Door, prepared: Cloning, caller: Caller, unit: Unit) -> Written:
    """Makes the clone within a Unit."""
    operation = prepared.operation
    if not is_id(operation.id):
        raise absent(operation.object, operation.id)
    plan = door.plans.record(prepared.read, prepared.taken)
    rows = await unit.transaction.fetch(plan.statement, Binds((operation.id,), caller.values, unit.now))
    if not rows:
        raise absent(operation.object, operation.id)
    held = plain(dict(zip(prepared.taken, rows[0], strict=False)))
    values = {name: value for name, value in held.items() if value is not None and name not in operation.overrides}
    shut = readonly_fields(door.catalog.objects[operation.object], caller, unit.now, {**values, **operation.overrides})
    taken = {name: value for name, value in values.items() if name not in shut}
    return await door.execute(Create(operation.object, ({**taken, **operation.overrides},)), caller, unit=unit)


def _unique_fields(subject: Object) -> frozenset[str]:
    """Returns every field of the object that is a unique key, or part of one."""
    of_fields = (name for name, field in subject.fields.items() if field.unique is not None)
    of_indexes = (name for index in subject.declaration.indexes if index.unique for name in index.fields)
    return frozenset({"id", *of_fields, *of_indexes})
