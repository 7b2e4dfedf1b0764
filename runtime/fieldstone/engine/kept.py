"""Outcomes that are kept: packed as one JSON text and unpacked to outcomes that encode to the very same bytes.

What comes out again is cut to what its caller may see by then: a record that he cannot see any more, or a field of it, leaves the id
alone, and a text that is masked for him by then is masked.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.masks import masked_record, masked_row
from fieldstone.engine.outcome import (
    AcrossResult,
    BatchResult,
    BatchRow,
    Deleted,
    Imported,
    ImportedRow,
    ImportJob,
    Remarks,
    Written,
)
from fieldstone.engine.unit import Unit
from fieldstone.errors import (
    ConcurrentUpdate,
    Conflict,
    DeleteRestricted,
    FieldstoneError,
    Invalid,
    MethodNotAllowed,
    NotAttempted,
    NotFound,
    PermissionDenied,
    UniqueViolation,
)
from fieldstone.query.values import exact_number
from fieldstone.store.binds import Binds

Keepable = Written | Deleted | BatchResult | AcrossResult | Imported | ImportJob

ROW_ERRORS: dict[str, type[FieldstoneError]] = {
    error.code: error
    for error in (
        ConcurrentUpdate,
        Conflict,
        DeleteRestricted,
        Invalid,
        MethodNotAllowed,
        NotAttempted,
        NotFound,
        PermissionDenied,
        UniqueViolation,
    )
}
"""What can be wrong with a row of a batch that stays."""

Cells = tuple[msgspec.Raw, ...] | None


class _Written(msgspec.Struct, frozen=True, tag="written", array_like=True):
    object: str
    ids: tuple[str, ...]
    versions: tuple[int, ...]
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]
    remarks: tuple[Remarks, ...] = ()


class _Deleted(msgspec.Struct, frozen=True, tag="deleted", array_like=True):
    object: str
    id: str


class _Error(msgspec.Struct, frozen=True, array_like=True):
    code: str
    message: str
    details: dict[str, Any]


class _Row(msgspec.Struct, frozen=True, array_like=True):
    id: str | None
    error: _Error | None
    columns: tuple[str, ...]
    record: Cells
    remarks: Remarks = ()


class _Batch(msgspec.Struct, frozen=True, tag="batch", array_like=True):
    object: str
    operation: str
    rows: tuple[_Row, ...]


class _Across(msgspec.Struct, frozen=True, tag="across", array_like=True):
    objects: tuple[str | None, ...]
    actions: tuple[str | None, ...]
    rows: tuple[_Row, ...]


class _Imported(msgspec.Struct, frozen=True, tag="imported", array_like=True):
    object: str
    write_mode: str
    dry_run: bool
    rows: tuple[ImportedRow, ...]
    found: dict[str, Any]


class _Started(msgspec.Struct, frozen=True, tag="started", array_like=True):
    id: str
    object: str
    status: str
    total: int
    at: str


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(_Written | _Deleted | _Batch | _Across | _Imported | _Started, float_hook=exact_number)


def pack_outcome(outcome: Keepable) -> str:
    """Returns an outcome as a text."""
    packed: msgspec.Struct
    match outcome:
        case Written():
            packed = _Written(**msgspec.structs.asdict(outcome))
        case Deleted():
            packed = _Deleted(outcome.object, outcome.id)
        case BatchResult():
            packed = _Batch(outcome.object, outcome.operation, tuple(map(_packed_row, outcome.rows)))
        case AcrossResult():
            packed = _Across(outcome.objects, outcome.actions, tuple(map(_packed_row, outcome.rows)))
        case Imported():
            packed = _Imported(**msgspec.structs.asdict(outcome))
        case ImportJob():
            packed = _Started(**msgspec.structs.asdict(outcome))
    return _encoder.encode(packed).decode()


def unpack_outcome(text: str) -> Keepable:
    """Returns the outcome of a text; values that are not texts stay as the JSON that they were."""
    packed = _decoder.decode(text)
    if isinstance(packed, _Written):
        rows = tuple(map(_cells, packed.rows))
        return Written(packed.object, packed.ids, packed.versions, packed.columns, rows, packed.remarks)
    if isinstance(packed, _Deleted):
        return Deleted(packed.object, packed.id)
    if isinstance(packed, _Imported):
        return Imported(**msgspec.structs.asdict(packed))
    if isinstance(packed, _Started):
        return ImportJob(**msgspec.structs.asdict(packed))
    if isinstance(packed, _Batch):
        return BatchResult(packed.object, packed.operation, _unpacked_rows(packed.rows))
    return AcrossResult(packed.objects, packed.actions, _unpacked_rows(packed.rows))


async def shown_today(door: Door, unit: Unit, caller: Caller, outcome: Keepable) -> Keepable:
    """Returns an outcome without the records, and the records in refusals, that the caller may not see now."""
    match outcome:
        case Written():
            seen = await _seen(door, unit, caller, outcome.object, outcome.columns, outcome.ids)
            policy = door.policies.policy(caller, outcome.object, "read") if seen else None
            shown = (
                masked_row(policy, outcome.columns, row) if policy and row and record_id in seen else None
                for record_id, row in zip(outcome.ids, outcome.rows, strict=True)
            )
            return msgspec.structs.replace(outcome, rows=tuple(shown))
        case BatchResult():
            objects = [outcome.object] * len(outcome.rows)
            return msgspec.structs.replace(outcome, rows=await _rows_today(door, unit, caller, objects, outcome.rows))
        case AcrossResult():
            rows = await _rows_today(door, unit, caller, outcome.objects, outcome.rows)
            return msgspec.structs.replace(outcome, rows=rows)
    return outcome


async def _rows_today(
    door: Door, unit: Unit, caller: Caller, objects: Sequence[str | None], rows: Sequence[BatchRow]
) -> tuple[BatchRow, ...]:
    """Returns rows without what may not be seen; rows that show the same columns of an object are looked for together."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, row in zip(objects, rows, strict=True):
        if name is not None and row.id is not None and _names(row):
            groups.setdefault((name, _names(row)), []).append(row.id)
    seen = {group: await _seen(door, unit, caller, *group, ids) for group, ids in groups.items()}
    return tuple(
        _masked(door, caller, name, row)
        if name is not None and row.id in seen.get((name, _names(row)), ())
        else _without_record(row)
        for name, row in zip(objects, rows, strict=True)
    )


