"""Batches: many writes of one object in one Unit, with a result for each (contract 3.8).

Not atomic, every row stands or falls by itself: bodies are judged one by one, good rows are created together, and rows that the
database or a hook refuses are found by halving. Atomic, the first fault undoes everything, and the answer still says which
rows were at fault.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.body import Draft, invalid, prepare_values, refuse_forbidden
from fieldstone.engine.create import NewRows, RowsRefused, all_faults, insert_rows, read_new
from fieldstone.engine.delete import apply_delete, prepare_delete
from fieldstone.engine.door import Door
from fieldstone.engine.gate import check_method, enter, find_object
from fieldstone.engine.locate import Target
from fieldstone.engine.operation import Batch, Delete, Update
from fieldstone.engine.outcome import BatchResult, BatchRow, Written
from fieldstone.engine.unit import Fetch, Undone, Unit
from fieldstone.engine.update import Changing, apply_update, prepare_update
from fieldstone.errors import (
    BatchTooLarge,
    Conflict,
    FieldstoneError,
    Invalid,
    NotAttempted,
    NotFound,
    PermissionDenied,
    RolledBack,
)
from fieldstone.registry.catalog import Object

REFUSALS: Final = (Invalid, PermissionDenied, NotFound, Conflict)
"""What befalls a row by itself; anything else befalls the whole batch."""

KEYS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "create": (frozenset({"data"}), frozenset()),
    "update": (frozenset({"id", "data"}), frozenset({"expectedVersion"})),
    "delete": (frozenset({"id"}), frozenset({"expectedVersion"})),
}
"""The keys that a record must have, and those that it may have."""


class PreparedBatch(msgspec.Struct, frozen=True, eq=False):
    """A batch whose rows are judged as far as that goes without the database; `rows` and `errors` are by place."""

    operation: Batch
    subject: Object
    policy: Policy
    rows: Mapping[int, dict[str, Any] | Changing | Target]
    errors: Mapping[int, FieldstoneError]


class _Run:
    """One application of a batch: what came of each row so far."""

    def __init__(self, door: Door, unit: Unit, caller: Caller, batch: PreparedBatch) -> None:
        self.door = door
        self.unit = unit
        self.caller = caller
        self.batch = batch
        self.done: dict[int, BatchRow] = {}
        self.errors: dict[int, FieldstoneError] = dict(batch.errors)

    def keep(self, places: Sequence[int], written: Written) -> None:
        """Notes rows that are written."""
        shown = self.batch.operation.return_records
        for place, record_id, row in zip(places, written.ids, written.rows, strict=True):
            self.done[place] = BatchRow(
                place, record_id, None, written.columns if shown else (), row if shown else None
            )


async def prepare_batch(door: Door, operation: Batch, caller: Caller, fetch: Fetch) -> PreparedBatch:
    """Returns the batch with each row read; raises what befalls all of it."""
    subject = find_object(door, caller, operation.object)
    if not caller.system:
        check_method(subject, "bulk")
    _, policy = enter(door, caller, operation.object, operation.operation)
    most = door.limits.batch_rows
    if len(operation.records) > most:
        raise BatchTooLarge(f"A batch takes at most {most} records.", details={"limit": most})
    rows: dict[int, Any] = {}
    errors: dict[int, FieldstoneError] = {}
    for place, record in enumerate(operation.records):
        try:
            _check_record(operation.operation, record)
            rows[place] = await _prepare_row(door, fetch, caller, operation, policy, record)
        except REFUSALS as error:
            errors[place] = error
    if operation.operation == "create":
        rows = await _prepare_drafts(door, fetch, caller, subject, rows, errors)
    return PreparedBatch(operation, subject, policy, rows, errors)


async def apply_batch(door: Door, prepared: PreparedBatch, caller: Caller, unit: Unit) -> BatchResult:
    """Writes the rows within a Unit; raises Undone with the result when an atomic batch fails."""
    run = _Run(door, unit, caller, prepared)
    atomic = prepared.operation.atomic
    if not (atomic and run.errors):
        if prepared.operation.operation == "create":
            await _create(run, tuple(prepared.rows))
        else:
            await _one_by_one(run)
    result = _result(run)
    if atomic and run.errors:
        raise Undone(result)
    return result


async def _prepare_row(
    door: Door, fetch: Fetch, caller: Caller, operation: Batch, policy: Policy, record: Mapping[str, Any]
) -> Draft | Changing | Target:
    subject = door.catalog.objects[operation.object]
    expected = record.get("expectedVersion")
    if operation.operation == "create":
        draft = read_new(door, subject, policy, caller, record["data"])
        refuse_forbidden(subject, policy, draft.forbidden)
        return draft
    if operation.operation == "update":
        return await prepare_update(door, Update(subject.name, record["id"], record["data"], expected), caller, fetch)
    return await prepare_delete(door, Delete(subject.name, record["id"], expected), caller, fetch)


async def _prepare_drafts(
    door: Door,
    fetch: Fetch,
    caller: Caller,
    subject: Object,
    drafts: Mapping[int, Draft],
    errors: dict[int, FieldstoneError],
) -> dict[int, dict[str, Any]]:
    """Returns the values of the drafts without a fault; the others become errors with all that is wrong with them."""
    faulty = {place: draft for place, draft in drafts.items() if draft.faults}
    found = await all_faults(door, fetch, caller, subject, tuple(faulty.values())) if faulty else []
    errors.update({place: invalid(faults) for place, faults in zip(faulty, found, strict=True)})
    return {
        place: await prepare_values(subject, draft.values, door.preparers)
        for place, draft in drafts.items()
        if place not in faulty
    }


async def _create(run: _Run, places: Sequence[int]) -> None:
    """Creates the rows of these places together, or, where that is refused, those of them that can be created."""
    if not places:
        return
    rows: Mapping[int, Any] = run.batch.rows
    new = NewRows(run.batch.subject, run.batch.policy, tuple(rows[place] for place in places))
    try:
        async with run.unit.nested():
            written = await insert_rows(run.door, run.unit, run.caller, new)
    except RowsRefused as refused:
        run.errors.update({places[at]: error for at, error in refused.errors.items()})
        await _create(run, [place for at, place in enumerate(places) if at not in refused.errors])
    except REFUSALS as error:
        if len(places) == 1:
            run.errors[places[0]] = error
            return
        middle = len(places) // 2
        await _create(run, places[:middle])
        await _create(run, places[middle:])
    else:
        run.keep(places, written)


async def _one_by_one(run: _Run) -> None:
    """Changes or deletes the rows in their order; an atomic batch ends at the first that cannot be."""
    for place, row in run.batch.rows.items():
        try:
            async with run.unit.nested():
                if isinstance(row, Changing):
                    run.keep([place], await apply_update(run.door, row, run.caller, run.unit))
                elif isinstance(row, Target):
                    run.done[place] = BatchRow(place, (await apply_delete(run.door, row, run.caller, run.unit)).id)
        except REFUSALS as error:
            run.errors[place] = error
            if run.batch.operation.atomic:
                return


def _result(run: _Run) -> BatchResult:
    operation = run.batch.operation
    undone = operation.atomic and bool(run.errors)
    rows = []
    for place, record in enumerate(operation.records):
        sent = record.get("id") if isinstance(record, Mapping) else None
        named = sent if isinstance(sent, str) else None
        if place in run.errors:
            rows.append(BatchRow(place, named, run.errors[place]))
        elif undone and place in run.done:
            rows.append(BatchRow(place, named, RolledBack("Undone, because another record of the batch failed.")))
        elif undone:
            rows.append(BatchRow(place, named, NotAttempted("Not tried, because another record of the batch failed.")))
        else:
            rows.append(run.done[place])
    return BatchResult(operation.object, operation.operation, tuple(rows))


def _check_record(operation: str, record: Any) -> None:
    """Raises Invalid for a record whose keys, or whose values beside `data`'s own, are not those of its operation."""
    needed, possible = KEYS[operation]
    allowed = ", ".join(f"`{key}`" for key in sorted(needed | possible))
    if not isinstance(record, Mapping) or not needed <= record.keys() <= needed | possible:
        raise Invalid(f"A record of this batch is an object with {allowed}.", reason="INVALID_BATCH")
    if not isinstance(record.get("data", {}), Mapping):
        raise Invalid("`data` is an object of field values.", reason="INVALID_BATCH")
    if not isinstance(record.get("id", ""), str):
        raise Invalid("`id` is a text.", reason="INVALID_BATCH")
    if type(record.get("expectedVersion", 0)) is not int:
        raise Invalid("`expectedVersion` is a whole number.", reason="INVALID_BATCH")
