"""The handlers of `/data/import/jobs`: imports of many rows are looked at, cancelled and undone (contract 3.6)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.outcome import ImportedRow
from fieldstone.errors import Invalid
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.imports.jobs.desk import ImportDesk, Job
from fieldstone.services.imports.jobs.undoing import UndoFailure
from fieldstone.surfaces.http.parameters import whole_number
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

MOST_LISTED = 200
MOST_RESULTS = 1000
STATUSES = ("pending", "running", "succeeded", "failed", "cancelled")
ACTIONS = ("created", "updated", "skipped", "failed")


class ImportJobDocument(msgspec.Struct, rename="camel"):
    """How an import stands: `done` of `total` rows; `error` says why one was broken off, of which the rows that were done stay."""

    job_id: str
    object: str
    status: str
    write_mode: str
    total: int
    done: int
    created: int
    updated: int
    skipped: int
    errors: int
    error: Any
    created_at: str
    completed_at: str | None
    undone_at: str | None


class ImportJobList(msgspec.Struct, rename="camel"):
    """A page of imports, the newest first."""

    items: list[ImportJobDocument]
    total: int | None
    next_cursor: str | None


class ImportResultList(msgspec.Struct, rename="camel"):
    """A page of results, in the order of the rows; `total` counts the rows that are done."""

    items: list[ImportedRow]
    total: int
    next_cursor: str | None


class UndoneImport(msgspec.Struct, rename="camel"):
    """What came of undoing an import; `failures` are the records that stay as they are, and why."""

    success: bool
    job_id: str
    object: str
    deleted: int
    restored: int
    failed: int
    failures: list[UndoFailure]


async def _jobs(service: ImportDesk, call: Call) -> Response:
    where = {}
    if (status := _among(call, "status", STATUSES)) is not None:
        where["status"] = status
    if "object" in call.parameters:
        where["object_name"] = call.parameters["object"]
    page = await service.jobs(call.caller, where, _limit(call, 50, MOST_LISTED), call.parameters.get("cursor"))
    return json_answer(ImportJobList([_document(job) for job in page.records()], page.total, page.cursor))


async def _job(service: ImportDesk, call: Call) -> Response:
    return json_answer(_document(await service.read(call.caller, call.path["job_id"])))


async def _results(service: ImportDesk, call: Call) -> Response:
    after = whole_number("cursor", call.parameters.get("cursor", "0"))
    action = _among(call, "action", ACTIONS)
    page = await service.results(call.caller, call.path["job_id"], action, after, _limit(call, 100, MOST_RESULTS))
    face = call.dialect.objects.get(page.object)
    rows = [
        row if row.id is None or face is None else msgspec.structs.replace(row, id=face.codec.shown(row.id))
        for row in page.rows
    ]
    return json_answer(ImportResultList(rows, page.total, None if page.last is None else str(page.last)))


async def _cancel(service: ImportDesk, call: Call) -> Response:
    return json_answer(_document(await service.cancel(call.caller, call.path["job_id"])))


async def _undo(service: ImportDesk, call: Call) -> Response:
    job, undone = await service.undo(call.caller, call.path["job_id"])
    face = call.dialect.objects.get(job["object_name"])
    failures = [
        failure if face is None else msgspec.structs.replace(failure, id=face.codec.shown(failure.id))
        for failure in undone.failures
    ]
    answer = UndoneImport(
        success=not failures,
        job_id=job["id"],
        object=job["object_name"],
        deleted=undone.deleted,
        restored=undone.restored,
        failed=len(failures),
        failures=failures,
    )
    return json_answer(answer)


def _document(job: Job) -> ImportJobDocument:
    return ImportJobDocument(
        job_id=job["id"],
        object=job["object_name"],
        status=job["status"],
        write_mode=job["write_mode"],
        total=job["total"],
        done=job["done"],
        created=job["made"],
        updated=job["changed"],
        skipped=job["skipped"],
        errors=job["refused"],
        error=job["error"],
        created_at=job["created_at"],
        completed_at=job["completed_at"],
        undone_at=job["undone_at"],
    )


def _limit(call: Call, default: int, most: int) -> int:
    return min(whole_number("limit", call.parameters.get("limit", str(default))), most)


def _among(call: Call, name: str, known: tuple[str, ...]) -> str | None:
    value = call.parameters.get(name)
    if value is not None and value not in known:
        hint = did_you_mean(value, known) or f"There are {', '.join(f'`{one}`' for one in known)}."
        raise Invalid(f"No {name} `{shown(value)}`.", reason="INVALID_QUERY", path=name, hint=hint)
    return value


def _pages(most: int, default: int) -> tuple[ParameterNote, ...]:
    return (
        ParameterNote(
            "limit", f"At most so many; {default} unless given, and {most} at the most.", {"type": "integer"}
        ),
        ParameterNote("cursor", "The `nextCursor` of the page before."),
    )


_LIST_NOTES = (
    ParameterNote("status", "Those in this state.", {"type": "string", "enum": list(STATUSES)}),
    ParameterNote("object", "Those of this object."),
    *_pages(MOST_LISTED, 50),
)
_RESULT_NOTES = (
    ParameterNote("action", "The rows of which this came.", {"type": "string", "enum": list(ACTIONS)}),
    *_pages(MOST_RESULTS, 100),
)

IMPORT_JOB_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "imports.jobs": HandlerPart(_jobs, "List imports", answer=ImportJobList, parameters=_LIST_NOTES),
    "imports.job": HandlerPart(_job, "Look at an import", answer=ImportJobDocument),
    "imports.results": HandlerPart(
        _results, "Look at what came of the rows of an import", answer=ImportResultList, parameters=_RESULT_NOTES
    ),
    "imports.cancel": HandlerPart(_cancel, "Cancel an import", answer=ImportJobDocument, refusals=(409,)),
    "imports.undo": HandlerPart(_undo, "Undo an import", answer=UndoneImport, refusals=(409, 413)),
}
"""Handlers over an `ImportDesk`."""
