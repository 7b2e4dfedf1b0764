"""Actions in the OpenAPI document: each that a caller may call, at every address that it has."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fieldstone.registry.action_params import RECORD_ID
from fieldstone.registry.actions import GLOBAL
from fieldstone.services.meta.known_actions import KnownAction
from fieldstone.surfaces.openapi.operation_object import describe, parameters_of, request_body
from fieldstone.surfaces.openapi.record_schema import has_default, written
from fieldstone.surfaces.openapi.responses import content, responses_of
from fieldstone.surfaces.openapi.struct_schema import reference
from fieldstone.surfaces.rest.table import CALL, Route, RouteTable, Schema

_TAG = "actions"
_AT_SERVER = frozenset({"script", "flow", "api"})
_RECORD_ID: Schema = {"type": "string", "description": "The record that it is called on."}


def action_operations(table: RouteTable, actions: Sequence[KnownAction]) -> Iterator[tuple[str, str, Schema]]:
    """Yields path, method and operation of every route to an action, with its names written out."""
    called = [known for known in actions if known.action.declaration.type in _AT_SERVER]
    count = Counter(known.action.name for known in called)
    for route in table.routes:
        declared = route.declaration
        for known in called:
            action, path = known.action, route.template
            if declared.action is not None:
                if declared.action != action.key:
                    continue
            elif declared.handler != CALL or ("{record_id}" in path and action.object is None):
                continue
            elif "{object}" in path:
                path = path.replace("{object}", action.object or GLOBAL).replace("{action}", action.name)
            else:
                path = path.replace("{action}", action.name if count[action.name] == 1 else action.key)
            yield path, declared.method.lower(), _operation(table, route, known)


def _operation(table: RouteTable, route: Route, known: KnownAction) -> Schema:
    action = known.action
    notes = () if route.handler is None else route.handler.part.parameters
    named = {"object", "action"}
    parameters = [told for told in parameters_of(table.dialect, route, notes) if told["name"] not in named]
    label = action.declaration.label or action.name.replace("_", " ").capitalize()
    found = describe(route, action.object or _TAG, label, parameters)
    if action.declaration.description is not None:
        found["description"] = action.declaration.description
    if route.declaration.action is None:
        found["operationId"] = f"{route.declaration.id}_{action.key.replace('.', '_')}"
    if action.declaration.required_permissions:
        found["x-permission"] = " ".join(action.declaration.required_permissions)
    in_path = "{record_id}" in route.template or "{id}" in route.template
    schema = _input(known, by_body=action.object is not None and not in_path)
    found["requestBody"] = request_body(schema, required="required" in schema)
    answer = reference("ActionAnswer") if route.declaration.action is None else table.dialect.envelope.one_schema({})
    found["responses"] = responses_of(route, "200", content(answer))
    return found


def _input(known: KnownAction, *, by_body: bool) -> Schema:
    """Returns the schema of an action's flat input."""
    declared = known.action.declaration
    record = {declared.record_id_param or RECORD_ID: _RECORD_ID} if by_body else {}
    required = [name for name, field in known.params.items() if field.required and not has_default(field)]
    required += record if known.action.needs_record else ()
    schema: Schema = {
        "type": "object",
        "properties": record | {name: written(field) for name, field in known.params.items()},
        "additionalProperties": False,
    }
    return schema | {"required": required} if required else schema
