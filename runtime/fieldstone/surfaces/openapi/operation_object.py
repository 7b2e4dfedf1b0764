"""Operations of the OpenAPI document: what each route takes and answers, once for every object that the caller may use it on."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.access.policy import Action
from fieldstone.access.shares import is_shareable
from fieldstone.engine.outcome import Remark
from fieldstone.kinds.api import DataOperation
from fieldstone.registry.catalog import Object
from fieldstone.registry.validations.rule import WARNINGS
from fieldstone.services.export.formats import FORMATS
from fieldstone.services.meta.known_objects import KnownObject
from fieldstone.surfaces.http.body import FORM
from fieldstone.surfaces.openapi.record_schema import EXPECTED_VERSION, create_name, read_name, update_name
from fieldstone.surfaces.openapi.responses import content, is_tagged, responses_of
from fieldstone.surfaces.openapi.struct_schema import reference
from fieldstone.surfaces.rest.table import (
    CALL,
    DRY_RUN,
    AcrossPart,
    DataPart,
    Dialect,
    HandlerPart,
    ParameterNote,
    Route,
    RouteTable,
    Schema,
)

NEEDS: Mapping[DataOperation, frozenset[Action]] = {
    "list": frozenset({"read"}),
    "query": frozenset({"read"}),
    "get": frozenset({"read"}),
    "create": frozenset({"create"}),
    "update": frozenset({"update"}),
    "delete": frozenset({"delete"}),
    "clone": frozenset({"create"}),
    "batch": frozenset({"create", "update", "delete"}),
    "create_many": frozenset({"create"}),
    "update_many": frozenset({"update"}),
    "delete_many": frozenset({"delete"}),
    "across": frozenset({"create", "update", "delete"}),
    "import": frozenset({"create", "update"}),
    "import_job": frozenset({"create", "update"}),
    "export": frozenset({"read"}),
    "history": frozenset({"read"}),
    "restore": frozenset({"update", "restore"}),
    "shares": frozenset({"read"}),
    "share": frozenset({"read"}),
    "unshare": frozenset({"read"}),
}
"""Which rights let somebody use an operation: any of these."""

_FILE: Schema = {"type": "string", "format": "binary"}
_ID_ONLY: Schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
_TEXT: Schema = {"type": "string"}
_BYTES: Schema = {"type": "string", "format": "binary"}
_ETAG = {"ETag": {"description": "A hash of the answer, with a record's version before it.", "schema": _TEXT}}
_CHANGES = frozenset({"update", "delete", "restore"})
_MAKING = frozenset({"create", "clone", "create_many", "share"})
_EXPORTED = frozenset({"where", "orderBy", "select", "search", "searchFields"})
QUERY_METHODS = frozenset({"aggregate", "search"})
"""What a query may ask for that an object need not offer."""

_WITHOUT_ANSWER = frozenset({"unshare"})
_DRY = ParameterNote(DRY_RUN, "`true`: answers what the write would answer, and writes nothing.", {"type": "boolean"})
_GROUP: Schema = {"type": "object", "description": "A group: its names and aliases, where the query asks for groups."}


def operations(table: RouteTable, known: Mapping[str, KnownObject]) -> Iterator[tuple[str, str, Schema]]:
    """Yields path, method and operation of every route but those of actions, with `{object}` written out for each object."""
    for route in table.routes:
        declared = route.declaration
        method = declared.method.lower()
        if declared.action is not None or declared.handler == CALL:
            continue
        if declared.operation is None:
            yield route.template, method, _handler_operation(table.dialect, route)
            continue
        if isinstance(route.data, AcrossPart):
            yield route.template, method, _across_operation(table.dialect, route, route.data)
            continue
        for name, item in known.items():
            face = table.dialect.objects.get(name)
            if face is None or declared.operation not in face.operations or declared.object not in (None, name):
                continue
            if _makes_sense(declared.operation, item) and not NEEDS[declared.operation].isdisjoint(item.actions):
                path = route.template.replace("{object}", name)
                yield path, method, _data_operation(table.dialect, route, item)


def _makes_sense(operation: DataOperation, item: KnownObject) -> bool:
    """Tells whether an object has what an operation is about: a history, a trash, shares."""
    enable = item.object.declaration.enable
    match operation:
        case "history":
            return enable.track_history
        case "restore":
            return enable.track_history or enable.trash
        case "shares" | "share" | "unshare":
            return is_shareable(item.object)
        case _:
            return True


def _files() -> Schema:
    """Returns the contents of exported files: some of them text, the others bytes."""
    media_types = [made.media_type.partition(";")[0] for made in FORMATS.values()]
    found: Schema = {}
    for media_type in media_types:
        found |= content(_TEXT if media_type.startswith("text/") else _BYTES, media_type)
    return found


def _has(subject: Object, feature: str) -> bool:
    """Tells whether an object offers what a parameter is about."""
    enable = subject.declaration.enable
    match feature:
        case "history":
            return enable.track_history and "history" in subject.offered
        case "trash":
            return enable.trash
        case _:
            return feature in subject.offered


def _handler_operation(dialect: Dialect, route: Route) -> Schema:
    if route.handler is None:
        return {}
    part = route.handler.part
    tag = (route.declaration.handler or "").partition(".")[0]
    found = describe(route, tag, part.summary, parameters_of(dialect, route, part.parameters))
    if part.body is not None:
        found["requestBody"] = request_body(reference(part.body.__name__))
        if part.form:
            found["requestBody"]["content"] |= content(reference(part.body.__name__), FORM.decode())
    status, leads_on = str(part.status), 300 <= part.status < 400
    found["responses"] = responses_of(
        route, status, None if leads_on else content(_handler_answer(part), part.media_type)
    )
    if part.making:
        found["responses"] = {
            "201": responses_of(route, "201", content(_handler_answer(part)))["201"],
            **found["responses"],
        }
    headers = dict(_ETAG) if part.tagged else {}
    if leads_on:
        headers["Location"] = {"description": "The page to go on to.", "schema": _TEXT}
    _add_headers(found["responses"][status], headers)
    return found


def _handler_answer(part: HandlerPart[Any]) -> Schema:
    if part.answer is None:
        return {"type": "object"} if part.media_type == "application/json" else _TEXT
    schema = reference(part.answer.__name__)
    if part.or_else is not None:
        schema = {"oneOf": [schema, reference(part.or_else.__name__)]}
    if part.or_null:
        schema = {"allOf": [schema], "nullable": True}
    return {"type": "array", "items": schema} if part.many else schema


def _across_operation(dialect: Dialect, route: Route, part: AcrossPart) -> Schema:
    found = describe(route, "batch", part.summary, parameters_of(dialect, route, ()))
    found["requestBody"] = request_body(reference(part.body_type.__name__))
    answer = dialect.envelope.one_schema(reference(part.answer_type.__name__))
    found["responses"] = responses_of(route, "200", content(answer))
    return found


def _data_operation(dialect: Dialect, route: Route, item: KnownObject) -> Schema:
    operation, name = route.declaration.operation, item.object.name
    summary = route.data.summary if route.data is not None else ""
    notes = tuple(note for note in _notes(dialect, route, item) if note.about is None or _has(item.object, note.about))
    found = describe(route, name, f"{item.object.label}: {summary.lower()}", parameters_of(dialect, route, notes))
    if route.declaration.object is None:
        found["operationId"] = f"{route.declaration.id}_{name}"
    body = _request(route, name)
    if body is not None:
        found["requestBody"] = request_body(body, required=route.body == "required")
        for media in sorted(route.data.media) if isinstance(route.data, DataPart) else ():
            found["requestBody"]["content"] |= content(_FILE, media.decode())
    if operation in _WITHOUT_ANSWER:
        found["responses"] = responses_of(route, "204", None)
        return found
    if operation == "export":
        record: Schema = {"type": "array", "items": reference(read_name(name))}
        found["responses"] = responses_of(route, "200", _files() | content(record))
        return found
    status = "201" if operation in _MAKING else "202" if operation == "import_job" else "200"
    kept_back = operation == "query" and not QUERY_METHODS.issubset(item.object.offered)
    answer = content(_answer(dialect, route, item))
    found["responses"] = responses_of(route, status, answer, also=(405,) if kept_back else ())
    headers: Schema = dict(_ETAG) if operation in ("get", "create", "clone", "update", "restore") else {}
    if operation in ("create", "clone"):
        headers["Location"] = {"description": "Where the new record is.", "schema": _TEXT}
    _add_headers(found["responses"][status], headers)
    return found


def _add_headers(response: Schema, headers: Schema) -> None:
    if headers:
        response.setdefault("headers", {}).update(headers)


def describe(route: Route, tag: str, summary: str, parameters: list[Schema]) -> Schema:
    """Returns what every operation tells of itself, before its body and its answers."""
    declared = route.declaration
    found: Schema = {
        "operationId": declared.id,
        "tags": [tag],
        "summary": declared.summary or summary,
        "parameters": parameters,
    }
    if declared.public:
        found["security"] = []
    if declared.permission is not None:
        found["x-permission"] = declared.permission
    if declared.scopes:
        found["x-scopes"] = list(declared.scopes)
    return found


def _notes(dialect: Dialect, route: Route, item: KnownObject) -> tuple[ParameterNote, ...]:
    own = route.data.parameters if isinstance(route.data, DataPart) else ()
    match route.declaration.operation:
        case "list":
            narrowing = dialect.queries.list_notes(route.declaration, item.readable)
            return (*narrowing, *dialect.pager.notes(dialect.api.pager))
        case "export":
            narrowing = dialect.queries.list_notes(route.declaration, item.readable)
            kept = tuple(note for note in narrowing if note.name in _EXPORTED)
            return (*kept, *own) if route.declaration.method == "GET" else ()
        case "get":
            return dialect.queries.record_notes
        case "shares":
            pager = dialect.api.pager
            return tuple(note for note in dialect.pager.notes(pager) if note.name in (pager.limit, pager.cursor))
        case "delete":
            description = str(EXPECTED_VERSION["description"])
            return (ParameterNote("expectedVersion", description, {"type": "integer"}), *own)
        case _:
            return own


def parameters_of(dialect: Dialect, route: Route, notes: tuple[ParameterNote, ...]) -> list[Schema]:
    """Returns the parameters of an operation: those of its path, of its query, and the headers that it reads."""
    names = [segment[1:-1] for segment in route.template.split("/") if segment.startswith("{")]
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names if name != "object"
    ]
    writes = route.data is not None and route.data.writes
    tries = route.data is not None and route.data.writes and route.data.tries
    for note in (*notes, _DRY) if tries else notes:
        parameter = {"name": note.name, "in": "query", "description": note.description, "schema": dict(note.schema)}
        found.append(parameter | {"required": True} if note.required else parameter)
    if route.declaration.operation in _CHANGES:
        found.append(_header("If-Match", "The version, or the ETag, that the record must still be at."))
    if is_tagged(route):
        found.append(_header("If-None-Match", "An ETag; 304 when the answer is still the same."))
    if writes and dialect.api.idempotency is not None:
        found.append(_header(dialect.api.idempotency.header, "A key: the same request under it is done once."))
    return found


def _header(name: str, description: str) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": _TEXT}


def _request(route: Route, name: str) -> Schema | None:
    if route.data is not None and route.data.body_type is not None:
        return reference(route.data.body_type.__name__)
    match route.declaration.operation:
        case "create":
            return reference(create_name(name))
        case "create_many":
            return {"type": "array", "items": reference(create_name(name))}
        case "update":
            return reference(update_name(name))
        case "query":
            return reference("Query")
        case "export" if route.declaration.method == "POST":
            own = {note.name: dict(note.schema) for note in route.data.parameters} if route.data is not None else {}
            return {"allOf": [reference("Query"), {"type": "object", "properties": own}]}
        case _:
            return None


def _answer(dialect: Dialect, route: Route, item: KnownObject) -> Schema:
    if route.data is not None and route.data.answer_type is not None:
        answer = reference(route.data.answer_type.__name__)
        whole = route.declaration.operation == "shares"
        return dialect.envelope.page_schema(answer) if whole else dialect.envelope.one_schema(answer)
    record = reference(read_name(item.object.name)) if "read" in item.actions else _ID_ONLY
    if route.declaration.operation in ("query", "list"):
        rows = {"anyOf": [record, _GROUP]} if route.declaration.operation == "query" else record
        page = dialect.envelope.page_schema(rows)
        other = route.data.or_else if isinstance(route.data, DataPart) and dialect.queries.whole else None
        return page if other is None else {"anyOf": [page, dialect.envelope.one_schema(reference(other.__name__))]}
    return dialect.envelope.one_schema(_remarked(record, route, item))


def _remarked(record: Schema, route: Route, item: KnownObject) -> Schema:
    """Returns the schema of a record with what rules may remark of it, where it is answered to whoever wrote it."""
    rules = item.object.declaration.validations
    if route.data is None or not route.data.writes or all(rule.severity == "error" for rule in rules):
        return record
    told: Schema = {
        "type": "array",
        "items": reference(Remark.__name__),
        "description": "What rules say that do not refuse.",
    }
    return {"allOf": [record, {"type": "object", "properties": {WARNINGS: told}}]}


def request_body(schema: Schema, *, required: bool = True) -> Schema:
    """Returns a body of a schema."""
    return {"required": required, "content": content(schema)}
