"""Schemas of Structs in the dialect of OpenAPI 3.0.

`nullable` stands in the place of null types, `byte` in that of an encoding; there are no empty lists, and nothing beside a `$ref`.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from fieldstone.surfaces.rest.table import Schema

REF = "#/components/schemas/{name}"


def reference(name: str) -> Schema:
    """Returns a reference to a schema of the document's components."""
    return {"$ref": REF.format(name=name)}


def struct_schemas(
    structs: Iterable[type[msgspec.Struct]], closed: Iterable[type[msgspec.Struct]] = ()
) -> dict[str, Schema]:
    """Returns the schemas of Structs, and of all that they hold, by name.

    `closed` ones take no other members than they name, if they name any: one without stands for what is declared elsewhere.
    """
    closed = tuple(closed)
    _, components = msgspec.json.schema_components((*structs, *closed), ref_template=REF)
    schemas = {name: _in_dialect(schema) for name, schema in components.items()}
    return schemas | {
        one.__name__: schemas[one.__name__] | {"additionalProperties": False} for one in closed if one.__struct_fields__
    }


def _in_dialect(node: Any) -> Any:
    if isinstance(node, list):
        return [_in_dialect(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    schema = {key: _in_dialect(value) for key, value in node.items() if not (key == "required" and value == [])}
    if schema.pop("contentEncoding", None) == "base64":
        schema["format"] = "byte"
    choices = schema.get("anyOf")
    if choices is None or {"type": "null"} not in choices:
        return schema
    rest = [choice for choice in choices if choice != {"type": "null"}]
    del schema["anyOf"]
    if len(rest) == 1 and "$ref" not in rest[0]:
        return schema | rest[0] | {"nullable": True}
    return schema | {("allOf" if len(rest) == 1 else "anyOf"): rest, "nullable": True}
