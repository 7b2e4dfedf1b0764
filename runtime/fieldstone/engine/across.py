"""Writes of several objects in one Unit, one after the other, with a result for each (contract 3.8).

A later operation may name what an earlier one made by `{"$ref": n}`. Every one of them goes through the door under a savepoint of its
own; atomic, the first fault undoes them all.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.batch_record import REFUSALS, check_record, left_out
from fieldstone.engine.door import Door
from fieldstone.engine.gate import find_object, refuse_many, require_method
from fieldstone.engine.operation import Across, Create, Delete, Update
from fieldstone.engine.outcome import AcrossResult, BatchRow, Remarks
from fieldstone.engine.unit import Ready, Undone, Unit
from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.kinds.fields.field_type import Rejected

ACTIONS = ("create", "update", "delete")
REFERENCE = "$ref"


class PreparedAcross(msgspec.Struct, frozen=True, eq=False):
    """Operations with what was prepared for them; `errors` are by place."""

    operation: Across
    errors: Mapping[int, FieldstoneError]
    ready: Ready


async def prepare_across(door: Door, operation: Across, caller: Caller, unit: Unit | None) -> PreparedAcross:
    """Returns the operations with their form checked and their slow values prepared."""
    refuse_many(door, len(operation.operations))
    errors: dict[int, FieldstoneError] = {}
    ready: Ready = {}
    for place, step in enumerate(operation.operations):
        try:
            _check(step)
        except Invalid as error:
            errors[place] = error
        else:
            await _prepare(door, caller, unit, step, ready)
    return PreparedAcross(operation, errors, ready)


async def apply_across(door: Door, prepared: PreparedAcross, caller: Caller, unit: Unit) -> AcrossResult:
    """Runs the operations within a Unit; raises Undone with the result when they are atomic and one fails."""
    unit.ready.update(prepared.ready)
    operation = prepared.operation
    errors = dict(prepared.errors)
    ids: dict[int, str] = {}
    remarks: dict[int, Remarks] = {}
    for place, step in enumerate(operation.operations):
        if operation.atomic and errors:
            break
        if place not in errors:
            try:
                ids[place], remarks[place] = await _run(door, unit, caller, step, place, ids)
            except REFUSALS as error:
                errors[place] = error
    result = _result(operation, ids, remarks, errors)
    if operation.atomic and errors:
        raise Undone(result)
    return result


async def _run(
    door: Door, unit: Unit, caller: Caller, step: Mapping[str, Any], place: int, ids: Mapping[int, str]
) -> tuple[str, Remarks]:
    """Runs one operation and returns the id of its record, with what is remarked of it."""
    name, expected = step["object"], step.get("expectedVersion")
    subject = find_object(door, caller, name)
    require_method(subject, caller, "bulk")
    data, record_id = (_resolved(step.get(key), place, ids) for key in ("data", "id"))
    if step["action"] == "delete":
        return (await door.execute(Delete(name, record_id, expected), caller, unit=unit)).id, ()
    write = Create(name, (data,)) if step["action"] == "create" else Update(name, record_id, data, expected)
    written = await door.execute(write, caller, unit=unit)
    return written.ids[0], written.remarks_at(0)


def _check(step: Any) -> None:
    """Raises Invalid for an operation that is not well formed."""
    if not isinstance(step, Mapping) or not isinstance(step.get("object"), str) or step.get("action") not in ACTIONS:
        allowed = ", ".join(f"`{action}`" for action in ACTIONS)
        raise Invalid(f"An operation has an `object`, and an `action`: {allowed}.", reason="INVALID_BATCH")
    record = {key: value for key, value in step.items() if key not in ("object", "action")}
    if _is_reference(record.get("id")):
        record["id"] = ""
    check_record(step["action"], record)


async def _prepare(door: Door, caller: Caller, unit: Unit | None, step: Mapping[str, Any], ready: Ready) -> None:
    """Prepares the values that the caller may set and that need it; what is wrong with others is told when their turn comes."""
    preparers = door.preparers(unit)
    subject = door.catalog.objects.get(step["object"])
    if subject is None or step["action"] == "delete":
        return
    writable = door.policies.policy(caller, subject.name, step["action"]).writable
    for name, value in step["data"].items():
        field = subject.fields.get(name)
        if field is None or name not in writable or field.type.name not in preparers:
            continue
        with suppress(Rejected):
            read = field.reader(value)
            ready[field.type.name, read] = await preparers[field.type.name](read)


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {REFERENCE} and type(value[REFERENCE]) is int


def _resolved(value: Any, place: int, ids: Mapping[int, str]) -> Any:
    """Returns a value with the ids of earlier operations in the places of their references; raises Invalid."""
    if _is_reference(value):
        number = value[REFERENCE]
        if number not in ids:
            what = "failed" if 0 <= number < place else "is not an earlier one"
            raise Invalid(f"`$ref`: operation {number} {what}.", reason="INVALID_BATCH", path=REFERENCE)
        return ids[number]
    if isinstance(value, Mapping):
        return {key: _resolved(item, place, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, place, ids) for item in value]
    return value


def _result(
    operation: Across, ids: Mapping[int, str], remarks: Mapping[int, Remarks], errors: Mapping[int, FieldstoneError]
) -> AcrossResult:
    undone = operation.atomic and bool(errors)
    rows = []
    for place, step in enumerate(operation.operations):
        if place in ids and not undone:
            rows.append(BatchRow(place, ids[place], remarks=remarks[place]))
        else:
            rows.append(BatchRow(place, _text(step, "id"), errors.get(place) or left_out(tried=place in ids)))
    steps = operation.operations
    return AcrossResult(
        tuple(_text(step, "object") for step in steps), tuple(_text(step, "action") for step in steps), tuple(rows)
    )


def _text(step: Any, key: str) -> str | None:
    value = step.get(key) if isinstance(step, Mapping) else None
    return value if isinstance(value, str) else None
