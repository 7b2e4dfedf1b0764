"""The OpenAPI document (3.0.3) of one surface, from the table that mounts its routes, cut to what a caller may know (contract 10.6)."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fieldstone.engine.outcome import Remark
from fieldstone.query.buckets import BUCKETS
from fieldstone.query.measures import MEASURES
from fieldstone.services.meta.known_actions import KnownAction
from fieldstone.services.meta.known_objects import KnownObject
from fieldstone.surfaces.openapi.action_object import action_operations
from fieldstone.surfaces.openapi.operation_object import operations
from fieldstone.surfaces.openapi.record_schema import record_schemas
from fieldstone.surfaces.openapi.struct_schema import struct_schemas
from fieldstone.surfaces.rest.table import AcrossPart, DataPart, RouteTable, Schema

QUERY: Schema = {
    "type": "object",
    "description": "A query document.",
    "properties": {
        "object": {"type": "string", "description": "The object of the path, or nothing."},
        "where": {"type": "object", "description": "A condition tree.", "example": {"status": {"$eq": "open"}}},
        "orderBy": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field"],
                "properties": {"field": {"type": "string"}, "order": {"type": "string", "enum": ["asc", "desc"]}},
            },
        },
        "fields": {"type": "array", "items": {"type": "string"}},
        "expand": {"type": "array", "items": {"type": "string"}},
        "limit": {"type": "integer", "minimum": 1},
        "offset": {"type": "integer", "minimum": 0},
        "cursor": {"type": "string"},
        "count": {"type": "boolean", "default": True},
        "search": {
            "type": "string",
            "description": "Words that must all occur in searchable fields.",
            "example": 'printer "paper jam"',
        },
        "searchFields": {"type": "array", "items": {"type": "string"}},
        "groupBy": {
            "type": "array",
            "description": "Groups in place of records.",
            "items": {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "required": ["field"],
                        "properties": {
                            "field": {"type": "string"},
                            "dateGranularity": {"type": "string", "enum": list(BUCKETS)},
                            "alias": {"type": "string"},
                        },
                        "additionalProperties": False,
                    },
                ]
            },
        },
        "aggregations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["function", "alias"],
                "properties": {
                    "function": {"type": "string", "enum": list(MEASURES)},
                    "field": {"type": "string"},
                    "alias": {"type": "string"},
                    "filter": {"type": "object", "description": "A condition tree over records."},
                },
                "additionalProperties": False,
            },
        },
        "having": {"type": "object", "description": "A condition tree over group names and aliases."},
        "distinct": {"type": "boolean", "description": "The different values of `fields`.", "default": False},
        "timezone": {"type": "string", "description": "The time zone in which days begin.", "example": "Europe/Paris"},
    },
    "additionalProperties": False,
}


def openapi_document(
    table: RouteTable, objects: Iterable[KnownObject], actions: Sequence[KnownAction] = ()
) -> dict[str, Any]:
    """Returns the document of a surface for somebody who may know of these objects, and call these actions."""
    api = table.dialect.api
    known = {item.object.name: item for item in objects}
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in (*operations(table, known), *action_operations(table, actions)):
        paths.setdefault(path, {})[method] = operation
    security = {scheme.scheme: part.security(scheme) for scheme, part in table.dialect.auth}
    info = {"title": api.label or api.name, "version": api.version}
    return {
        "openapi": api.openapi,
        "info": info | {"description": api.description} if api.description else info,
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in security],
        "tags": _tags(paths),
        "paths": paths,
        "components": {
            "securitySchemes": security,
            "schemas": {
                "Error": table.dialect.errors.schema,
                "Query": QUERY,
                **struct_schemas(_answers(table), closed=_bodies(table)),
                **record_schemas(known),
            },
        },
    }


def _tags(paths: dict[str, dict[str, Any]]) -> list[Schema]:
    names = {tag: None for operations_of in paths.values() for found in operations_of.values() for tag in found["tags"]}
    return [{"name": name} for name in names]


def _bodies(table: RouteTable) -> list[type[msgspec.Struct]]:
    """Returns the Structs that bodies must fit."""
    handlers = [route.handler.part for route in table.routes if route.handler is not None]
    return _once(*(part.body for part in handlers), *(part.body_type for part in _data_parts(table)))


def _answers(table: RouteTable) -> list[type[msgspec.Struct]]:
    """Returns the Structs of what is answered."""
    handlers = [route.handler.part for route in table.routes if route.handler is not None]
    shapes = (shape for part in handlers for shape in (part.answer, part.or_else, part.refusal))
    others = (part.or_else for part in _data_parts(table) if isinstance(part, DataPart) and table.dialect.queries.whole)
    return _once(Remark, *shapes, *(part.answer_type for part in _data_parts(table)), *others)


def _data_parts(table: RouteTable) -> list[DataPart | AcrossPart]:
    return [route.data for route in table.routes if route.data is not None]


def _once(*structs: type[msgspec.Struct] | None) -> list[type[msgspec.Struct]]:
    return list(dict.fromkeys(struct for struct in structs if struct is not None))
