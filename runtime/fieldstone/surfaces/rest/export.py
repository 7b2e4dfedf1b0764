"""Exports of a surface: which records are taken out in which format, and the answer that is sent bit by bit (contract 3.7)."""

import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from fieldstone.engine.operation import Export, Operation
from fieldstone.engine.outcome import Exported, Outcome
from fieldstone.errors import Internal, Invalid
from fieldstone.kinds.api import DataOperation
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.export.file import Asked, Form, content_of, file_name, looked_at
from fieldstone.services.export.formats import FORMATS
from fieldstone.surfaces.http.convert import json_object
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.table import Call, DataPart, ObjectFace, ParameterNote

_FLAG: Mapping[str, Any] = {"type": "boolean"}
EXPORT_NOTES = (
    ParameterNote("format", "The format of the file.", {"type": "string", "enum": list(FORMATS), "default": "csv"}),
    ParameterNote("header", "`false` leaves out the first line, which names the columns.", {**_FLAG, "default": True}),
    ParameterNote(
        "raw",
        "`true`: names, keys and ids as the API has them, in place of what people read. JSON is so always.",
        {**_FLAG, "default": False},
    ),
    ParameterNote("limit", "How many records at most.", {"type": "integer", "minimum": 1}),
)
_OWN = tuple(note.name for note in EXPORT_NOTES[:-1])
_UNFIT = ("expand", "cursor", "offset", "group_by", "aggregations", "having", "timezone")


def _export(call: Call, face: ObjectFace) -> Operation:
    policy = call.reading(face.object.name)
    if not policy.allowed:
        return Export(face.object.name, QueryDocument())  # refused by the door, whatever else was sent
    form = _form(call)
    if _posted(call):
        refuse_parameters(call.parameters)
    query = _query(call, face)
    left = [name for name in _UNFIT if getattr(query, name) is not msgspec.UNSET]
    if left or query.distinct or not query.count:
        named = left[0].replace("_by", "By") if left else "distinct" if query.distinct else "count"
        hint = "An export holds all records of a list, one by one."
        raise Invalid(f"`{named}` has no meaning in an export.", reason="INVALID_QUERY", path=named, hint=hint)
    taken = call.policies.export(call.caller, face.object.name)
    query = face.codec.bare_query(looked_at(face.object, taken, form, query), call.readable)
    return Export(face.object.name, query, paged=form.made.paged)


def _exported(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Exported):
        raise Internal(f"The door answered with {type(outcome).__name__}.")
    faces = call.dialect.objects
    form = _form(call)
    asked = Asked(
        subject=face.object,
        form=form,
        query=_query(call, face),
        caller=call.caller,
        dress_of=face.codec.dress,
        records_of=lambda columns: partial(_records, face, columns),
        find=lambda name: faces[name].object if name in faces else None,
    )
    name = file_name(face.object, form, outcome)
    return Response(
        200,
        b"",
        media_type=form.made.media_type.encode(),
        headers=((b"content-disposition", _attachment(name)), (b"cache-control", b"no-store")),
        stream=form.made.write(content_of(asked, outcome)),
    )


def _records(face: ObjectFace, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[bytes]:
    return [encode_json(record) for record in face.codec.records(columns, [row[: len(columns)] for row in rows])]


def _query(call: Call, face: ObjectFace) -> QueryDocument:
    """Returns what narrows and orders the records, as it was sent."""
    queries = call.dialect.queries
    if _posted(call):
        return queries.from_body(face.object.name, _others(_body(call)))
    shape = call.reading(face.object.name).shape
    return queries.from_parameters(call.route.declaration, shape, _others(call.parameters))


def _posted(call: Call) -> bool:
    return call.request.method == "POST"


def _body(call: Call) -> Mapping[str, Any]:
    return json_object({} if call.body is None else call.body)


def _others(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name not in _OWN}


def _form(call: Call) -> Form:
    """Returns the form that is asked for, by the parameters of a GET or the body of a POST."""
    sent = _body(call) if _posted(call) else call.parameters
    chosen = sent.get("format", "csv")
    if not isinstance(chosen, str) or chosen not in FORMATS:
        hint = did_you_mean(chosen, FORMATS) or f"There are {', '.join(f'`{name}`' for name in FORMATS)}."
        raise Invalid(f"No format `{shown(chosen)}`.", reason="INVALID_QUERY", path="format", hint=hint)
    in_vain = next((name for name in _OWN[1:] if name in sent and not FORMATS[chosen].tabular), None)
    if in_vain is not None:
        raise Invalid(f"`{in_vain}` has no meaning in `{chosen}`.", reason="INVALID_QUERY", path=in_vain)
    return Form(chosen, _flag(sent, "header", default=True), _flag(sent, "raw", default=False))


def _flag(sent: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = {"true": True, "false": False}.get(str(sent.get(name, default)).lower())
    if value is None:
        raise Invalid(f"`{name}` is `true` or `false`.", reason="INVALID_QUERY", path=name)
    return value


def _attachment(name: str) -> bytes:
    """Returns the header that names a file, in ASCII and as it is (RFC 6266, RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = "".join(sign if sign.isalnum() or sign in " .-_" else "_" for sign in plain).strip()
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(name, safe='')}".encode()


EXPORTS: Mapping[DataOperation, DataPart] = {
    "export": DataPart("Export records", "optional", _export, _exported, parameters=EXPORT_NOTES),
}
