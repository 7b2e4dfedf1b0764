"""Imports: rows of cells become records in one Unit, and each row has a result (contract 3.6).

Rows are read and their references looked up before the Unit opens; within it they are matched and written portion by portion, those
of a portion that are new together. What is wrong with a row befalls that row alone, unless the import is atomic. Refuses as a whole
who may not write so, columns that go nowhere, and too many rows.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.batch_record import REFUSALS, ROWS_TOGETHER, ROWS_WITHOUT_PAUSE, left_out
from fieldstone.engine.body import Draft, invalid, prepare_values, read_body, refuse_forbidden
from fieldstone.engine.create import all_faults
from fieldstone.engine.door import Door, Handlers, Writing
from fieldstone.engine.gate import enter
from fieldstone.engine.good_rows import Candidates, create_good
from fieldstone.engine.locate import Target
from fieldstone.engine.operation import Import, ImportColumn
from fieldstone.engine.outcome import Imported, ImportedRow, Written
from fieldstone.engine.unit import Undone, Unit
from fieldstone.engine.update import Changing, apply_update
from fieldstone.errors import FieldstoneError, FlowFailed, Invalid
from fieldstone.query.names import shown
from fieldstone.registry.catalog import Object
from fieldstone.services.imports.cells import Cells, ReadRow
from fieldstone.services.imports.matching import ID, Key, Matching, find_matches, matching_of
from fieldstone.services.imports.reading.bounds import too_many_rows
from fieldstone.services.imports.references import Searched, searched_fields
from fieldstone.services.imports.results import (
    AMBIGUOUS_MATCH,
    BLANK_MATCH_KEY,
    NO_MATCH,
    ROW_FAILED,
    Teller,
    told,
)

ROW_REFUSALS: tuple[type[FieldstoneError], ...] = (*REFUSALS, FlowFailed)
"""What befalls a row by itself."""

_ACTIONS: Mapping[str, tuple[Any, ...]] = {
    "insert": ("create",),
    "update": ("update",),
    "upsert": ("create", "update"),
}


class PreparedImport(msgspec.Struct, frozen=True, eq=False):
    """An import whose rows are read: the values of the good ones by place, and the results of those that failed already."""

    operation: Import
    subject: Object
    policies: Mapping[str, Policy]
    match: Matching | None
    rows: Mapping[int, dict[str, Any]]
    failed: Mapping[int, ImportedRow]
    teller: Teller


async def prepare_import(door: Door, operation: Import, caller: Caller, unit: Unit | None) -> PreparedImport:
    """Returns the import with its rows read; raises what befalls all of it."""
    policies: dict[str, Policy] = {}
    for action in _ACTIONS[operation.write_mode]:
        subject, policies[action] = enter(door, caller, operation.object, "import", action, besides=(action,))
    if len(operation.rows) > door.limits.import_rows:
        raise too_many_rows(door.limits.import_rows)
    match = matching_of(door, caller, operation)
    require_columns(door, caller, operation, subject, policies)
    searched = dict(_references(door, caller, operation, subject))
    fields = {name: () if how is None else _told_fields(how) for name, how in searched.items()}
    teller = Teller(subject, {column.field: column for column in operation.columns}, fields)
    read = await Cells(subject, operation, searched).read(door, door.fetcher(unit), caller)
    failed = await _failures(door, caller, unit, operation, subject, read, teller)
    rows = {place: row.values for place, row in enumerate(read) if place not in failed}
    preparers = door.preparers(unit)
    if any(subject.fields[column.field].type.name in preparers for column in operation.columns):
        rows = {place: await prepare_values(subject, values, preparers) for place, values in rows.items()}
    return PreparedImport(operation, subject, policies, match, rows, failed, teller)


async def apply_import(door: Door, prepared: PreparedImport, caller: Caller, unit: Unit) -> Imported:
    """Writes the rows within a Unit; raises Undone with the result of a dry import, and of an atomic one with a row that failed."""
    run = _Run(door, unit, caller, prepared)
    for places in _portions(prepared):
        await run.write(places)
        await asyncio.sleep(0)
    operation = prepared.operation
    rows = [run.done[place] for place in range(len(operation.rows))]
    if failed := falls_as_one(operation, rows):
        rows = [_rolled_back(row) if row.ok else row for row in rows]
    result = Imported(operation.object, operation.write_mode, operation.dry_run, tuple(rows), operation.found)
    if failed or is_tried(operation):
        raise Undone(result)
    return result


def falls_as_one(operation: Import, rows: Sequence[ImportedRow]) -> bool:
    """Tells whether a row that failed undoes all others."""
    return operation.atomic and any(row.action == "failed" for row in rows)


def is_tried(operation: Import) -> bool:
    """Tells whether nothing of an import is to stay."""
    return operation.dry_run


class _Run:
    """One application of an import: what came of each row so far."""

    def __init__(self, door: Door, unit: Unit, caller: Caller, prepared: PreparedImport) -> None:
        self.done: dict[int, ImportedRow] = dict(prepared.failed)
        self._door = door
        self._unit = unit
        self._caller = caller
        self._prepared = prepared

    async def write(self, places: Sequence[int]) -> None:
        """Writes a portion of rows, no two of which mean the same record."""
        prepared, match = self._prepared, self._prepared.match
        new: list[int] = list(places)
        changes: dict[int, str] = {}
        if match is not None:
            new, changes = await self._matched(places, match)
        if new:
            candidates = Candidates(prepared.subject, prepared.policies["create"], prepared.rows, ROW_REFUSALS)
            await create_good(self._door, self._unit, self._caller, candidates, new, self._created, self._refused)
        for place, record_id in changes.items():
            await self._change(place, record_id)

    async def _matched(self, places: Sequence[int], match: Matching) -> tuple[list[int], dict[int, str]]:
        """Returns which rows are new, and the record that each other one means; those that mean none are done with."""
        keys = {place: match.key(self._prepared.rows[place]) for place in places}
        wanted = [key for key in keys.values() if key is not None]
        found = await find_matches(self._door, self._unit, self._caller, match, wanted)
        new, changes = [], {}
        for place, key in keys.items():
            ids = found.get(key, []) if key is not None else []
            if len(ids) == 1:
                changes[place] = ids[0]
            elif (left := self._unmatched(place, key, len(ids))) is None:
                new.append(place)
            else:
                self.done[place] = left
        return new, changes

    def _unmatched(self, place: int, key: Key | None, count: int) -> ImportedRow | None:
        """Returns the result of a row that means no single record; None where it is to become a new one."""
        operation = self._prepared.operation
        named = ", ".join(f"`{name}`" for name in operation.match_fields)
        if count:
            message = f"{named} fit more than one record."
            return told(place, AMBIGUOUS_MATCH, message, skipped=False, hint="Match by more fields, or by `id`.")
        inserts = operation.write_mode == "upsert"
        if key is None and (operation.skip_blank_match_key or not inserts):
            return told(place, BLANK_MATCH_KEY, f"{named} is blank.", skipped=True)
        if key is not None and (not inserts or ID in operation.match_fields):
            return told(place, NO_MATCH, f"No record has this {named}.", skipped=True)
        return None

    async def _change(self, place: int, record_id: str) -> None:
        prepared = self._prepared
        match = prepared.match
        keys = () if match is None else match.fields
        values = {name: value for name, value in prepared.rows[place].items() if name not in keys}
        read = self._door.policies.policy(self._caller, prepared.subject.name, "read")
        target = Target(prepared.subject, prepared.policies["update"], read, record_id, None)
        try:
            async with self._unit.nested():
                written = await apply_update(self._door, Changing(target, values), self._caller, self._unit)
        except ROW_REFUSALS as error:
            self._refused(place, error)
        else:
            remarks = written.remarks_at(0)
            self.done[place] = ImportedRow(place + 1, ok=True, action="updated", id=record_id, warnings=remarks)

    def _created(self, places: Sequence[int], written: Written) -> None:
        for at, (place, record_id) in enumerate(zip(places, written.ids, strict=True)):
            remarks = written.remarks_at(at)
            self.done[place] = ImportedRow(place + 1, ok=True, action="created", id=record_id, warnings=remarks)

    def _refused(self, place: int, error: FieldstoneError) -> None:
        self.done[place] = self._prepared.teller.failed(place, error)


def _portions(prepared: PreparedImport) -> Iterator[list[int]]:
    """Yields the places of rows that are written together, in their order; two with one key are never among them."""
    portion: list[int] = []
    keys: set[Key] = set()
    for place, values in prepared.rows.items():
        key = None if prepared.match is None else prepared.match.key(values)
        if len(portion) == ROWS_TOGETHER or key in keys:
            yield portion
            portion, keys = [], set()
        portion.append(place)
        if key is not None:
            keys.add(key)
    if portion:
        yield portion


def require_columns(
    door: Door, caller: Caller, operation: Import, subject: Object, policies: Mapping[str, Policy]
) -> None:
    """Raises what is wrong with the fields that columns go to: as a body that sets them would be refused."""
    if not operation.columns:
        raise Invalid("No column goes to a field.", reason="INVALID_IMPORT", path="mapping")
    readable = door.policies.policy(caller, subject.name, "read").readable
    names = [column.field for column in operation.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Invalid(f"Two columns go to `{shown(twice)}`.", reason="INVALID_IMPORT", path="mapping")
    for action, policy in policies.items():
        kept = operation.match_fields if action == "update" else (ID,) if ID in operation.match_fields else ()
        draft = read_body(subject, policy, readable, {name: None for name in names if name not in kept})
        if draft.faults:
            raise invalid(draft.faults)
        refuse_forbidden(subject, policy, draft.forbidden)


def _references(
    door: Door, caller: Caller, operation: Import, subject: Object
) -> Iterator[tuple[str, Searched | None]]:
    """Yields how the records are found that each reference means; raises Invalid for a column that asks for what it cannot get."""
    for column in operation.columns:
        field = subject.fields[column.field]
        if field.reference is not None and field.name != ID:
            found = searched_fields(door, caller, field, column)
            if found is None and column.by is not None:
                raise _unfit(column, f"The records of `{field.name}` are not found by `{shown(column.by)}`.")
            yield field.name, found
        elif column.by is not None or column.transform == "lookup":
            raise _unfit(column, f"`{field.name}` refers to no record.")


def _told_fields(searched: Searched) -> tuple[str, ...]:
    return (*((ID,) if searched.by_id else ()), *searched.fields)


def _unfit(column: ImportColumn, message: str) -> Invalid:
    return Invalid(message, reason="INVALID_IMPORT", path=f"mapping.{shown(column.source)}")


async def _failures(
    door: Door,
    caller: Caller,
    unit: Unit | None,
    operation: Import,
    subject: Object,
    read: Sequence[ReadRow],
    teller: Teller,
) -> dict[int, ImportedRow]:
    """Returns the results of rows that cannot be written as they are, with all that is wrong with them."""
    failed = {
        place: told(place, ROW_FAILED, row.fault.message, skipped=False, hint=row.fault.hint)
        for place, row in enumerate(read)
        if row.fault is not None
    }
    faulty = {place: Draft(row.values, tuple(row.faults), ()) for place, row in enumerate(read) if row.faults}
    for start in range(0, len(faulty), ROWS_WITHOUT_PAUSE):
        places = list(faulty)[start : start + ROWS_WITHOUT_PAUSE]
        drafts = tuple(faulty[place] for place in places)
        if operation.write_mode == "insert":
            found = await all_faults(door, door.fetcher(unit), caller, subject, drafts)
        else:
            found = [list(draft.faults) for draft in drafts]
        failed |= {place: teller.failed(place, invalid(faults)) for place, faults in zip(places, found, strict=True)}
        await asyncio.sleep(0)
    return failed


def _rolled_back(row: ImportedRow) -> ImportedRow:
    error = left_out(tried=True)
    return ImportedRow(row.row, ok=False, action="failed", code=error.code, error=error.message)


IMPORT_HANDLERS: Handlers = {Import: Writing(prepare_import, apply_import)}
"""What the door does with an import."""
