"""Batches: many writes of one object in one Unit, with a result for each (contract 3.8).

Not atomic, every row stands or falls by itself: bodies are judged one by one, good rows are created together, and rows that the
database or a hook refuses are found by halving. Atomic, the first fault undoes everything, and the answer still says which
rows were at fault. An upsert makes its new records first, then changes those that are there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.batch_record import REFUSALS, ROWS_TOGETHER, ROWS_WITHOUT_PAUSE, check_record, left_out
from fieldstone.engine.body import Draft, invalid, prepare_values, refuse_forbidden
from fieldstone.engine.create import all_faults, read_new
from fieldstone.engine.delete import apply_delete, prepare_delete
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter, find_object, refuse_many, require_method
from fieldstone.engine.good_rows import Candidates, create_good
from fieldstone.engine.locate import Target
from fieldstone.engine.operation import Batch, Delete, Update
from fieldstone.engine.outcome import BatchResult, BatchRow, Written
from fieldstone.engine.unit import Undone, Unit
from fieldstone.engine.update import Changing, apply_update, prepare_update
from fieldstone.engine.upsert import (
    Keyed,
    Matching,
    change_of,
    find_ids,
    matching,
    read_keyed,
    refuse_version,
    write_keyed,
)
from fieldstone.errors import FieldstoneError, UniqueViolation
from fieldstone.registry.catalog import Object

Row = dict[str, Any] | Changing | Target | Keyed
"""A row that is ready: values to be inserted, a change, a deletion, or what is only known when its turn comes."""


class PreparedBatch(msgspec.Struct, frozen=True, eq=False):
    """A batch whose rows are judged as far as that goes without the database; `rows` and `errors` are by place.

    `keyed` are the rows of an upsert that are looked for by `match`.
    """

    operation: Batch
    subject: Object
    create: Policy
    rows: Mapping[int, Row]
    errors: Mapping[int, FieldstoneError]
    keyed: Mapping[int, Keyed]
    match: Matching | None


class _Run:
    """One application of a batch: what came of each row so far."""

    def __init__(self, door: Door, unit: Unit, caller: Caller, batch: PreparedBatch) -> None:
        self.door = door
        self.unit = unit
        self.caller = caller
        self.batch = batch
        self.done: dict[int, BatchRow] = {}
        self.errors: dict[int, FieldstoneError] = dict(batch.errors)
        self.clashes: dict[int, FieldstoneError] = {}

    def keep(self, places: Sequence[int], written: Written) -> None:
        """Notes rows that are written."""
        shown = self.batch.operation.return_records
        for at, (place, record_id, row) in enumerate(zip(places, written.ids, written.rows, strict=True)):
            columns, record = (written.columns, row) if shown else ((), None)
            self.done[place] = BatchRow(place, record_id, None, columns, record, written.remarks_at(at))

    def refuse(self, place: int, error: FieldstoneError) -> None:
        """Notes a row that cannot be written; a new record of an upsert that clashes is looked for once more."""
        if place in self.batch.keyed and isinstance(error, UniqueViolation) and place not in self.clashes:
            self.clashes[place] = error
        else:
            self.errors[place] = error


async def prepare_batch(door: Door, operation: Batch, caller: Caller, unit: Unit | None) -> PreparedBatch:
    """Returns the batch with each row read; raises what befalls all of it."""
    subject = find_object(door, caller, operation.object)
    require_method(subject, caller, "bulk")
    if operation.operation == "upsert":
        require_method(subject, caller, "upsert")
    refuse_many(door, len(operation.records))
    match = matching(door, caller, operation) if _looks(operation) else None
    for method in ("create", "update") if operation.operation == "upsert" else (operation.operation,):
        enter(door, caller, operation.object, method)
    policy = door.policies.policy(caller, subject.name, "create")
    errors: dict[int, FieldstoneError] = {}
    keyed: dict[int, Keyed] = {}
    records: dict[int, Mapping[str, Any]] = {}
    for place, record in enumerate(operation.records):
        try:
            check_record(operation.operation, record)
            if match is not None and "id" not in record:
                keyed[place] = read_keyed(match, record)
            records[place] = record
        except REFUSALS as error:
            errors[place] = error
    keyed = await _looked_up(door, caller, unit, match, keyed) if match is not None else keyed
    batch = PreparedBatch(operation, subject, policy, {}, errors, keyed, match)
    return msgspec.structs.replace(batch, rows=await _prepare_rows(door, caller, unit, batch, records, errors))


async def apply_batch(door: Door, prepared: PreparedBatch, caller: Caller, unit: Unit) -> BatchResult:
    """Writes the rows within a Unit; raises Undone with the result when an atomic batch fails."""
    run = _Run(door, unit, caller, prepared)
    operation = prepared.operation
    if not (operation.atomic and run.errors):
        if operation.atomic or operation.continue_on_error:
            await _create_all(run)
        await _one_by_one(run)
    result = _result(run)
    if operation.atomic and run.errors:
        raise Undone(result)
    return result


def _looks(operation: Batch) -> bool:
    """Tells whether some record of a batch is to be found by its external id."""
    return operation.operation == "upsert" and any(
        isinstance(record, Mapping) and "id" not in record for record in operation.records
    )


async def _looked_up(
    door: Door, caller: Caller, unit: Unit | None, match: Matching, keyed: Mapping[int, Keyed]
) -> dict[int, Keyed]:
    """Returns the records with the ids of those that are there."""
    values = list(dict.fromkeys(item.value for item in keyed.values()))
    found = await find_ids(door, door.fetcher(unit), caller, match, values) if values else {}
    return {place: msgspec.structs.replace(item, id=found.get(item.value)) for place, item in keyed.items()}


async def _prepare_rows(
    door: Door,
    caller: Caller,
    unit: Unit | None,
    batch: PreparedBatch,
    records: Mapping[int, Mapping[str, Any]],
    errors: dict[int, FieldstoneError],
) -> dict[int, Row]:
    """Returns the rows that nothing is wrong with so far; the others become errors."""
    rows: dict[int, Any] = {}
    seen: set[Any] = set()
    for count, (place, record) in enumerate(records.items(), start=1):
        keyed = batch.keyed.get(place)
        if count % ROWS_WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)
        if keyed is not None and keyed.value in seen:
            rows[place] = keyed
            continue
        try:
            rows[place] = await _prepare_row(door, caller, unit, batch, record, keyed)
        except REFUSALS as error:
            errors[place] = error
        else:
            seen.update(() if keyed is None else (keyed.value,))
    drafts = {place: row for place, row in rows.items() if isinstance(row, Draft)}
    ready = await _prepare_drafts(door, caller, unit, batch.subject, drafts, errors)
    return {place: ready.get(place, row) for place, row in rows.items() if place not in errors}


async def _prepare_row(
    door: Door,
    caller: Caller,
    unit: Unit | None,
    batch: PreparedBatch,
    record: Mapping[str, Any],
    keyed: Keyed | None,
) -> Draft | Changing | Target:
    subject, action = batch.subject, batch.operation.operation
    expected = record.get("expectedVersion")
    if action == "delete":
        return await prepare_delete(door, Delete(subject.name, record["id"], expected), caller, unit)
    if keyed is not None and keyed.id is not None and batch.match is not None:
        return await prepare_update(door, change_of(batch.match, keyed, keyed.id), caller, unit)
    if keyed is None and action != "create":
        return await prepare_update(door, Update(subject.name, record["id"], record["data"], expected), caller, unit)
    if keyed is not None and batch.match is not None:
        refuse_version(batch.match, keyed)
    draft = read_new(door, subject, batch.create, caller, record["data"] if keyed is None else keyed.data)
    refuse_forbidden(subject, batch.create, draft.forbidden)
    return draft


async def _prepare_drafts(
    door: Door,
    caller: Caller,
    unit: Unit | None,
    subject: Object,
    drafts: Mapping[int, Draft],
    errors: dict[int, FieldstoneError],
) -> dict[int, dict[str, Any]]:
    """Returns the values of the drafts without a fault; the others become errors with all that is wrong with them."""
    faulty = {place: draft for place, draft in drafts.items() if draft.faults}
    found = await all_faults(door, door.fetcher(unit), caller, subject, tuple(faulty.values())) if faulty else []
    errors.update({place: invalid(faults) for place, faults in zip(faulty, found, strict=True)})
    preparers = door.preparers(unit)
    return {
        place: await prepare_values(subject, draft.values, preparers)
        for place, draft in drafts.items()
        if place not in faulty
    }


async def _create_all(run: _Run) -> None:
    """Creates all new rows, so many together that nobody waits long for the loop."""
    places = [place for place, row in run.batch.rows.items() if isinstance(row, dict)]
    for start in range(0, len(places), ROWS_TOGETHER):
        await _create(run, places[start : start + ROWS_TOGETHER])
        await asyncio.sleep(0)


async def _create(run: _Run, places: Sequence[int]) -> None:
    """Creates the rows of these places together, or, where that is refused, those of them that can be created."""
    answered = run.batch.operation.return_records
    new = Candidates(run.batch.subject, run.batch.create, run.batch.rows, REFUSALS, answered)
    await create_good(run.door, run.unit, run.caller, new, places, run.keep, run.refuse)


async def _one_by_one(run: _Run) -> None:
    """Writes the rows that are not written yet, in their order; ends at the first that cannot be, unless each is by itself."""
    operation = run.batch.operation
    for place in range(len(operation.records)):
        if place not in run.done and place not in run.errors:
            await _write(run, place)
        if place in run.errors and (operation.atomic or not operation.continue_on_error):
            return


async def _write(run: _Run, place: int) -> None:
    """Writes one row under a savepoint of its own."""
    row, match = run.batch.rows[place], run.batch.match
    keyed = run.batch.keyed.get(place)
    door, caller, unit = run.door, run.caller, run.unit
    try:
        async with unit.nested():
            if isinstance(row, Changing):
                run.keep([place], await apply_update(door, row, caller, unit))
            elif isinstance(row, Target):
                run.done[place] = BatchRow(place, (await apply_delete(door, row, caller, unit)).id)
            elif match is not None and keyed is not None:
                run.keep([place], await write_keyed(door, unit, caller, match, keyed, run.clashes.get(place)))
            else:
                await _create(run, [place])
    except REFUSALS as error:
        run.errors[place] = error


def _result(run: _Run) -> BatchResult:
    operation = run.batch.operation
    undone = operation.atomic and bool(run.errors)
    rows = []
    for place, record in enumerate(operation.records):
        sent = record.get("id") if isinstance(record, Mapping) else None
        named = sent if isinstance(sent, str) else None
        if place in run.done and not undone:
            rows.append(run.done[place])
        else:
            error = run.errors.get(place) or left_out(tried=place in run.done)
            rows.append(BatchRow(place, named, error))
    return BatchResult(operation.object, operation.operation, tuple(rows))
