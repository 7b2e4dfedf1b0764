"""Upserts: the records of a batch that are changed where they are there, and made where they are not.

A record is looked for by a unique field, its external id, among those that the caller may see; one that he may not see makes his new
one a clash of the unique key. Refuses, for the whole batch, a field that cannot tell records apart.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.operation import Batch, Create, Update
from fieldstone.engine.outcome import Written
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.errors import FieldFault, FieldstoneError, Invalid, NotFound
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.names import shown
from fieldstone.registry.catalog import Field, Object
from fieldstone.store.binds import Binds


class Matching(msgspec.Struct, frozen=True, eq=False):
    """How the records of one upsert are found: the field, and the caller's policy for reading."""

    subject: Object
    read: Policy
    field: Field


class Keyed(msgspec.Struct, frozen=True, eq=False):
    """A record with its external id in wire form; `data` holds that too, and `id` is there once the record is known."""

    value: Any
    data: Mapping[str, Any]
    expected_version: int | None
    id: str | None = None


def matching(door: Door, caller: Caller, operation: Batch) -> Matching:
    """Returns how records are found; raises Invalid when nothing can tell them apart, PermissionDenied."""
    subject, create = enter(door, caller, operation.object, "create")
    enter(door, caller, operation.object, "update")
    read = door.policies.policy(caller, subject.name, "read")
    fields = {
        name: field
        for name, field in subject.fields.items()
        if field.unique is not None and not field.system and name in read.shape.fields and name in create.writable
    }
    named = operation.external_id_field
    if named is None and (field := _only(fields)) is not None:
        return Matching(subject, read, field)
    if named in fields:
        return Matching(subject, read, fields[named])
    known = ", ".join(f"`{name}`" for name in fields)
    message = (
        "Say by which field records are found."
        if named is None
        else f"`{shown(named)}` is not a unique field of `{subject.name}`."
    )
    hint = f"`externalIdField` is one of {known}." if fields else "Send `id` with each record that is to be changed."
    raise Invalid(message, reason="INVALID_BATCH", path="options.externalIdField", hint=hint)


def _only(fields: Mapping[str, Field]) -> Field | None:
    """Returns the one unique field, or the one of several that says it is the external id; None where there is no such one."""
    external = [field for field in fields.values() if field.declaration.external_id]
    chosen = external or list(fields.values())
    return chosen[0] if len(chosen) == 1 else None


def read_keyed(match: Matching, record: Mapping[str, Any]) -> Keyed:
    """Returns a record with its external id, which stands beside `data` or in it; raises Invalid."""
    name, data = match.field.name, record["data"]
    sent = record.get("externalId", data.get(name))
    if sent is None:
        fault = FieldFault(name, "required", f"{match.field.label} is required", match.field.label)
        raise Invalid("The record has no external id.", faults=[fault], hint="Send `externalId`, or `id`.")
    try:
        value = match.field.reader(sent)
    except Rejected as rejected:
        fault = FieldFault(name, rejected.code, rejected.message, match.field.label, rejected.constraint)
        raise Invalid("The external id is not valid.", faults=[fault]) from None
    return Keyed(value, {name: value, **data}, record.get("expectedVersion"))


async def find_ids(door: Door, fetch: Fetch, caller: Caller, match: Matching, values: list[Any]) -> dict[Any, str]:
    """Returns the id of each record that is there, by its external id."""
    statement = door.plans.keyed(match.read, match.field.name)
    rows = await fetch(statement, Binds((values,), caller.values, door.clock()))
    return {row[1]: row[0] for row in rows}


def change_of(match: Matching, keyed: Keyed, record_id: str) -> Update:
    """Returns the change of a record that is there; its external id is not set to what it is already."""
    name = match.field.name
    same = keyed.data[name] == keyed.value
    values = {field: value for field, value in keyed.data.items() if not (same and field == name)}
    return Update(match.subject.name, record_id, values, keyed.expected_version)


def refuse_version(match: Matching, keyed: Keyed) -> None:
    """Raises NotFound for a record that is to be at some version and is not there at all."""
    if keyed.expected_version is not None:
        raise NotFound(f"No `{match.subject.name}` record `{shown(str(keyed.value))}`.")


async def write_keyed(
    door: Door, unit: Unit, caller: Caller, match: Matching, keyed: Keyed, refused: FieldstoneError | None = None
) -> Written:
    """Changes or makes a record within a Unit, by what is there now; `refused` is why it could not be made before."""
    found = await find_ids(door, unit.transaction.fetch, caller, match, [keyed.value])
    if found:
        return await door.execute(change_of(match, keyed, found[keyed.value]), caller, unit=unit)
    if refused is not None:
        raise refused
    refuse_version(match, keyed)
    return await door.execute(Create(match.subject.name, (keyed.data,)), caller, unit=unit)
