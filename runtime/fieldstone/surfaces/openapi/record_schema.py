"""Schemas of records: for each object one of what is read, of what creates and of what changes it, cut to what a caller may know."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.query.masking import HIDDEN
from fieldstone.registry.catalog import Field
from fieldstone.services.meta.known_objects import KnownObject
from fieldstone.surfaces.openapi.struct_schema import reference
from fieldstone.surfaces.rest.table import Schema

EXPECTED_VERSION: Schema = {
    "type": "integer",
    "description": "The version that the record must still be at; `If-Match` says the same.",
}


def record_schemas(known: Mapping[str, KnownObject]) -> dict[str, Schema]:
    """Returns the schemas of every object that a caller may know of, by their names in the components."""
    schemas: dict[str, Schema] = {}
    for name, item in known.items():
        label = item.object.label
        if "read" in item.actions:
            schemas[read_name(name)] = {"type": "object", "title": label, "properties": _read_properties(item, known)}
        if "create" in item.actions:
            schemas[create_name(name)] = _create_schema(item)
        if "update" in item.actions:
            properties = {field.name: written(field) for field in _fields(item, item.updatable)}
            schemas[update_name(name)] = {
                "type": "object",
                "title": f"{label}: a change",
                "properties": properties | {"expectedVersion": EXPECTED_VERSION},
                "additionalProperties": False,
            }
    return schemas


def read_name(object_name: str) -> str:
    """Returns the component's name of a record as it is read."""
    return f"{object_name}.read"


def create_name(object_name: str) -> str:
    """Returns the component's name of a record to be created."""
    return f"{object_name}.create"


def update_name(object_name: str) -> str:
    """Returns the component's name of a change of a record."""
    return f"{object_name}.update"


def _read_properties(item: KnownObject, known: Mapping[str, KnownObject]) -> dict[str, Schema]:
    return {
        field.name: _masked(field) if field.name in item.masked else _read(field, known)
        for field in _fields(item, item.readable)
    }


def _masked(field: Field) -> Schema:
    """Returns the schema of a text that is shown in part, and so has no form of its own."""
    shown = f"Shown in part, `{HIDDEN}` in the place of the rest."
    return {"title": field.label, "type": "string", "nullable": True, "readOnly": True, "description": shown}


def _read(field: Field, known: Mapping[str, KnownObject]) -> Schema:
    schema = _value(field)
    if field.shape.nullable:
        schema["nullable"] = True
    if field.system or field.declaration.readonly or field.type.computed:
        schema["readOnly"] = True
    target = known.get(field.reference) if field.reference else None
    if target is None or "read" not in target.actions:
        return schema
    if field.multiple:
        return schema | {"items": {"anyOf": [schema["items"], reference(read_name(target.object.name))]}}
    title = schema.pop("title")
    return {"title": title, "anyOf": [schema, reference(read_name(target.object.name))]}


def _create_schema(item: KnownObject) -> Schema:
    fields = _fields(item, item.creatable)
    schema: Schema = {
        "type": "object",
        "title": f"{item.object.label}: a new one",
        "properties": {field.name: written(field) for field in fields},
        "additionalProperties": False,
    }
    required = [field.name for field in fields if field.required and not has_default(field)]
    return schema | {"required": required} if required else schema


def written(field: Field) -> Schema:
    """Returns the schema of a value that is sent for a field."""
    schema = _value(field)
    if not field.required:
        schema["nullable"] = True
    elif schema.get("type") == "string" and "enum" not in schema:
        schema["minLength"] = max(1, schema.get("minLength", 1))
    if field.internal:
        schema["writeOnly"] = True
    return schema


def _value(field: Field) -> dict[str, Any]:
    """Returns the schema of a field's value with what people call it."""
    declaration = field.declaration
    schema = {"title": field.label} | dict(field.type.schema(declaration))
    text = declaration.description or declaration.inline_help_text
    if text:
        schema["description"] = text
    if field.reference:
        schema["x-reference"] = field.reference
    return schema


def has_default(field: Field) -> bool:
    """Tells whether a field has a value when none is sent."""
    return field.declaration.default_value is not msgspec.UNSET


def _fields(item: KnownObject, names: frozenset[str]) -> list[Field]:
    return [field for name, field in item.object.fields.items() if name in names]
