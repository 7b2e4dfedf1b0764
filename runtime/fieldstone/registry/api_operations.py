"""Routes of REST surfaces: what each names is there, and it can be bound.

Refuses what would be a dead route at run time: a path without its object or id, an operation that its object does not allow.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.api import ApiOperation
from fieldstone.query.names import did_you_mean
from fieldstone.query.operators import OPERATORS
from fieldstone.registry.catalog import Action, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known, unknown_field

DialectParts = Mapping[str, frozenset[str]] | None
"""The names in the tables envelopes, errors, pagers, idents, queries, auth and handlers; None where nothing is served: any name goes."""

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_KINDS = {"operation": "an", "action": "an", "handler": "a"}
_WITH_ID = frozenset({"get", "update", "delete", "clone", "history", "restore", "shares", "share", "unshare"})
_READING = frozenset({"list", "get", "history", "shares"})
_BY_EITHER = frozenset({"export"})
"""What is asked for by parameters, and by a body."""

_FURTHER_PLACES = {"unshare": "share"}
"""What stands in a path beside the object and the id."""
_WITHOUT_OBJECT = frozenset({"across"})
_API_METHODS = {
    "query": "list",
    "batch": "bulk",
    "create_many": "bulk",
    "update_many": "bulk",
    "delete_many": "bulk",
    "shares": "get",
    "share": "update",
    "unshare": "update",
}

Path = tuple[str | int, ...]


class Surroundings(msgspec.Struct, frozen=True, eq=False):
    """What routes may name: objects, actions, and the parts of dialects."""

    objects: Known[Object]
    actions: Known[Action]
    parts: DialectParts


def operation_faults(document: Document, path: Path, operation: ApiOperation, around: Surroundings) -> Iterator[Fault]:
    """Yields everything wrong with a route by itself."""
    said = {key: getattr(operation, key) for key in _KINDS if getattr(operation, key) is not None}
    if len(said) != 1:
        told = " and ".join(f"{_KINDS[key]} `{key}`" for key in said) or "nothing that answers it"
        hint = f"Give it exactly one of {', '.join(f'`{key}`' for key in _KINDS)}."
        yield document.fault(path, Code.ROUTE_INCOMPLETE, f"`{operation.id}` has {told}.", hint)
    elif operation.handler is not None:
        yield from unknown_part(document, (*path, "handler"), "handlers", operation.handler, around.parts)
    elif operation.action is not None:
        yield from _action_faults(document, path, operation, around.actions)
    else:
        yield from _data_faults(document, path, operation, around.objects)


def _action_faults(document: Document, path: Path, operation: ApiOperation, actions: Known[Action]) -> Iterator[Fault]:
    """Yields faults of a route to an action: its method, its path, and whether the server does it at all."""
    key = str(operation.action)
    action = actions.get(key)
    if operation.method == "GET":
        message = "An action cannot be asked for by GET."
        yield document.fault((*path, "method"), Code.ROUTE_INCOMPLETE, message, "Use POST, PUT, PATCH or DELETE.")
    if operation.object is not None:
        message = f"`{operation.id}` is about the object of its action."
        yield document.fault((*path, "object"), Code.ROUTE_INCOMPLETE, message, "Drop `object`.")
    if action is None:
        if key not in actions.broken:
            hint = (
                did_you_mean(key, actions.by_name)
                or "Name it as `object.action`, or, where it has no object, by its name."
            )
            yield document.fault((*path, "action"), Code.UNKNOWN_ACTION, f"There is no action `{key}`.", hint)
        return
    if action.declaration.type not in ("script", "flow"):
        message = f"`{key}` is of type `{action.declaration.type}`, which no route does."
        yield document.fault((*path, "action"), Code.ROUTE_INCOMPLETE, message)
    named = PLACEHOLDER.findall(operation.path)
    if action.needs_record and "id" not in named:
        yield document.fault((*path, "path"), Code.ROUTE_INCOMPLETE, f"`{key}` needs `{{id}}` in its path.")
    for name in named:
        if name != "id" or action.object is None:
            yield document.fault((*path, "path"), Code.ROUTE_INCOMPLETE, f"`{key}` has no use for `{{{name}}}`.")


def unknown_part(document: Document, path: Path, table: str, name: str, parts: DialectParts) -> Iterator[Fault]:
    """Yields the fault of a name that is not in its table."""
    known = sorted(parts.get(table, ())) if parts is not None else [name]
    if name not in known:
        hint = did_you_mean(name, known) or (
            f"There are {', '.join(f'`{item}`' for item in known)}." if known else None
        )
        yield document.fault(path, Code.UNKNOWN_PART, f"`{name}` is not in the table `{table}`.", hint)


def _data_faults(document: Document, path: Path, operation: ApiOperation, objects: Known[Object]) -> Iterator[Fault]:
    """Yields faults of a route to a data operation: its method, its path, its object and its parameters."""
    action = str(operation.operation)
    if (operation.method == "GET") != (action in _READING) and action not in _BY_EITHER:
        wanted = "GET" if action in _READING else "POST, PUT, PATCH or DELETE"
        message = f"`{action}` cannot be asked for by {operation.method}."
        yield document.fault((*path, "method"), Code.ROUTE_INCOMPLETE, message, f"Use {wanted}.")
    named = PLACEHOLDER.findall(operation.path)
    if action in _WITHOUT_OBJECT and ("object" in named or operation.object is not None):
        yield document.fault(path, Code.ROUTE_INCOMPLETE, f"`{operation.id}` is about no single object.")
    elif action not in _WITHOUT_OBJECT and ("object" in named) == (operation.object is not None):
        told = "names its object twice" if operation.object else "does not say which object it is about"
        yield document.fault(
            path, Code.ROUTE_INCOMPLETE, f"`{operation.id}` {told}.", "Use `object: ...`, or `{object}` in the path."
        )
    if ("id" in named) != (action in _WITH_ID):
        told = (
            f"`{action}` needs `{{id}}` in its path." if action in _WITH_ID else f"`{action}` has no use for `{{id}}`."
        )
        yield document.fault((*path, "path"), Code.ROUTE_INCOMPLETE, told)
    yield from _place_faults(document, path, action, named)
    subject = objects.get(operation.object) if operation.object is not None else None
    if operation.object is not None and subject is None:
        yield from objects.missing(document.value_at(*path, "object"), operation.object)
    if subject is not None:
        yield from _allowed_faults(document, path, action, subject)
    yield from _parameter_faults(document, path, operation, subject)


def _place_faults(document: Document, path: Path, action: str, named: list[str]) -> Iterator[Fault]:
    further = _FURTHER_PLACES.get(action)
    if further is not None and further not in named:
        told = f"`{action}` needs `{{{further}}}` in its path."
        yield document.fault((*path, "path"), Code.ROUTE_INCOMPLETE, told)
    for name in named:
        if name not in ("object", "id", further):
            yield document.fault(
                (*path, "path"),
                Code.ROUTE_INCOMPLETE,
                f"`{action}` has no use for `{{{name}}}`.",
                "Only `{object}` and `{id}`."
                if further is None
                else f"Only `{{object}}`, `{{id}}` and `{{{further}}}`.",
            )


def _allowed_faults(document: Document, path: Path, action: str, subject: Object) -> Iterator[Fault]:
    method = _API_METHODS.get(action, action)
    if not subject.api_enabled:
        yield document.fault(
            (*path, "object"),
            Code.ROUTE_INCOMPLETE,
            f"`{subject.name}` is not open to any surface (`apiEnabled: false`).",
        )
    elif method not in subject.offered:
        message = f"`{subject.name}` does not allow `{method}` (`apiMethods`)."
        yield document.fault((*path, "operation"), Code.ROUTE_INCOMPLETE, message)


def _parameter_faults(
    document: Document, path: Path, operation: ApiOperation, subject: Object | None
) -> Iterator[Fault]:
    narrowing = "parameters" if operation.parameters else "search" if operation.search else None
    if narrowing is not None and (operation.operation != "list" or operation.object is None):
        message = "Parameters filter the list of one named object."
        yield document.fault(
            (*path, narrowing), Code.ROUTE_INCOMPLETE, message, "Drop them, or use `operation: list` with `object:`."
        )
        return
    if operation.search is not None and subject is not None:
        yield from _search_faults(document, path, operation, subject)
    for name, parameter in operation.parameters.items():
        at = (*path, "parameters", name)
        if subject is not None and parameter.field not in subject.fields:
            yield unknown_field(document.value_at(*at, "field"), parameter.field, subject.name, subject.fields)
        if parameter.operator not in OPERATORS:
            hint = did_you_mean(parameter.operator, OPERATORS)
            yield document.fault(
                (*at, "operator"), Code.WRONG_VALUE, f"There is no operator `{parameter.operator}`.", hint
            )


def _search_faults(document: Document, path: Path, operation: ApiOperation, subject: Object) -> Iterator[Fault]:
    if operation.search in operation.parameters:
        message = f"`{operation.search}` is the name of a parameter that filters already."
        yield document.fault((*path, "search"), Code.NAME_CLASH, message, "Choose another.")
    if not any(field.shape.searchable for field in subject.fields.values()):
        message = f"`{subject.name}` has no field that can be searched."
        yield document.fault((*path, "search"), Code.ROUTE_INCOMPLETE, message, "Say `searchable: true` on a field.")
