"""Handlers of the members of the active organisation: listed, given roles, removed."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.identity.organization_documents import MemberDocument
from fieldstone.identity.organization_means import active_organization
from fieldstone.identity.organization_people import (
    MOST_MEMBERS,
    active_member,
    change_role,
    list_members,
    remove_member,
)
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.organizations import ORGANIZATION
from fieldstone.surfaces.rest.native.auth.service import SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

ShortText = Annotated[str, msgspec.Meta(max_length=254)]
LIMIT = ParameterNote("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST_MEMBERS})
OFFSET = ParameterNote("offset", "How many to leave out.", {"type": "integer", "minimum": 0})
_USUAL = "100"
_DIGITS = 9


class RoleBody(msgspec.Struct, rename="camel"):
    """A member's new role: `owner`, `admin` or `member`."""

    member_id: ShortText
    role: ShortText
    organization_id: str | None = None


class RemoveBody(msgspec.Struct, rename="camel"):
    """A member, by the id of his membership or the e-mail address of its user."""

    member_id_or_email: ShortText
    organization_id: str | None = None


class MemberPage(msgspec.Struct):
    """A page of members, and how many there are."""

    members: list[MemberDocument]
    total: int


class RemovedMember(msgspec.Struct):
    """A member who is gone."""

    member: MemberDocument


async def _list(service: SignIn, call: Call) -> Response:
    await active_organization(service.organizations, call.caller, call.parameters.get(ORGANIZATION.name))
    limit = _number(call, LIMIT.name, _USUAL, 1, MOST_MEMBERS)
    offset = _number(call, OFFSET.name, "0", 0, 10**_DIGITS)
    readable = call.readable("sys_user")
    members, total = await list_members(service.organizations, call.caller, readable, limit, offset)
    return json_answer(MemberPage(members, total), NOT_STORED)


async def _active(service: SignIn, call: Call) -> Response:
    member = await active_member(service.organizations, call.caller, call.readable("sys_user"))
    return json_answer(member, NOT_STORED)


async def _change_role(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, RoleBody)
    await active_organization(service.organizations, call.caller, body.organization_id)
    readable = call.readable("sys_user")
    member = await change_role(service.organizations, call.caller, readable, body.member_id, body.role)
    return json_answer(member, NOT_STORED)


async def _remove(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, RemoveBody)
    await active_organization(service.organizations, call.caller, body.organization_id)
    readable = call.readable("sys_user")
    member = await remove_member(service.organizations, call.caller, readable, body.member_id_or_email)
    return json_answer(RemovedMember(member), NOT_STORED)


def _number(call: Call, name: str, usual: str, least: int, most: int) -> int:
    text = call.parameters.get(name, usual)
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and least <= int(text) <= most):
        raise Invalid(f"`{name}` is a whole number from {least} to {most}.", reason="INVALID_QUERY", path=name)
    return int(text)


MEMBER_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "organization.list_members": HandlerPart(
        _list,
        "The members of the active organisation",
        answer=MemberPage,
        parameters=(ORGANIZATION, LIMIT, OFFSET),
        refusals=(404, 409),
    ),
    "organization.active_member": HandlerPart(
        _active, "One's own place in the active organisation", answer=MemberDocument, refusals=(404,)
    ),
    "organization.update_role": HandlerPart(
        _change_role, "Give a member another role", RoleBody, MemberDocument, refusals=(404, 409)
    ),
    "organization.remove_member": HandlerPart(
        _remove, "Remove a member", RemoveBody, RemovedMember, refusals=(404, 409)
    ),
}
"""Handlers over a `SignIn`."""
