"""The bodies and answers of writes in number: many records of one object, or of several (contract 3.8).

Refuses unknown keys, operations and options, and options that contradict each other; what is wrong with a row is told with that row.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.engine.operation import Batch
from fieldstone.engine.outcome import BatchRow, Remark
from fieldstone.errors import Invalid
from fieldstone.surfaces.rest.records import Names, RecordCodec
from fieldstone.surfaces.rest.table import Call, ObjectFace


class BatchOptions(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`atomic`: all or none; `returnRecords`: answer each record as it is afterwards.

    `continueOnError: false` ends at the first that fails, and leaves what was done before it. `externalIdField` is the unique field by
    which an upsert finds its records, where there are several.
    """

    atomic: bool = False
    return_records: bool = False
    continue_on_error: bool | msgspec.UnsetType = msgspec.UNSET
    external_id_field: str | None = None


class BatchBody(msgspec.Struct):
    """What a batch is sent as; each record holds `id`, `data`, `externalId`, `expectedVersion` as its operation needs."""

    operation: Literal["create", "update", "upsert", "delete"]
    records: list[dict[str, Any]]
    options: BatchOptions = BatchOptions()


class UpdateManyBody(msgspec.Struct):
    """Changes of many records: each holds `id`, `data` and perhaps `expectedVersion`."""

    records: list[dict[str, Any]]
    options: BatchOptions = BatchOptions()


class DeleteManyBody(msgspec.Struct):
    """The ids of records that are to go."""

    ids: list[str]
    options: BatchOptions = BatchOptions()


class AcrossBody(msgspec.Struct):
    """Writes of several objects, in their order: each holds `object`, `action`, and `id`, `data`, `expectedVersion` as that needs.

    `{"$ref": n}` stands for the id of operation `n`, an earlier one.
    """

    operations: list[dict[str, Any]]
    atomic: bool = True


class CloneBody(msgspec.Struct):
    """Values in place of those that a clone would take along."""

    overrides: dict[str, Any] = {}


class RowError(msgspec.Struct):
    """Why a row was not written."""

    code: str
    message: str
    details: dict[str, Any]


class RowResult(msgspec.Struct, rename="camel", omit_defaults=True):
    """What came of one row; `index` counts from 0, `warnings` are what rules say that do not refuse."""

    index: int
    success: bool
    id: str | None = None
    errors: list[RowError] = []
    data: Any = None
    warnings: list[Remark] = []


class StepResult(RowResult, rename="camel", omit_defaults=True):
    """What came of one operation, with its object and action as they were sent."""

    object: str | None = None
    action: str | None = None


class BatchAnswer(msgspec.Struct):
    """What came of a batch; `success` says that every row was written."""

    success: bool
    operation: str
    total: int
    succeeded: int
    failed: int
    results: list[RowResult]


class AcrossAnswer(msgspec.Struct):
    """What came of writes of several objects; `success` says that every one was done."""

    success: bool
    total: int
    succeeded: int
    failed: int
    results: list[StepResult]


class ManyAnswer(msgspec.Struct):
    """New records, in the order in which they were sent."""

    object: str
    records: list[dict[str, Any]]
    count: int


def batch_of(
    call: Call,
    face: ObjectFace,
    operation: Literal["create", "update", "upsert", "delete"],
    records: list[dict[str, Any]],
    options: BatchOptions,
) -> Batch:
    """Returns the Operation of a batch."""
    if options.atomic and options.continue_on_error is True:
        raise _contradiction("`atomic` and `continueOnError` contradict each other.", "continueOnError")
    if options.external_id_field is not None and operation != "upsert":
        raise _contradiction("`externalIdField` is for an upsert.", "externalIdField")
    return Batch(
        object=face.object.name,
        operation=operation,
        records=tuple(bare_record(face.codec, record, call.known) for record in records),
        atomic=options.atomic,
        return_records=options.return_records,
        continue_on_error=options.continue_on_error is not False,
        external_id_field=options.external_id_field,
    )


def bare_record(codec: RecordCodec, record: dict[str, Any], known: Names) -> Mapping[str, Any]:
    """Returns a record with bare ids; `known` are the fields that its sender may know."""
    bare = dict(record)
    if isinstance(bare.get("id"), str):
        bare["id"] = codec.bare(bare["id"])
    if isinstance(bare.get("data"), dict):
        bare["data"] = codec.bare_values(bare["data"], known)
    return bare


def row_errors(row: BatchRow) -> list[RowError]:
    """Returns why a row was not written, if it was not."""
    return [] if row.error is None else [RowError(row.error.code, row.error.message, row.error.details)]


def shown_id(row: BatchRow, codec: RecordCodec | None) -> str | None:
    """Returns the id of a row as it is written on a surface; where nobody knows its object, as it was sent."""
    return row.id if row.id is None or codec is None else codec.shown(row.id)


def _contradiction(message: str, option: str) -> Invalid:
    return Invalid(message, reason="INVALID_BATCH", path=f"options.{option}")
