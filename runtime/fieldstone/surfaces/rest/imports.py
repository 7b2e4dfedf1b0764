"""Imports of a surface: how a table and its mapping are read from a request, and the answer with a result for each row (contract 3.6)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import Import, Operation, StartImport
from fieldstone.engine.outcome import Imported, ImportedRow, ImportJob, Outcome
from fieldstone.errors import Internal
from fieldstone.kinds.api import DataOperation
from fieldstone.services.imports.request import ImportBody, import_of, refuse_not_done, sent_file, sheet_of_body
from fieldstone.services.imports.sheet import Detected, Sheet
from fieldstone.surfaces.http.convert import convert_body, json_object
from fieldstone.surfaces.http.parameters import refuse_parameters, take_flag
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.import_files import FILE_NOTES, MEDIA, body_of_parameters
from fieldstone.surfaces.rest.table import Call, DataPart, ObjectFace, ParameterNote, SentFile

ATOMIC = "atomic"
ATOMIC_NOTE = ParameterNote(ATOMIC, "`true`: all rows, or, where one fails, none.", {"type": "boolean"})
ID = "id"


class ImportAnswer(msgspec.Struct, rename="camel"):
    """What came of an import: `ok` counts rows that were written, `errors` those that failed; `results` tell of each row in order.

    `detected` is what was found out about the table, `ignoredColumns` are those that the mapping leaves out.
    """

    object: str
    dry_run: bool
    write_mode: str
    total: int
    ok: int
    errors: int
    created: int
    updated: int
    skipped: int
    results: list[ImportedRow]
    detected: Detected
    ignored_columns: list[str] = []


class StartedImport(msgspec.Struct, rename="camel"):
    """An import that is done beside the requests."""

    job_id: str
    object: str
    status: str
    total: int
    created_at: str


class SentTable(msgspec.Struct, frozen=True, eq=False):
    """What came with an import, read: what is asked for, and the table."""

    body: ImportBody
    sheet: Sheet
    atomic: bool


async def _read(call: Call, _face: ObjectFace) -> SentTable:
    return await _table(call, call.files.rows, atomic=take_flag(call.parameters, ATOMIC))


async def _read_for_job(call: Call, _face: ObjectFace) -> SentTable:
    return await _table(call, call.files.job_rows, atomic=False)


async def _table(call: Call, most_rows: int, *, atomic: bool) -> SentTable:
    """Returns the table of a request, out of JSON or a file that is its body."""
    if isinstance(call.body, SentFile):
        declared = body_of_parameters(call.parameters)
        if call.body.charset is not None:
            declared.setdefault("encoding", call.body.charset)
        body = convert_body(declared, ImportBody)
        file = sent_file(body, MEDIA[call.body.media_type], call.body.content)
        return SentTable(body, await call.files.read(file, most_rows), atomic)
    refuse_parameters(call.parameters)
    body = convert_body(refuse_not_done(json_object(call.body)), ImportBody)
    return SentTable(body, await sheet_of_body(body, call.files, most_rows), atomic)


def _import(call: Call, face: ObjectFace) -> Operation:
    return _asked(call, face)


def _start(call: Call, face: ObjectFace) -> Operation:
    return StartImport(_asked(call, face))


def _asked(call: Call, face: ObjectFace) -> Import:
    sent = call.body
    if not isinstance(sent, SentTable):
        raise Internal(f"An import was read as {type(sent).__name__}.")
    asked = import_of(sent.body, sent.sheet, face.object, call.known(face.object.name), atomic=sent.atomic)
    return msgspec.structs.replace(_bare(face, asked), dry_run=sent.body.dry_run or call.dry)


def _bare(face: ObjectFace, asked: Import) -> Import:
    """Returns an import with bare ids, where cells hold ids with the prefixes of this surface."""
    names = tuple(column.field for column in asked.columns)
    rows = [row if not isinstance(row, tuple) else face.codec.bare_cells(names, row) for row in asked.rows]
    return msgspec.structs.replace(asked, rows=rows)


def _imported(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Imported):
        raise Internal(f"The door answered with {type(outcome).__name__}.")
    rows = [_shown(face, row) for row in outcome.rows]
    counts = {action: sum(row.action == action for row in rows) for action in ("created", "updated", "skipped")}
    found: Mapping[str, Any] = outcome.found
    answer = ImportAnswer(
        object=outcome.object,
        dry_run=outcome.dry_run,
        write_mode=outcome.write_mode,
        total=len(rows),
        ok=sum(row.ok for row in rows),
        errors=sum(row.action == "failed" for row in rows),
        **counts,
        results=rows,
        detected=msgspec.convert(found.get("detected", {}), Detected),
        ignored_columns=list(found.get("ignoredColumns", [])),
    )
    return Response(200, call.wrapped(answer))


def _shown(face: ObjectFace, row: ImportedRow) -> ImportedRow:
    return row if row.id is None else msgspec.structs.replace(row, id=face.codec.shown(row.id))


def _started(call: Call, _face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, ImportJob):
        raise Internal(f"The door answered with {type(outcome).__name__}.")
    started = StartedImport(outcome.id, outcome.object, outcome.status, outcome.total, outcome.at)
    return Response(202, call.wrapped(started))


IMPORTS: Mapping[DataOperation, DataPart] = {
    "import": DataPart(
        "Import records",
        "required",
        _import,
        _imported,
        ImportBody,
        ImportAnswer,
        writes=True,
        parameters=(ATOMIC_NOTE, *FILE_NOTES),
        read=_read,
        media=frozenset(MEDIA),
    ),
    "import_job": DataPart(
        "Import many records beside the requests",
        "required",
        _start,
        _started,
        ImportBody,
        StartedImport,
        writes=True,
        tries=False,
        parameters=FILE_NOTES,
        read=_read_for_job,
        media=frozenset(MEDIA),
    ),
}
