"""Imports of a surface: how a table and its mapping are read from a request, and the answer with a result for each row (contract 3.6)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import Import, Operation
from fieldstone.engine.outcome import Imported, ImportedRow, Outcome
from fieldstone.errors import Internal
from fieldstone.kinds.api import DataOperation
from fieldstone.services.imports.request import ImportBody, import_of, refuse_not_done, sheet_of_body
from fieldstone.services.imports.sheet import Detected
from fieldstone.surfaces.http.convert import convert_body, json_object
from fieldstone.surfaces.http.parameters import refuse_parameters, take_flag
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.table import Call, DataPart, ObjectFace, ParameterNote

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


def _import(call: Call, face: ObjectFace) -> Operation:
    atomic = take_flag(call.parameters, ATOMIC)
    refuse_parameters(call.parameters, (ATOMIC,))
    body = convert_body(refuse_not_done(json_object(call.body)), ImportBody)
    sheet = sheet_of_body(body, call.limits.import_rows)
    asked = import_of(body, sheet, face.object, call.known(face.object.name), atomic=atomic)
    return msgspec.structs.replace(_bare(face, asked), dry_run=body.dry_run or call.dry)


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


IMPORTS: Mapping[DataOperation, DataPart] = {
    "import": DataPart(
        "Import records",
        "required",
        _import,
        _imported,
        ImportBody,
        ImportAnswer,
        writes=True,
        parameters=(ATOMIC_NOTE,),
    ),
}
