"""Undoing a job: records that it made go, and those that it changed get back what they had, as far as nobody has changed them since.

It is done as whoever asks, by deletions and changes like any other: what he may not do, and what is at another version than the job left
it, fails and is told. A field whose values are never shown, such as a password, cannot be given back.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.batch_record import REFUSALS
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Delete, Update
from fieldstone.engine.records import in_one_unit
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError, InvalidState
from fieldstone.services.imports.jobs.rows import WrittenRecord

TOGETHER = 100
"""How many records are undone in one Unit."""


class UndoFailure(msgspec.Struct, frozen=True):
    """A record that could not be undone, and why."""

    id: str
    code: str
    error: str


class Undone(msgspec.Struct, frozen=True):
    """What came of undoing a job."""

    deleted: int
    restored: int
    failures: tuple[UndoFailure, ...]


def as_before(portions: Iterable[Sequence[WrittenRecord]]) -> list[WrittenRecord]:
    """Returns each record once, with its last version and what it was before the first; those that were written last come first."""
    records: dict[str, WrittenRecord] = {}
    for portion in portions:
        for written in portion:
            first = records.get(written.id)
            if first is not None and first.before is not None and written.before is not None:
                before: dict[str, Any] | None = {**written.before, **first.before}
            else:
                before = written.before if first is None else first.before
            records[written.id] = WrittenRecord(written.id, written.version, before)
    return list(reversed(records.values()))


async def undo_records(door: Door, caller: Caller, object_name: str, records: Sequence[WrittenRecord]) -> Undone:
    """Undoes what was done to records; what is wrong with one befalls that one alone."""
    failures: list[UndoFailure] = []
    done = {"deleted": 0, "restored": 0}
    for first in range(0, len(records), TOGETHER):
        some = records[first : first + TOGETHER]
        results = await in_one_unit(door.execute, partial(_undo_some, caller, object_name, some))
        for record, error in zip(some, results, strict=True):
            if error is None:
                done["deleted" if record.before is None else "restored"] += 1
            else:
                failures.append(UndoFailure(record.id, error.code, error.message))
    return Undone(done["deleted"], done["restored"], tuple(failures))


async def _undo_some(
    caller: Caller, object_name: str, records: Sequence[WrittenRecord], door: Door, unit: Unit
) -> list[FieldstoneError | None]:
    results: list[FieldstoneError | None] = []
    for record in records:
        try:
            async with unit.nested():
                await _undo(door, unit, caller, object_name, record)
        except REFUSALS as error:
            results.append(error)
        else:
            results.append(None)
    return results


async def _undo(door: Door, unit: Unit, caller: Caller, object_name: str, record: WrittenRecord) -> None:
    if record.before is None:
        await door.execute(Delete(object_name, record.id, record.version), caller, unit=unit)
        return
    fields = door.catalog.objects[object_name].fields
    hidden = next((name for name in record.before if fields[name].shape.storage.masked), None)
    if hidden is not None:
        raise InvalidState(f"What `{hidden}` was before is not known: its values are never shown.")
    await door.execute(Update(object_name, record.id, record.before, record.version), caller, unit=unit)
