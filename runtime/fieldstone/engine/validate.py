"""Validation of values on their way in: required fields have one, references point to records that the writer may see
and that their field lets him choose.

Looks at the row as it will be stored, after defaults and before-hooks, and changes nothing. An invisible target, and one
that does not fit, answer as an absent one. One statement for each reference field, however many rows there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.unit import Fetch
from fieldstone.errors import FieldFault
from fieldstone.query.ast import EVERYTHING
from fieldstone.registry.catalog import Choice, Field
from fieldstone.store.binds import Binds


async def find_faults(
    door: Door,
    fetch: Fetch,
    caller: Caller,
    now: str,
    fields: Iterable[Field],
    rows: Sequence[Mapping[str, Any]],
    *,
    chosen: bool = True,
) -> list[list[FieldFault]]:
    """Returns what is wrong with these fields of each row, in the order of the rows.

    Unless they are `chosen` now, references may point to any record that is there.
    """
    faults: list[list[FieldFault]] = [[] for _ in rows]
    for field in fields:
        if field.required:
            fault = FieldFault(field.name, "required", f"{field.label} is required", field.label)
            for place, row in enumerate(rows):
                if row.get(field.name) is None:
                    faults[place].append(fault)
        if field.reference is not None:
            sent = {record_id for row in rows for record_id in _ids(field, row)}
            choice = field.choice if chosen else None
            missing = sent and sent.difference(await _visible(door, fetch, caller, now, field.reference, choice, sent))
            for place, row in enumerate(rows):
                if missing and not missing.isdisjoint(_ids(field, row)):
                    faults[place].append(reference_fault(field))
    return faults


def reference_fault(field: Field) -> FieldFault:
    """Returns the fault of a reference to a record that is not there, or not for its writer: the two are told in the same words."""
    unfit = "" if field.choice is None else ", or that may not be chosen"
    message = f"{field.label} points to a record that is not there{unfit}"
    return FieldFault(field.name, "reference_not_found", message, field.label)


async def _visible(
    door: Door, fetch: Fetch, caller: Caller, now: str, object_name: str, choice: Choice | None, ids: Iterable[str]
) -> set[str]:
    """Returns which of the ids are records that the caller may see, and that may be chosen."""
    if not may_look(door, caller, object_name):
        return set()
    policy = door.policies.policy(caller, object_name, "read")
    where, values = (EVERYTHING, ()) if choice is None else (choice.where, choice.values)
    rows = await fetch(door.plans.visible(policy, where), Binds((list(ids), *values), caller.values, now))
    return {row[0] for row in rows}


def _ids(field: Field, row: Mapping[str, Any]) -> Sequence[str]:
    """Returns the ids that a reference holds."""
    value = row.get(field.name)
    if value is None:
        return ()
    return value if field.multiple else (value,)
