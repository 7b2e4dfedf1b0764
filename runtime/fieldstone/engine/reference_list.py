"""Lists of references when some of what they name goes: those ids are taken out, and a required list does not become empty.

Works past the caller's rights, as all that hangs on a deletion does; what a refusal tells him is cut to what he may see.
"""

from collections.abc import Sequence

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.defaults import stamps_of_change
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.gate import may_look
from fieldstone.engine.journal import note_change
from fieldstone.engine.operation import Update
from fieldstone.engine.plans import AT_VERSION
from fieldstone.engine.unit import Unit
from fieldstone.errors import DeleteRestricted, SerializationFailure
from fieldstone.registry.catalog import Reference
from fieldstone.store.binds import Binds


class Shortened(msgspec.Struct, frozen=True):
    """A record whose list loses members, at its version, and the members that are left."""

    id: str
    version: int
    left: list[str]


def restricted(reference: Reference, seen: int) -> DeleteRestricted:
    """Returns the refusal of a deletion; it names the object that keeps the record where the caller may see some of it."""
    if not seen:
        return DeleteRestricted("Other records refer to it.")
    return DeleteRestricted(
        f"{seen} `{reference.object}` {'record refers' if seen == 1 else 'records refer'} to it.",
        details={"dependentObject": reference.object, "dependentCount": seen},
    )


async def refuse_emptied(
    door: Door, unit: Unit, caller: Caller, reference: Reference, ids: Sequence[str], gone: Sequence[str]
) -> None:
    """Raises DeleteRestricted when a required list of a record that stays would have no member left."""
    emptied = [record.id for record in await shortened(door, unit, reference, ids, gone) if not record.left]
    if emptied:
        raise restricted(reference, await seen_among(door, unit, caller, reference, emptied))


async def seen_among(door: Door, unit: Unit, caller: Caller, reference: Reference, ids: Sequence[str]) -> int:
    """Returns how many of some records that refer to another the caller may see to do so."""
    policy = door.policies.policy(caller, reference.object, "read")
    if not may_look(door, caller, reference.object) or reference.field not in policy.readable:
        return 0
    return len(await unit.transaction.fetch(door.plans.visible(policy), Binds((list(ids),), caller.values, unit.now)))


async def shorten_lists(
    door: Door, unit: Unit, caller: Caller, reference: Reference, ids: Sequence[str], gone: Sequence[str]
) -> None:
    """Takes the ids out of every list of records that stay, record by record; an emptied list is `[]`."""
    hooked = door.hooks(reference.object, "before_update") or door.hooks(reference.object, "after_update")
    records = await shortened(door, unit, reference, ids, gone)
    if not records:
        return
    subject, every = door.catalog.objects[reference.object], [record.id for record in records]
    stamps = {
        stamp["id"]: stamp for stamp in await door.plans.stamps_of(unit.transaction.fetch, subject, every, unit.now)
    }
    live = door.plans.visible(door.policies.policy(SYSTEM, reference.object, "read"))
    seen = (
        {row[0] for row in await unit.transaction.fetch(live, Binds((every,), {}, unit.now))} if hooked else frozenset()
    )
    for record in records:
        if record.id in seen:
            await door.execute(Update(reference.object, record.id, {reference.field: record.left}), SYSTEM, unit=unit)
            continue
        values = {reference.field: record.left, **stamps_of_change(subject, caller, unit.now)}
        binds = Binds((record.id, record.version), SYSTEM.values, unit.now)
        if not await unit.transaction.update(reference.object, values, AT_VERSION, binds):
            raise SerializationFailure(f"A `{reference.object}` record changed while it lost a reference.")
        note_write(unit, reference.object, "update")
        after = {**stamps[record.id], "version": record.version + 1}
        note_change(unit, caller, reference.object, "updated", after, (reference.field,))


async def shortened(
    door: Door, unit: Unit, reference: Reference, ids: Sequence[str], gone: Sequence[str]
) -> list[Shortened]:
    """Returns the records that lose members of their lists and do not go themselves."""
    statement = door.plans.pointing_lists(reference.object, reference.field)
    rows = await unit.transaction.fetch(statement, Binds((list(ids), list(gone)), SYSTEM.values, unit.now))
    going = frozenset(ids)
    return [
        Shortened(record_id, version, [member for member in msgspec.json.decode(members) if member not in going])
        for record_id, version, members in rows
    ]
