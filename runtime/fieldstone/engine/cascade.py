"""What hangs on a record that goes: the records that go with it, those that let go of it, those that keep it (contract 3.5).

Works by sets: one statement for each reference and step, however many records there are, and nobody is visited twice, so that chains and
circles end. Everything here looks past the caller's rights; only what a refusal tells him is cut to what he may see.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.access.policies import NOT_IN_TRASH
from fieldstone.access.shares import is_shareable
from fieldstone.engine.bystander import refuse_ruled
from fieldstone.engine.defaults import stamps_of_change
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.gate import may_look
from fieldstone.engine.journal import ID_AMONG, note_change
from fieldstone.engine.operation import Update
from fieldstone.engine.plans import pointing_rows
from fieldstone.engine.reference_list import refuse_emptied, restricted, shorten_lists, shortened
from fieldstone.engine.unit import Unit
from fieldstone.errors import SerializationFailure
from fieldstone.query.ast import EVERYTHING, And, Filter, Slot, Term
from fieldstone.registry.catalog import Reference
from fieldstone.registry.record_share import SHARES
from fieldstone.registry.system_fields import DELETED_WITH
from fieldstone.store.binds import Binds

Doomed = dict[str, dict[str, None]]
"""The ids of all records that go, by object, in the order in which they were found."""


Among = Literal["all", "live", "together"]
"""Which referring records count: all of them, those that are not in the trash, those that went there along with one record."""

_TOGETHER = Term(DELETED_WITH, "eq", Slot(2))
_OF_OBJECT = And((Term("object_name", "eq", Slot(2)), Term("organization_id", "in", Slot(3))))


async def gather(
    door: Door, unit: Unit, object_name: str, record_id: str, among: Among, along_with: str | None = None
) -> Doomed:
    """Returns the record and all that goes with it, by references that cascade, at any depth; `together`: with another record."""
    doomed: Doomed = {object_name: {record_id: None}}
    frontier: list[tuple[str, list[str]]] = [(object_name, [record_id])]
    while frontier:
        name, ids = frontier.pop()
        for reference in door.catalog.objects[name].referenced_by:
            if reference.delete_behavior == "cascade":
                fresh = await _pointing(door, unit, reference, ids, doomed, among, along_with)
                if fresh:
                    doomed.setdefault(reference.object, {}).update(dict.fromkeys(fresh))
                    frontier.append((reference.object, fresh))
    return doomed


async def refuse_restricted(door: Door, unit: Unit, caller: Caller, doomed: Doomed, among: Among) -> None:
    """Raises DeleteRestricted when records that stay refer to one that goes and keep it.

    It names the first that the caller may see by a field that he may read, whatever else there is, and none when there is none.
    """
    keeping: Reference | None = None
    for reference, ids in _references(door, doomed, "restrict"):
        if not await _pointing(door, unit, reference, ids, doomed, among):
            continue
        keeping = reference
        seen = await _seen(door, unit, caller, reference, ids, doomed)
        if seen:
            raise restricted(reference, seen)
    if keeping is not None:
        raise restricted(keeping, 0)
    for reference, ids in _references(door, doomed, "set_null") if among == "all" else ():
        if reference.multiple and reference.required:
            await refuse_emptied(door, unit, caller, reference, ids, list(doomed.get(reference.object, ())))
        if door.catalog.objects[reference.object].validations is not None:
            await refuse_ruled(door, unit, caller, reference, await _left(door, unit, reference, ids, doomed))


async def let_go(door: Door, unit: Unit, caller: Caller, doomed: Doomed) -> None:
    """Clears the references of records that stay to those that go; one by one only where hooks want to know."""
    for reference, ids in _references(door, doomed, "set_null"):
        gone = list(doomed.get(reference.object, ()))
        if reference.multiple:
            await shorten_lists(door, unit, caller, reference, ids, gone)
            continue
        if door.hooks(reference.object, "before_update") or door.hooks(reference.object, "after_update"):
            for record_id in await _pointing(door, unit, reference, ids, doomed, "live"):
                await door.execute(Update(reference.object, record_id, {reference.field: None}), SYSTEM, unit=unit)
        pointing = await _pointing(door, unit, reference, ids, doomed, "all")
        if not pointing:
            continue
        subject = door.catalog.objects[reference.object]
        stamps = await door.plans.stamps_of(unit.transaction.fetch, subject, pointing, unit.now)
        values = {reference.field: None, **stamps_of_change(subject, caller, unit.now)}
        binds = Binds((ids, gone), SYSTEM.values, unit.now)
        changed = await unit.transaction.update(reference.object, values, pointing_rows(reference.field), binds)
        if changed != len(stamps):
            raise SerializationFailure(f"A `{reference.object}` record changed while it was to let go.")
        note_write(unit, reference.object, "update")
        for stamp in stamps:
            note_change(
                unit,
                caller,
                reference.object,
                "updated",
                {**stamp, "version": stamp["version"] + 1},
                (reference.field,),
            )


async def end_shares(door: Door, unit: Unit, caller: Caller, gone: Doomed, organizations: Iterable[str]) -> None:
    """Deletes the shares of records that are gone by now, so that nobody can be granting one; these records were in the organisations."""
    statement = door.plans.pointing(SHARES, "record_id", _OF_OBJECT)
    for name, ids in gone.items():
        if not is_shareable(door.catalog.objects[name]):
            continue
        binds = Binds((list(ids), [], name, list(organizations)), SYSTEM.values, unit.now)
        shares = [row[0] for row in await unit.transaction.fetch(statement, binds)]
        if not shares:
            continue
        for stamp in await door.plans.stamps_of(unit.transaction.fetch, door.catalog.objects[SHARES], shares, unit.now):
            note_change(unit, caller, SHARES, "deleted", stamp)
        await unit.transaction.delete(SHARES, ID_AMONG, Binds((shares,), SYSTEM.values, unit.now))


async def _left(door: Door, unit: Unit, reference: Reference, ids: list[str], doomed: Doomed) -> dict[str, Any]:
    """Returns what a reference of the records that let go would hold, by their ids."""
    if not reference.multiple:
        return dict.fromkeys(await _pointing(door, unit, reference, ids, doomed, "all"))
    records = await shortened(door, unit, reference, ids, list(doomed.get(reference.object, ())))
    return {record.id: record.left for record in records}


def _references(
    door: Door, doomed: Mapping[str, Mapping[str, None]], behavior: str
) -> Iterator[tuple[Reference, list[str]]]:
    """Yields every reference of one behaviour to an object that loses records, with the ids that go."""
    for name, ids in doomed.items():
        for reference in door.catalog.objects[name].referenced_by:
            if reference.delete_behavior == behavior:
                yield reference, list(ids)


async def _pointing(
    door: Door,
    unit: Unit,
    reference: Reference,
    ids: list[str],
    doomed: Doomed,
    among: Among,
    along_with: str | None = None,
) -> list[str]:
    """Returns the records that refer to some of the ids and do not go themselves."""
    extra: Filter = EVERYTHING
    if door.catalog.objects[reference.object].declaration.enable.trash:
        extra = {"all": EVERYTHING, "live": NOT_IN_TRASH, "together": _TOGETHER}[among]
    statement = door.plans.pointing(reference.object, reference.field, extra)
    known = list(doomed.get(reference.object, ()))
    binds = Binds((ids, known, along_with), SYSTEM.values, unit.now)
    return [row[0] for row in await unit.transaction.fetch(statement, binds)]


async def _seen(door: Door, unit: Unit, caller: Caller, reference: Reference, ids: list[str], doomed: Doomed) -> int:
    """Returns how many of those the caller may see to refer."""
    policy = door.policies.policy(caller, reference.object, "read")
    if not may_look(door, caller, reference.object) or reference.field not in policy.readable:
        return 0
    statement = door.plans.pointing_count(policy, reference.field)
    known = list(doomed.get(reference.object, ()))
    found = await unit.transaction.fetch(statement, Binds((ids, known), caller.values, unit.now))
    return int(found[0][0])
