"""One's own organisations: made, listed, made the active one, left, ended.

All of it belongs to a user and his session; an API key stays in its organisation and sees no other.
"""

import msgspec

from fieldstone.access.caller import ADMINISTRATOR, SYSTEM, Caller, system_as, system_for
from fieldstone.engine.operation import Create, Delete, Together, Update
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import NotFound, PermissionDenied, UniqueViolation
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.membership import GRANTS, MEMBERS
from fieldstone.identity.organization_documents import (
    MEMBER_FIELDS,
    ORGANIZATION_FIELDS,
    MemberDocument,
    OrganizationDocument,
    member_document,
)
from fieldstone.identity.organization_end import ORGANIZATIONS
from fieldstone.identity.organization_means import OrganizationMeans, active_organization, own_organization
from fieldstone.identity.placement import ACTIVE_MEMBER


class NewOrganization(msgspec.Struct, frozen=True):
    """An organisation that somebody wants; unless `keep_active`, his session goes there at once."""

    name: str
    slug: str
    logo: str | None = None
    timezone: str | None = None
    keep_active: bool = False


def may_create(with_: OrganizationMeans, caller: Caller) -> bool:
    """Tells whether the app lets somebody make organisations."""
    setting = with_.declared.create
    return setting == "everyone" or (setting == "administrators" and ADMINISTRATOR in caller.sets)


async def create_organization(
    with_: OrganizationMeans, caller: Caller, session: SessionDocument, wanted: NewOrganization
) -> tuple[OrganizationDocument, MemberDocument]:
    """Makes an organisation with the caller as its owner and administrator, in one Unit; returns both.

    Raises PermissionDenied, RateLimited, Invalid, and UniqueViolation for a short name that is taken.
    """
    if not may_create(with_, caller):
        raise PermissionDenied("You may not make organisations.", details={"create": with_.declared.create})
    means, user_id = with_.means, session.user.id
    await means.throttle.admit(f"organizations {user_id}")
    organization_id, member_id = means.new_id(), means.new_id()
    values = {"name": wanted.name, "slug": wanted.slug, "logo": wanted.logo, "timezone": wanted.timezone}
    given = {name: value for name, value in values.items() if value is not None}
    writes: list[Create | Update] = [
        Create(ORGANIZATIONS, ({"id": organization_id, **given},)),
        Create(MEMBERS, ({"id": member_id, "user_id": user_id, "role": "owner"},)),
        Create(GRANTS, ({"user_id": user_id, "permission_set": ADMINISTRATOR},)),
    ]
    if not wanted.keep_active:
        writes.append(Update("sys_session", session.session.id, {"active_organization_id": organization_id}))
    await means.execute(Together(tuple(writes)), system_as(user_id, organization_id))
    return await organization_document(with_, organization_id), await own_membership(with_, user_id, organization_id)


async def check_slug(with_: OrganizationMeans, caller: Caller, slug: str) -> None:
    """Raises UniqueViolation for a short name that is taken; only whoever may make organisations is told."""
    if not may_create(with_, caller):
        raise PermissionDenied("You may not make organisations.", details={"create": with_.declared.create})
    await with_.means.throttle.admit(f"organizations {caller.id}")
    if await read_first(with_.means.execute, ORGANIZATIONS, {"slug": slug}, ("id",)) is not None:
        raise UniqueViolation("This short name is taken.", details={"fields": ["slug"]})


async def list_organizations(with_: OrganizationMeans, session: SessionDocument) -> list[OrganizationDocument]:
    """Returns the organisations of which the user is an active member, the oldest first."""
    execute = with_.means.execute
    place = {"user_id": session.user.id, **ACTIVE_MEMBER}
    ids = [row["organization_id"] for row in await read_records(execute, MEMBERS, place, ("organization_id",))]
    rows = await read_records(execute, ORGANIZATIONS, {"id": {"$in": ids}}, ORGANIZATION_FIELDS)
    return [OrganizationDocument(**row) for row in rows]


async def set_active(
    with_: OrganizationMeans, caller: Caller, session: SessionDocument, wanted: str | None, slug: str | None
) -> str | None:
    """Makes an organisation the session's active one, or none of them; returns its id. Raises NotFound for one not his."""
    chosen = None if wanted is None and slug is None else await own_organization(with_, caller, wanted, slug)
    change = Update("sys_session", session.session.id, {"active_organization_id": chosen})
    await with_.means.execute(change, SYSTEM)
    return chosen


async def leave_organization(with_: OrganizationMeans, caller: Caller, organization_id: str) -> MemberDocument:
    """Ends the caller's membership; raises NotFound, and Conflict for the last administrator."""
    member = await own_membership(with_, str(caller.id), organization_id)
    await with_.means.execute(Delete(MEMBERS, member.id), system_as(member.user_id, organization_id))
    return member


async def end_organization(with_: OrganizationMeans, caller: Caller, organization_id: str) -> OrganizationDocument:
    """Deletes the active organisation, which has to hold no records; raises PermissionDenied, Conflict."""
    found = await active_organization(with_, caller, organization_id)
    if ADMINISTRATOR not in caller.sets:
        raise PermissionDenied("Only its administrators end an organisation.")
    document = await organization_document(with_, found)
    await with_.means.execute(Delete(ORGANIZATIONS, found), system_for(caller))
    return document


async def organization_document(with_: OrganizationMeans, organization_id: str) -> OrganizationDocument:
    """Returns the document of an organisation; raises NotFound."""
    row = await read_first(with_.means.execute, ORGANIZATIONS, {"id": organization_id}, ORGANIZATION_FIELDS)
    if row is None:
        raise NotFound("The organisation is gone.")
    return OrganizationDocument(**row)


async def own_membership(with_: OrganizationMeans, user_id: str, organization_id: str) -> MemberDocument:
    """Returns somebody's membership; raises NotFound when he has none there."""
    place = {"user_id": user_id, "organization_id": organization_id}
    row = await read_first(with_.means.execute, MEMBERS, place, MEMBER_FIELDS)
    if row is None:
        raise NotFound("You are no member of such an organisation.")
    return member_document(row)
