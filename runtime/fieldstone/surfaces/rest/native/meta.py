"""Handlers of `/meta`: the declarations, as far as the caller may know them (contract 8.1)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.services.meta.addresses import TYPE_NAMES
from fieldstone.services.meta.items import Meta, TypeEntry
from fieldstone.services.meta.layers import Layers
from fieldstone.services.meta.references import Reference
from fieldstone.surfaces.http.conditional import tagged
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.parameters import take_flag
from fieldstone.surfaces.http.request import Header, Response
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

_BY_LANGUAGE: tuple[Header, ...] = ((b"vary", b"Accept-Language"),)
"""Said of answers whose texts are in the language of their reader."""


class TypeList(msgspec.Struct):
    """The kinds of declarations."""

    types: list[str]
    entries: list[TypeEntry]


class ItemList(msgspec.Struct):
    """The declarations of a kind."""

    type: str
    items: list[dict[str, Any]]
    total: int


class OneItem(msgspec.Struct):
    """One declaration."""

    type: str
    name: str
    item: dict[str, Any]


class ReferenceList(msgspec.Struct):
    """Who names a declaration."""

    references: list[Reference]


async def _types(service: Meta, call: Call) -> Response:
    entries = service.types(call.caller)
    return _answer(call, TypeList([entry.type for entry in entries], entries))


async def _items(service: Meta, call: Call) -> Response:
    kind = service.kind(call.caller, call.path["type"])
    items = service.items(call.caller, kind, call.parameters.get("package"), languages_of(call.request))
    return _answer(call, ItemList(kind, items, len(items)), _BY_LANGUAGE)


async def _item(service: Meta, call: Call) -> Response:
    if take_flag(call.parameters, "layers"):
        return _answer(call, service.layers(call.caller, call.path["type"], call.path["name"]))
    kind = service.kind(call.caller, call.path["type"])
    name = call.path["name"]
    item = service.item(call.caller, kind, name, languages_of(call.request))
    return _answer(call, OneItem(kind, name, item), _BY_LANGUAGE)


async def _member(service: Meta, call: Call) -> Response:
    sent, section, name = call.path["type"], call.path["section"], call.path["name"]
    item = service.member(call.caller, sent, section, name, languages_of(call.request))
    return _answer(call, OneItem(TYPE_NAMES.get(sent, sent), f"{section}/{name}", item), _BY_LANGUAGE)


async def _references(service: Meta, call: Call) -> Response:
    kind = service.kind(call.caller, call.path["type"])
    return _answer(call, ReferenceList(service.references(call.caller, kind, call.path["name"])))


async def _member_references(service: Meta, call: Call) -> Response:
    sent, section, name = call.path["type"], call.path["section"], call.path["name"]
    return _answer(call, ReferenceList(service.member_references(call.caller, sent, section, name)))


def _answer(call: Call, value: msgspec.Struct, headers: tuple[Header, ...] = ()) -> Response:
    return tagged(call.request, encode_json(value), headers=headers)


META_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "meta.types": HandlerPart(_types, "The kinds of declarations", answer=TypeList, tagged=True),
    "meta.items": HandlerPart(
        _items,
        "The declarations of a kind",
        answer=ItemList,
        parameters=(ParameterNote("package", "Only those of this package."),),
        tagged=True,
    ),
    "meta.item": HandlerPart(
        _item,
        "One declaration",
        answer=OneItem,
        or_else=Layers,
        parameters=(
            ParameterNote(
                "layers", "`true`: all of it, by its layers, for whoever may change it.", {"type": "boolean"}
            ),
        ),
        tagged=True,
    ),
    "meta.member": HandlerPart(_member, "A part of a declaration", answer=OneItem, tagged=True),
    "meta.references": HandlerPart(_references, "Who names a declaration", answer=ReferenceList, tagged=True),
    "meta.member_references": HandlerPart(
        _member_references, "Who names a part of a declaration", answer=ReferenceList, tagged=True
    ),
}
"""Handlers over a `Meta`."""
