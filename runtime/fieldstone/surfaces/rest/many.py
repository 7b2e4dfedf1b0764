"""The data operations that write in number, and the clone: how each is read from a request, and how its outcome is answered."""

from collections.abc import Mapping
from typing import Any

from fieldstone.engine.operation import Across, Clone, Create, Operation
from fieldstone.engine.outcome import AcrossResult, BatchResult, BatchRow, Outcome, Written
from fieldstone.errors import Internal, Invalid
from fieldstone.kinds.api import DataOperation
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.batch import (
    AcrossAnswer,
    AcrossBody,
    BatchAnswer,
    BatchBody,
    CloneBody,
    DeleteManyBody,
    ManyAnswer,
    RowResult,
    StepResult,
    UpdateManyBody,
    bare_record,
    batch_of,
    row_errors,
    shown_id,
)
from fieldstone.surfaces.rest.records import RecordCodec
from fieldstone.surfaces.rest.table import AcrossPart, Call, DataPart, ObjectFace
from fieldstone.surfaces.rest.written import remarked_record


def clone_operation(call: Call, face: ObjectFace) -> Operation:
    """Returns the Operation of a clone."""
    refuse_parameters(call.parameters)
    overrides = convert_body(call.body, CloneBody).overrides
    return Clone(face.object.name, face.codec.bare(call.path["id"]), face.codec.bare_values(overrides, call.known))


def _batch(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    sent = convert_body(call.body, BatchBody)
    return batch_of(call, face, sent.operation, sent.records, sent.options)


def _update_many(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    sent = convert_body(call.body, UpdateManyBody)
    return batch_of(call, face, "update", sent.records, sent.options)


def _delete_many(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    sent = convert_body(call.body, DeleteManyBody)
    return batch_of(call, face, "delete", [{"id": each} for each in sent.ids], sent.options)


def _batched(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, BatchResult):
        raise _unexpected(outcome)
    results = [_row_result(face.codec, row) for row in outcome.rows]
    succeeded = sum(result.success for result in results)
    answer = BatchAnswer(
        success=succeeded == len(results),
        operation=outcome.operation,
        total=len(results),
        succeeded=succeeded,
        failed=len(results) - succeeded,
        results=results,
    )
    return Response(200, call.wrapped(answer))


def _create_many(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    if not isinstance(call.body, list) or not all(isinstance(body, dict) for body in call.body):
        raise Invalid("The body is not an array of records.", reason="INVALID_JSON")
    return Create(face.object.name, tuple(face.codec.bare_values(body, call.known) for body in call.body))


def _created_many(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Written):
        raise _unexpected(outcome)
    records: list[Any] = [remarked_record(face.codec, outcome, place) for place in range(len(outcome.ids))]
    return Response(201, call.wrapped(ManyAnswer(outcome.object, records, len(records))))


def _across(call: Call) -> Operation:
    refuse_parameters(call.parameters)
    sent = convert_body(call.body, AcrossBody)
    return Across(tuple(_bare_step(call, step) for step in sent.operations), sent.atomic)


def _done_across(call: Call, outcome: Outcome) -> Response:
    if not isinstance(outcome, AcrossResult):
        raise _unexpected(outcome)
    results = []
    for row, name, action in zip(outcome.rows, outcome.objects, outcome.actions, strict=True):
        codec = _codec(call, name)
        shown = shown_id(row, codec)
        errors = row_errors(row)
        warnings = list(row.remarks)
        results.append(StepResult(row.index, not errors, shown, errors, None, warnings, object=name, action=action))
    succeeded = sum(result.success for result in results)
    total = len(results)
    return Response(200, call.wrapped(AcrossAnswer(succeeded == total, total, succeeded, total - succeeded, results)))


def _row_result(codec: RecordCodec, row: BatchRow) -> RowResult:
    record = None if row.record is None else codec.record(row.columns, row.record)
    warnings = list(row.remarks)
    return RowResult(row.index, row.error is None, shown_id(row, codec), row_errors(row), record, warnings)


def _bare_step(call: Call, step: dict[str, Any]) -> Mapping[str, Any]:
    """Returns an operation with bare ids; the door tells what is wrong with one whose object is not there."""
    codec = _codec(call, step.get("object"))
    return step if codec is None else bare_record(codec, step, call.known)


def _codec(call: Call, object_name: Any) -> RecordCodec | None:
    face = call.dialect.objects.get(object_name) if isinstance(object_name, str) else None
    return None if face is None else face.codec


def _unexpected(outcome: Outcome) -> Internal:
    return Internal(f"The door answered with {type(outcome).__name__}.")


MANY: Mapping[DataOperation, DataPart | AcrossPart] = {
    "batch": DataPart("Write many records", "required", _batch, _batched, BatchBody, BatchAnswer, writes=True),
    "create_many": DataPart(
        "Create many records, all or none", "required", _create_many, _created_many, None, ManyAnswer, writes=True
    ),
    "update_many": DataPart(
        "Update many records", "required", _update_many, _batched, UpdateManyBody, BatchAnswer, writes=True
    ),
    "delete_many": DataPart(
        "Delete many records", "required", _delete_many, _batched, DeleteManyBody, BatchAnswer, writes=True
    ),
    "across": AcrossPart("Write records of several objects", _across, _done_across, AcrossBody, AcrossAnswer),
}
