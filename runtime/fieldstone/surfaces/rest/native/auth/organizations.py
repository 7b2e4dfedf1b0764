"""Handlers of organisations: one's own made, listed, chosen, left and ended, the active one looked at and changed."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import Update
from fieldstone.identity.means import required
from fieldstone.identity.organization_documents import FullOrganization, MemberDocument, OrganizationDocument
from fieldstone.identity.organization_end import ORGANIZATIONS
from fieldstone.identity.organization_means import active_organization
from fieldstone.identity.organization_people import full_organization
from fieldstone.identity.own_organizations import (
    NewOrganization,
    check_slug,
    create_organization,
    end_organization,
    leave_organization,
    list_organizations,
    organization_document,
    set_active,
)
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import Done, SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote

ORGANIZATION = ParameterNote("organizationId", "The active organisation's id; it is meant without it, too.")
SLUG = ParameterNote("organizationSlug", "The active organisation's short name.")


class CreateBody(msgspec.Struct, rename="camel"):
    """A new organisation; unless `keepCurrentActiveOrganization`, it becomes the session's active one."""

    name: str
    slug: str
    logo: str | None = None
    timezone: str | None = None
    keep_current_active_organization: bool = False


class SlugBody(msgspec.Struct):
    """A short name."""

    slug: str


class ChosenBody(msgspec.Struct, rename="camel"):
    """One of the user's organisations, by its id or its short name; neither, or null, for none of them."""

    organization_id: str | None = None
    organization_slug: str | None = None


class NamedBody(msgspec.Struct, rename="camel"):
    """One of the user's organisations."""

    organization_id: str


class Changes(msgspec.Struct):
    """New values of an organisation; null takes the logo away."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    slug: str | msgspec.UnsetType = msgspec.UNSET
    logo: str | msgspec.UnsetType | None = msgspec.UNSET
    timezone: str | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct, rename="camel"):
    """New values of the active organisation."""

    data: Changes
    organization_id: str | None = None


class CreatedOrganization(OrganizationDocument, frozen=True, rename="camel"):
    """A new organisation with its only member."""

    members: list[MemberDocument] = []


async def _list(service: SignIn, call: Call) -> Response:
    session = required(await service.accounts.session(call.credential))
    return json_answer(await list_organizations(service.organizations, session), NOT_STORED)


async def _create(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, CreateBody)
    session = required(await service.accounts.session(call.credential))
    wanted = NewOrganization(
        name=body.name,
        slug=body.slug,
        logo=body.logo,
        timezone=body.timezone,
        keep_active=body.keep_current_active_organization,
    )
    made, member = await create_organization(service.organizations, call.caller, session, wanted)
    answer = CreatedOrganization(**msgspec.structs.asdict(made), members=[member])
    return json_answer(answer, NOT_STORED)


async def _check_slug(service: SignIn, call: Call) -> Response:
    await check_slug(service.organizations, call.caller, convert_body(call.body, SlugBody).slug)
    return json_answer(Done(), NOT_STORED)


async def _set_active(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, ChosenBody)
    session = required(await service.accounts.session(call.credential))
    chosen = await set_active(service.organizations, call.caller, session, body.organization_id, body.organization_slug)
    answer = None if chosen is None else await organization_document(service.organizations, chosen)
    return json_answer(answer, NOT_STORED)


async def _full(service: SignIn, call: Call) -> Response:
    wanted, slug = call.parameters.get(ORGANIZATION.name), call.parameters.get(SLUG.name)
    await active_organization(service.organizations, call.caller, wanted, slug)
    readable = call.readable("sys_user")
    return json_answer(await full_organization(service.organizations, call.caller, readable), NOT_STORED)


async def _update(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, UpdateBody)
    found = await active_organization(service.organizations, call.caller, body.organization_id)
    values = {name: value for name, value in msgspec.structs.asdict(body.data).items() if value is not msgspec.UNSET}
    await service.means.execute(Update(ORGANIZATIONS, found, values), call.caller)
    return json_answer(await organization_document(service.organizations, found), NOT_STORED)


async def _delete(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, NamedBody)
    required(await service.accounts.session(call.credential))
    return json_answer(await end_organization(service.organizations, call.caller, body.organization_id), NOT_STORED)


async def _leave(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, NamedBody)
    required(await service.accounts.session(call.credential))
    return json_answer(await leave_organization(service.organizations, call.caller, body.organization_id), NOT_STORED)


ORGANIZATION_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "organization.list": HandlerPart(_list, "One's own organisations", answer=OrganizationDocument, many=True),
    "organization.create": HandlerPart(
        _create, "Make an organisation", CreateBody, CreatedOrganization, refusals=(409, 429)
    ),
    "organization.check_slug": HandlerPart(
        _check_slug, "Whether a short name is free", SlugBody, Done, refusals=(409, 429)
    ),
    "organization.set_active": HandlerPart(
        _set_active,
        "Choose the organisation that the session acts in",
        ChosenBody,
        OrganizationDocument,
        or_null=True,
        refusals=(404,),
    ),
    "organization.full": HandlerPart(
        _full,
        "The active organisation with its people",
        answer=FullOrganization,
        parameters=(ORGANIZATION, SLUG),
        refusals=(404, 409),
    ),
    "organization.update": HandlerPart(
        _update, "Change the active organisation", UpdateBody, OrganizationDocument, refusals=(404, 409)
    ),
    "organization.delete": HandlerPart(
        _delete,
        "End the active organisation, which holds no records",
        NamedBody,
        OrganizationDocument,
        refusals=(404, 409),
    ),
    "organization.leave": HandlerPart(_leave, "Leave an organisation", NamedBody, MemberDocument, refusals=(404, 409)),
}
"""Handlers over a `SignIn`."""
