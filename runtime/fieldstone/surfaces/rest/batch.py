"""The batch: many writes of one object in one request, answered row by row (contract 3.8).

Refuses unknown keys, operations and options; what is wrong with a row is told with that row.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.engine.operation import Batch
from fieldstone.engine.outcome import BatchResult, BatchRow, Outcome
from fieldstone.errors import Internal
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.rest.records import RecordCodec


class BatchOptions(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`atomic`: all or none; `returnRecords`: answer each record as it is afterwards."""

    atomic: bool = False
    return_records: bool = False


class BatchBody(msgspec.Struct):
    """What a batch is sent as; each record holds `id`, `data`, `externalId` as its operation needs."""

    operation: Literal["create", "update", "delete"]
    records: list[dict[str, Any]]
    options: BatchOptions = BatchOptions()


class RowError(msgspec.Struct):
    """Why a row was not written."""

    code: str
    message: str
    details: dict[str, Any]


class RowResult(msgspec.Struct, rename="camel", omit_defaults=True):
    """What came of one row; `index` counts from 0."""

    index: int
    success: bool
    id: str | None = None
    errors: list[RowError] = []
    data: Any = None


class BatchAnswer(msgspec.Struct):
    """What came of a batch; `success` says that every row was written."""

    success: bool
    operation: str
    total: int
    succeeded: int
    failed: int
    results: list[RowResult]


def read_batch(object_name: str, codec: RecordCodec, body: Mapping[str, Any]) -> Batch:
    """Returns the Operation of a batch's body."""
    sent = convert_body(body, BatchBody)
    records = tuple(_bare(codec, record) for record in sent.records)
    return Batch(object_name, sent.operation, records, sent.options.atomic, sent.options.return_records)


def answer_batch(codec: RecordCodec, outcome: Outcome) -> BatchAnswer:
    """Returns the answer of a batch's outcome."""
    if not isinstance(outcome, BatchResult):
        raise Internal(f"The door answered with {type(outcome).__name__}.")
    results = [_result(codec, row) for row in outcome.rows]
    succeeded = sum(result.success for result in results)
    return BatchAnswer(
        success=succeeded == len(results),
        operation=outcome.operation,
        total=len(results),
        succeeded=succeeded,
        failed=len(results) - succeeded,
        results=results,
    )


def _result(codec: RecordCodec, row: BatchRow) -> RowResult:
    return RowResult(
        index=row.index,
        success=row.error is None,
        id=None if row.id is None else codec.shown(row.id),
        errors=[] if row.error is None else [RowError(row.error.code, row.error.message, row.error.details)],
        data=None if row.record is None else codec.record(row.columns, row.record),
    )


def _bare(codec: RecordCodec, record: dict[str, Any]) -> Mapping[str, Any]:
    """Returns a record with bare ids."""
    bare = dict(record)
    if isinstance(bare.get("id"), str):
        bare["id"] = codec.bare(bare["id"])
    if isinstance(bare.get("data"), dict):
        bare["data"] = codec.bare_values(bare["data"])
    return bare
