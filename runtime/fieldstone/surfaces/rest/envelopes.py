"""The table `envelopes`: how a page of records and a single value are wrapped in an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.engine.outcome import Page
from fieldstone.surfaces.rest.table import EnvelopePart, Schema


class _Items(msgspec.Struct, rename="camel", gc=False):
    items: Sequence[Any]
    limit: int
    next_cursor: str | None
    total: int | msgspec.UnsetType = msgspec.UNSET


class _Data(msgspec.Struct, gc=False):
    data: Any
    request_id: str


class _DataPage(msgspec.Struct, gc=False):
    data: Sequence[Any]
    request_id: str
    next_cursor: str | None


def _items(records: Sequence[Any], page: Page, _request_id: str) -> _Items:
    return _Items(records, page.limit, page.cursor, msgspec.UNSET if page.total is None else page.total)


def _items_schema(record: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["items", "limit", "nextCursor"],
        "properties": {
            "items": {"type": "array", "items": record},
            "total": {
                "type": "integer",
                "description": "How many records there are in all; left out with `count=false`.",
            },
            "limit": {"type": "integer", "description": "The page size in force."},
            "nextCursor": {
                "type": "string",
                "nullable": True,
                "description": "Where the next page begins; null on the last.",
            },
        },
    }


def _data_schema(value: Schema) -> Schema:
    properties = {"data": value, "request_id": {"type": "string"}}
    return {"type": "object", "required": ["data", "request_id"], "properties": properties}


def _data_page_schema(record: Schema) -> Schema:
    schema = _data_schema({"type": "array", "items": record})
    schema["properties"]["next_cursor"] = {"type": "string", "nullable": True}
    return schema


ENVELOPES: Mapping[str, EnvelopePart] = {
    "objectos": EnvelopePart(
        summary="A bare record; a page as `{items, total, limit, nextCursor}`.",
        counts=True,
        page=_items,
        one=lambda value, _request_id: value,
        page_schema=_items_schema,
        one_schema=lambda value: value,
    ),
    "data": EnvelopePart(
        summary="`{data, request_id}`; a page has `next_cursor` beside them.",
        counts=False,
        page=lambda records, page, request_id: _DataPage(records, request_id, page.cursor),
        one=_Data,
        page_schema=_data_page_schema,
        one_schema=_data_schema,
    ),
}
