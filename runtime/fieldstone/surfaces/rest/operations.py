"""The data operations of a surface: how each is read from a request, and how its outcome is answered (contract 3.1 to 3.4)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import Aggregate, Create, Delete, Get, Operation, Read, Update
from fieldstone.engine.outcome import Deleted, Explanation, Groups, Outcome, Page, Record, Written
from fieldstone.errors import Internal, Invalid
from fieldstone.kinds.api import DataOperation
from fieldstone.query.document import QueryDocument
from fieldstone.surfaces.http.conditional import entity_tag, tagged
from fieldstone.surfaces.http.convert import json_object
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.parameters import refuse_parameters
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.batch import CloneBody
from fieldstone.surfaces.rest.explanation import (
    EXPLAIN,
    EXPLAIN_NOTE,
    ExplanationAnswer,
    answer_explanation,
    explained,
    takes_explanation,
)
from fieldstone.surfaces.rest.export import EXPORTS
from fieldstone.surfaces.rest.imports import IMPORTS
from fieldstone.surfaces.rest.many import MANY, clone_operation
from fieldstone.surfaces.rest.pagers import page_query
from fieldstone.surfaces.rest.past import (
    AS_OF,
    HISTORY_NOTES,
    PURGE,
    PURGE_NOTE,
    TRASH,
    HistoryAnswer,
    RestoreBody,
    answer_history,
    read_history,
    read_restore,
    take_flag,
    take_instant,
)
from fieldstone.surfaces.rest.preconditions import EXPECTED_VERSION, split_version, take_version
from fieldstone.surfaces.rest.sharing import SHARING
from fieldstone.surfaces.rest.table import AcrossPart, Call, DataPart, ObjectFace, Paging
from fieldstone.surfaces.rest.written import plain_record, remarked_record


class DeletedAnswer(msgspec.Struct):
    """A record that is gone."""

    object: str
    id: str
    success: bool


def _list(call: Call, face: ObjectFace) -> Operation:
    asked = takes_explanation(call)
    policy = call.reading(face.object.name)
    if not policy.allowed:
        return Read(face.object.name, QueryDocument())  # refused by the door, whatever the parameters say
    paging = call.dialect.pager.read(call.dialect.api.pager, call.parameters)
    view = _view(call, call.parameters)
    query = call.dialect.queries.from_parameters(call.route.declaration, policy.shape, call.parameters)
    return explained(_read(call, face, query, paging, view), asked=asked)


def _query(call: Call, face: ObjectFace) -> Operation:
    asked = takes_explanation(call)
    refuse_parameters(call.parameters, (EXPLAIN,))
    body = {} if call.body is None else dict(json_object(call.body))
    view = _view(call, body)
    query = call.dialect.queries.from_body(face.object.name, body)
    return explained(_read(call, face, query, Paging(), view), asked=asked)


def _view(call: Call, sent: dict[str, Any]) -> tuple[str | None, bool]:
    """Returns which instant is looked back to and whether the trash is looked into, where the surface has words for that."""
    if not call.dialect.queries.whole:
        return None, False
    return take_instant(sent), take_flag(sent, TRASH)


def _read(
    call: Call, face: ObjectFace, query: QueryDocument, paging: Paging, view: tuple[str | None, bool]
) -> Read | Aggregate:
    paged = page_query(call.dialect.api.pager, paging, query)
    if not call.dialect.envelope.counts:
        paged = msgspec.structs.replace(paged, count=False)
    as_of, trash = view
    bare = face.codec.bare_query(paged, call.readable)
    if (as_of is not None) + trash + bare.asks_for_groups > 1:
        raise Invalid("Of `asOf`, `trash` and groups a query asks for one.", reason="INVALID_QUERY", path=AS_OF)
    if bare.asks_for_groups:
        return Aggregate(face.object.name, bare)
    return Read(face.object.name, bare, as_of, trash)


def _page(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if isinstance(outcome, Explanation):
        return Response(200, call.wrapped(answer_explanation(outcome)))
    if not isinstance(outcome, Page):
        raise _unexpected(outcome)
    if isinstance(outcome, Groups):
        records = face.codec.groups(outcome.columns, outcome.rows, outcome.targets)
    else:
        records = face.codec.records(outcome.columns, outcome.rows, outcome.expand)
    return Response(200, encode_json(call.dialect.envelope.page(records, outcome, call.request.id)))


def _get(call: Call, face: ObjectFace) -> Operation:
    record_id = face.codec.bare(call.path["id"])
    if not call.parameters:
        return Get(face.object.name, record_id)
    as_of = take_instant(call.parameters) if call.dialect.queries.whole else None
    fields, expand = call.dialect.queries.shape_of(call.parameters)
    return Get(face.object.name, record_id, fields, face.codec.bare_expand(expand, call.readable), as_of)


def _record(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Record):
        raise _unexpected(outcome)
    record = face.codec.record(outcome.columns, outcome.row, outcome.expand)
    return tagged(call.request, call.wrapped(record), outcome.version)


def _create(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    return Create(face.object.name, (face.codec.bare_values(json_object(call.body), call.known),))


def _created(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    response = _written(call, face, outcome)
    response.status = 201
    if face.location is not None and isinstance(outcome, Written):
        location = face.location.replace("{id}", face.codec.shown(outcome.ids[0]))
        response.headers = (*response.headers, (b"location", location.encode()))
    return response


def _update(call: Call, face: ObjectFace) -> Operation:
    refuse_parameters(call.parameters)
    version, values = split_version(call.request, {} if call.body is None else json_object(call.body))
    record_id = face.codec.bare(call.path["id"])
    return Update(face.object.name, record_id, face.codec.bare_values(values, call.known), version)


def _written(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Written):
        raise _unexpected(outcome)
    body = call.wrapped(remarked_record(face.codec, outcome))
    if outcome.rows[0] is None:
        return Response(200, body)
    read = call.wrapped(plain_record(face.codec, outcome)) if outcome.remarks else body
    tag: Header = (b"etag", entity_tag(read, outcome.versions[0]).encode())
    return Response(200, body, headers=(tag,))


def _delete(call: Call, face: ObjectFace) -> Operation:
    version = take_version(call.request, call.parameters)
    purge = take_flag(call.parameters, PURGE)
    refuse_parameters(call.parameters, (EXPECTED_VERSION, PURGE))
    return Delete(face.object.name, face.codec.bare(call.path["id"]), version, purge)


def _deleted(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    if not isinstance(outcome, Deleted):
        raise _unexpected(outcome)
    gone = DeletedAnswer(outcome.object, face.codec.shown(outcome.id), success=True)
    return Response(200, call.wrapped(gone))


def _history(call: Call, face: ObjectFace, outcome: Outcome) -> Response:
    return Response(200, call.wrapped(answer_history(face.codec, outcome)))


def _unexpected(outcome: Outcome) -> Internal:
    return Internal(f"The door answered with {type(outcome).__name__}.")


DATA: Mapping[DataOperation, DataPart | AcrossPart] = {
    "list": DataPart("List records", "none", _list, _page, or_else=ExplanationAnswer, repeats=True),
    "query": DataPart(
        "Query records", "optional", _query, _page, or_else=ExplanationAnswer, parameters=(EXPLAIN_NOTE,)
    ),
    "get": DataPart("Fetch one record", "none", _get, _record),
    "create": DataPart("Create a record", "required", _create, _created, writes=True),
    "update": DataPart("Update a record", "optional", _update, _written, writes=True),
    "delete": DataPart(
        "Delete a record", "none", _delete, _deleted, answer_type=DeletedAnswer, writes=True, parameters=(PURGE_NOTE,)
    ),
    "clone": DataPart("Clone a record", "optional", clone_operation, _created, CloneBody, writes=True),
    "history": DataPart(
        "Tell what was changed", "none", read_history, _history, answer_type=HistoryAnswer, parameters=HISTORY_NOTES
    ),
    "restore": DataPart("Restore a record", "optional", read_restore, _written, RestoreBody, writes=True),
    **EXPORTS,
    **IMPORTS,
    **MANY,
    **SHARING,
}
