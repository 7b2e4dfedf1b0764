"""The rows of jobs: their objects, the states that they know, and what is kept of an import between its portions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from fieldstone.engine.operation import Import, ImportColumn
from fieldstone.engine.outcome import ImportedRow
from fieldstone.query.ast import And, Slot, Term
from fieldstone.query.ast import Literal as Constant
from fieldstone.query.values import exact_number
from fieldstone.services.imports.sheet import NOTHING, Nothing, Unreadable

JOBS: Final = "sys_import_job"
PORTIONS: Final = "sys_import_portion"

Status = Literal["pending", "running", "succeeded", "failed", "cancelled"]
ALIVE: Final = ("pending", "running")

PORTION_ROWS: Final = 250
"""How many rows are written in one Unit: few enough that others wait little for it."""

AT_SEGMENT: Final = And(
    (Term("id", "eq", Slot(0)), Term("segment", "eq", Slot(1)), Term("status", "in", Constant(ALIVE)))
)
AWAKE: Final = And((Term("id", "eq", Slot(0)), Term("status", "in", Constant(ALIVE))))
OF_JOB: Final = Term("job_id", "eq", Slot(0))

JOB_FIELDS: Final = (
    "id", "organization_id", "object_name", "status", "write_mode", "total", "done", "made", "changed", "skipped", "refused", "error",
    "plan", "started_by", "created_at", "completed_at", "undone_at", "segment",
)  # fmt: skip

_UNREADABLE = "unreadable"
_NO_CELL = {"noCell": True}
_NOTHING = {"nothing": True}


class Plan(msgspec.Struct, frozen=True):
    """An import without its rows."""

    columns: tuple[ImportColumn, ...]
    write_mode: Literal["insert", "update", "upsert"]
    match_fields: tuple[str, ...]
    null_values: frozenset[str]
    trim_whitespace: bool
    skip_blank_match_key: bool
    found: Mapping[str, Any]


class WrittenRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record that a portion wrote: the version that this made, and what the fields that it set were before; None: it was not there."""

    id: str
    version: int
    before: dict[str, Any] | None


_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_plan = msgspec.json.Decoder(Plan, float_hook=exact_number)
_cells = msgspec.json.Decoder(list[Any], float_hook=exact_number)
_results = msgspec.json.Decoder(list[ImportedRow], float_hook=exact_number)
_written = msgspec.json.Decoder(list[WrittenRecord], float_hook=exact_number)


def pack_plan(asked: Import) -> str:
    """Returns the text of an import without its rows."""
    return _encoder.encode(Plan(**{name: getattr(asked, name) for name in Plan.__struct_fields__})).decode()


def portion_of(job: Mapping[str, Any], cells: str) -> Import:
    """Returns the import of one portion of a job."""
    plan = _plan.decode(job["plan"])
    rows = tuple(_unpacked_row(row) for row in _cells.decode(cells))
    return Import(object=job["object_name"], rows=rows, **msgspec.structs.asdict(plan))


def pack_cells(rows: Sequence[Any]) -> str:
    """Returns the text of rows of cells."""
    return _encoder.encode([_packed_row(row) for row in rows]).decode()


def pack_results(rows: Sequence[ImportedRow], before: int) -> str:
    """Returns the text of results; `before` is how many rows of the file come before them."""
    return _encoder.encode([msgspec.structs.replace(row, row=row.row + before) for row in rows]).decode()


def unpack_results(text: str) -> list[ImportedRow]:
    """Returns the results of a portion."""
    return _results.decode(text)


def pack_written(records: Sequence[WrittenRecord]) -> str:
    """Returns the text of records with what they were."""
    return _encoder.encode(records).decode()


def unpack_written(text: str) -> list[WrittenRecord]:
    """Returns the records that a portion wrote."""
    return _written.decode(text)


def in_portions(rows: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yields the rows of each portion, with how many come before."""
    for first in range(0, len(rows), PORTION_ROWS):
        yield first, rows[first : first + PORTION_ROWS]


def _packed_row(row: Any) -> Any:
    if isinstance(row, Unreadable):
        return _packed_fault(row)
    return [_packed_cell(cell) for cell in row]


def _packed_cell(cell: Any) -> Any:
    if cell is UNSET:
        return _NO_CELL
    if isinstance(cell, Nothing):
        return _NOTHING
    return _packed_fault(cell) if isinstance(cell, Unreadable) else cell


def _packed_fault(fault: Unreadable) -> dict[str, Any]:
    return {_UNREADABLE: [fault.message, fault.hint]}


def _unpacked_row(row: Any) -> Any:
    return _unpacked_cell(row) if isinstance(row, dict) else tuple(map(_unpacked_cell, row))


def _unpacked_cell(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    if cell in (_NO_CELL, _NOTHING):
        return UNSET if cell == _NO_CELL else NOTHING
    return Unreadable(*cell[_UNREADABLE]) if cell.keys() == {_UNREADABLE} else cell