def _masked(door: Door, caller: Caller, object_name: str, row: BatchRow) -> BatchRow:
    """Returns a row with the texts masked that its caller is shown in part now."""
    policy = door.policies.policy(caller, object_name, "read")
    if row.error is not None and "record" in row.error.details:
        row.error.details["record"] = masked_record(policy, row.error.details["record"])
    return (
        row if row.record is None else msgspec.structs.replace(row, record=masked_row(policy, row.columns, row.record))
    )


async def _seen(
    door: Door, unit: Unit, caller: Caller, object_name: str, columns: Iterable[str], ids: Sequence[str]
) -> set[str]:
    """Returns which of the ids are records of which the caller may see all these columns."""
    if object_name not in door.catalog.objects or not may_look(door, caller, object_name):
        return set()
    policy = door.policies.policy(caller, object_name, "read")
    if not set(columns) <= set(policy.shape.columns):
        return set()
    found = await unit.transaction.fetch(door.plans.visible(policy), Binds((list(ids),), caller.values, unit.now))
    return {row[0] for row in found}


def _names(row: BatchRow) -> tuple[str, ...]:
    """Returns the fields of the record that a row shows, as its result or in its refusal."""
    return row.columns if row.error is None else tuple(row.error.details.get("record", ()))


def _without_record(row: BatchRow) -> BatchRow:
    if row.error is not None:
        row.error.details.pop("record", None)
    return msgspec.structs.replace(row, columns=(), record=None)


def _packed_row(row: BatchRow) -> _Row:
    error = None if row.error is None else _Error(row.error.code, row.error.message, row.error.details)
    return _Row(row.id, error, row.columns, row.record, row.remarks)


def _unpacked_rows(rows: Iterable[_Row]) -> tuple[BatchRow, ...]:
    return tuple(
        BatchRow(place, row.id, _unpacked_error(row.error), row.columns, _cells(row.record), row.remarks)
        for place, row in enumerate(rows)
    )


def _unpacked_error(error: _Error | None) -> FieldstoneError | None:
    return None if error is None else ROW_ERRORS[error.code](error.message, details=error.details)


def _cells(row: Cells) -> tuple[Any, ...] | None:
    return None if row is None else tuple(map(_cell, row))


def _cell(raw: msgspec.Raw) -> Any:
    """Returns a text as a text, for faces dress ids; null as None; anything else as it stands."""
    text = bytes(raw)
    return msgspec.json.decode(text) if text[:1] in (b'"', b"n") else raw
