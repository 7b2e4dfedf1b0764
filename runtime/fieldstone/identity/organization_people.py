"""The people of the active organisation: listed, given roles, removed; each as whoever asks may by the door.

What the policies say of memberships, users, invitations and teams is what is seen here, too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Delete, Read, Update
from fieldstone.engine.outcome import Page
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import Internal, NotFound, PermissionDenied
from fieldstone.identity.invitations import INVITATIONS
from fieldstone.identity.membership import MEMBERS
from fieldstone.identity.organization_documents import (
    INVITATION_FIELDS,
    MEMBER_FIELDS,
    TEAM_FIELDS,
    FullOrganization,
    InvitationDocument,
    MemberDocument,
    MemberUser,
    TeamDocument,
    invitation_document,
    member_document,
)
from fieldstone.identity.organization_means import OrganizationMeans, active_organization, user_of
from fieldstone.identity.own_organizations import organization_document
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import shown

USER_FIELDS = ("id", "name", "email", "image")
MOST_MEMBERS = 500
"""How many members a full organisation shows."""

Readable = Collection[str]
"""The fields of a user that whoever asks may read."""


async def full_organization(with_: OrganizationMeans, caller: Caller, readable: Readable) -> FullOrganization:
    """Returns the active organisation with those of its members, invitations and teams that the caller sees."""
    organization_id = await active_organization(with_, caller)
    document = await organization_document(with_, organization_id)
    try:
        members, _ = await list_members(with_, caller, readable, MOST_MEMBERS, 0)
    except PermissionDenied:
        members = [await active_member(with_, caller, readable)]
    try:
        invitations = await list_invitations(with_, caller)
    except PermissionDenied:
        invitations = []
    try:
        teams = await list_teams(with_, caller)
    except PermissionDenied:
        teams = []
    known = {name: getattr(document, name) for name in document.__struct_fields__}
    return FullOrganization(**known, members=members, invitations=invitations, teams=teams)


async def active_member(with_: OrganizationMeans, caller: Caller, readable: Readable) -> MemberDocument:
    """Returns the caller's own membership."""
    place = {"user_id": user_of(caller), "organization_id": await active_organization(with_, caller)}
    row = await read_first(with_.means.execute, MEMBERS, place, MEMBER_FIELDS)
    if row is None:
        raise NotFound("You are no member any more.")
    return (await _with_users(with_, caller, readable, [row]))[0]


async def list_members(
    with_: OrganizationMeans, caller: Caller, readable: Readable, limit: int, offset: int
) -> tuple[list[MemberDocument], int]:
    """Returns a page of the members that the caller sees, the oldest first, and how many there are."""
    await active_organization(with_, caller)
    query = QueryDocument(fields=list(MEMBER_FIELDS), limit=limit, offset=offset)
    page = await with_.means.execute(Read(MEMBERS, query), caller)
    if not isinstance(page, Page):
        raise Internal(f"A read answered with {type(page).__name__}.")
    members = await _with_users(with_, caller, readable, page.records())
    return members, len(members) if page.total is None else page.total


async def list_invitations(with_: OrganizationMeans, caller: Caller) -> list[InvitationDocument]:
    """Returns the invitations that the caller sees, the oldest first; those that are over are swept away in time."""
    await active_organization(with_, caller)
    rows = await read_records(with_.means.execute, INVITATIONS, {}, INVITATION_FIELDS, caller)
    return [invitation_document(row) for row in rows]


async def list_teams(with_: OrganizationMeans, caller: Caller) -> list[TeamDocument]:
    """Returns the teams that the caller sees."""
    await active_organization(with_, caller)
    rows = await read_records(with_.means.execute, "sys_team", {}, TEAM_FIELDS, caller)
    return [TeamDocument(**row) for row in rows]


async def change_role(
    with_: OrganizationMeans, caller: Caller, readable: Readable, member_id: str, role: str
) -> MemberDocument:
    """Gives a member another role, and the permission set that comes with it; raises NotFound, PermissionDenied, Conflict."""
    await active_organization(with_, caller)
    await with_.means.execute(Update(MEMBERS, member_id, {"role": role}), caller)
    return await _seen_member(with_, caller, readable, {"id": member_id})


async def remove_member(
    with_: OrganizationMeans, caller: Caller, readable: Readable, member_id_or_email: str
) -> MemberDocument:
    """Ends a membership, named by its id or by the address of its user; raises NotFound, PermissionDenied, Conflict."""
    await active_organization(with_, caller)
    where: Mapping[str, Any] = {"id": member_id_or_email}
    if "@" in member_id_or_email:
        address = {"email": member_id_or_email.strip().lower()}
        user = await read_first(with_.means.execute, "sys_user", address, ("id",), caller)
        where = {"user_id": "" if user is None else user["id"]}
    member = await _seen_member(with_, caller, readable, where)
    await with_.means.execute(Delete(MEMBERS, member.id), caller)
    return member


async def _seen_member(
    with_: OrganizationMeans, caller: Caller, readable: Readable, where: Mapping[str, Any]
) -> MemberDocument:
    row = await read_first(with_.means.execute, MEMBERS, where, MEMBER_FIELDS, caller)
    if row is None:
        raise NotFound(f"No member `{shown(str(next(iter(where.values()))))}`.")
    return (await _with_users(with_, caller, readable, [row]))[0]


async def _with_users(
    with_: OrganizationMeans, caller: Caller, readable: Readable, rows: Sequence[Mapping[str, Any]]
) -> list[MemberDocument]:
    """Returns the documents of memberships, each with what the caller may read of its user."""
    fields = [name for name in USER_FIELDS if name in readable]
    users: dict[str, MemberUser] = {}
    if "id" in fields:
        where = {"id": {"$in": [row["user_id"] for row in rows]}}
        found = await read_records(with_.means.execute, "sys_user", where, fields, caller)
        users = {row["id"]: MemberUser(**row) for row in found}
    return [member_document(row, users.get(row["user_id"])) for row in rows]
