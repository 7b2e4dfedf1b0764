"""Handlers of `/meta` that change what is declared, and tell what was changed (contract 8.3, 8.4)."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.services.meta.addresses import Address, item_address, section_address
from fieldstone.services.meta.changing import Asked, Changed, Changing
from fieldstone.services.meta.edits import Edit, member_of, replacing, replacing_member, resetting_member
from fieldstone.services.meta.history import HistoryEvent
from fieldstone.surfaces.http.conditional import matched_version
from fieldstone.surfaces.http.convert import convert_body, json_object
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.parameters import take_flag, whole_number
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import DRY_RUN, Call, HandlerPart, ParameterNote

Message = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_MOST_EVENTS = 200
_SOME_EVENTS = 50
_DEEPEST = 64


class ItemBody(msgspec.Struct):
    """A declaration, or the member of one, as it is to be; it may also be the body itself. `message` says why, for the history."""

    item: dict[str, Any]
    message: Message | None = None


class RollbackBody(msgspec.Struct):
    """The version to go back to; 0 is as the package has it."""

    version: Annotated[int, msgspec.Meta(ge=0)]
    message: Message | None = None


class ItemAnswer(msgspec.Struct):
    """What is in effect from now on; null where nothing is. `version` counts the changes of the item."""

    type: str
    name: str
    item: Any
    version: int


class Removed(msgspec.Struct):
    """What was taken away; `reset` says that what the package has is in effect again."""

    type: str
    name: str
    deleted: bool
    reset: bool
    version: int


class History(msgspec.Struct):
    """The changes of a declaration, the newest first."""

    events: list[HistoryEvent]


async def _put(service: Changing, call: Call) -> Response:
    address = item_address(call.path["type"], call.path["name"])
    item, asked = _sent(call)
    named = {"name": address.name.rpartition(".")[2], **item}
    changed = await service.put(call.caller, address.kind, address.name, replacing(named), asked)
    return _answer(address.kind, address.name, changed.item, changed)


async def _put_member(service: Changing, call: Call) -> Response:
    address = _section(service, call)
    item, asked = _sent(call)
    if address.section is None:
        edit: Edit = replacing({"name": call.path["name"], **item})
    else:
        edit = replacing_member(address.section, address.member, item)
    changed = await service.put(call.caller, address.kind, address.name, edit, asked)
    return _answer(call.path["type"], _path(call), _member(address, changed), changed)


async def _delete(service: Changing, call: Call) -> Response:
    address = item_address(call.path["type"], call.path["name"])
    changed = await service.reset(call.caller, address.kind, address.name, _asked(call, None))
    removed = Removed(address.kind, address.name, deleted=True, reset=changed.packaged, version=changed.version)
    return json_answer(removed)


async def _delete_member(service: Changing, call: Call) -> Response:
    address = _section(service, call)
    asked = _asked(call, None)
    if address.section is None:
        changed = await service.reset(call.caller, address.kind, address.name, asked)
        reset = changed.packaged
    else:
        edit = resetting_member(address.section, address.member)
        changed = await service.put(call.caller, address.kind, address.name, edit, asked)
        reset = _member(address, changed) is not None
    return json_answer(Removed(call.path["type"], _path(call), deleted=True, reset=reset, version=changed.version))


async def _history(service: Changing, call: Call) -> Response:
    address = item_address(call.path["type"], call.path["name"])
    since = whole_number("sinceSeq", call.parameters.get("sinceSeq", "0"))
    most = min(_MOST_EVENTS, max(1, whole_number("limit", call.parameters.get("limit", str(_SOME_EVENTS)))))
    events = await service.history(call.caller, address.kind, address.name, since=since, most=most)
    return json_answer(History(events))


async def _rollback(service: Changing, call: Call) -> Response:
    address = item_address(call.path["type"], call.path["name"])
    body = convert_body(call.body, RollbackBody)
    asked = _asked(call, body.message)
    changed = await service.roll_back(call.caller, address.kind, address.name, body.version, asked)
    return json_answer(ItemAnswer(address.kind, address.name, changed.item, changed.version))


def _section(service: Changing, call: Call) -> Address:
    return section_address(service.catalog, call.path["type"], call.path["section"], call.path["name"])


def _path(call: Call) -> str:
    return f"{call.path['section']}/{call.path['name']}"


def _member(address: Address, changed: Changed) -> Any:
    """Returns the member of an object that an address names, the whole item where it names none."""
    if address.section is None or changed.item is None:
        return changed.item
    return member_of(changed.item, address.section, address.member)


def _sent(call: Call) -> tuple[Mapping[str, Any], Asked]:
    """Returns the declaration that was sent, and how its change is asked for."""
    body = json_object({} if call.body is None else call.body)
    message: str | None = None
    if isinstance(body.get("item"), dict):
        wrapped = convert_body(body, ItemBody)
        body, message = wrapped.item, wrapped.message
    if _depth(body) > _DEEPEST:
        raise Invalid(f"More than {_DEEPEST} levels are nested.", reason="INVALID_JSON")
    return body, msgspec.structs.replace(_asked(call, message), languages=languages_of(call.request))


def _asked(call: Call, message: str | None) -> Asked:
    said = call.parameters.get("message", message)
    return Asked(
        expected=matched_version(call.request),
        force=take_flag(call.parameters, "force"),
        dry=take_flag(call.parameters, DRY_RUN),
        message=said,
    )


def _depth(value: Any) -> int:
    """Returns how many levels are nested, or one more than are allowed."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        depth += 1
        level = [inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)]
    return depth


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _answer(kind: str, name: str, item: Any, changed: Changed) -> Response:
    return json_answer(ItemAnswer(kind, name, item, changed.version), status=201 if changed.made else 200)


_DRY = ParameterNote(DRY_RUN, "`true`: answers what the change would answer, and changes nothing.", {"type": "boolean"})
_FORCE = ParameterNote("force", "`true`: changes although stored values are lost.", {"type": "boolean"})
_MESSAGE = ParameterNote("message", "Why, for the history.", {"type": "string", "maxLength": 500})
_WRITING = (_DRY, _FORCE)

META_CHANGE_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "meta.put": HandlerPart(
        _put, "Change a declaration", ItemBody, ItemAnswer, parameters=_WRITING, refusals=(404, 409), making=True
    ),
    "meta.delete": HandlerPart(
        _delete, "Take an overlay away", answer=Removed, parameters=(*_WRITING, _MESSAGE), refusals=(404, 409)
    ),
    "meta.put_member": HandlerPart(
        _put_member,
        "Change a part of a declaration",
        ItemBody,
        ItemAnswer,
        parameters=_WRITING,
        refusals=(404, 409),
        making=True,
    ),
    "meta.delete_member": HandlerPart(
        _delete_member,
        "Take the overlay of a part away",
        answer=Removed,
        parameters=(*_WRITING, _MESSAGE),
        refusals=(404, 409),
    ),
    "meta.history": HandlerPart(
        _history,
        "The changes of a declaration",
        answer=History,
        parameters=(
            ParameterNote("sinceSeq", "Only changes behind this number.", {"type": "integer", "minimum": 0}),
            ParameterNote("limit", f"The most changes, {_MOST_EVENTS} of them.", {"type": "integer", "minimum": 1}),
        ),
        refusals=(404,),
    ),
    "meta.rollback": HandlerPart(
        _rollback,
        "Go back to an earlier version of a declaration",
        RollbackBody,
        ItemAnswer,
        parameters=_WRITING,
        refusals=(404, 409),
    ),
}
"""Handlers over a `Changing`."""
