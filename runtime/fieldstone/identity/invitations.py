"""Invitations: somebody is asked by mail to join the active organisation, in a role and into teams.

The token of the mail is stored as a hash. It holds for a while, once, for whoever is signed in under the verified address that was
asked, and only as long as the inviter may still give what he promised. Whatever is wrong with it is told alike.
"""

import msgspec

from fieldstone.access.caller import SYSTEM, Caller, system_as, system_for
from fieldstone.clock import later
from fieldstone.engine.operation import Create, SendMail, Together, Update
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import (
    ConcurrentUpdate,
    Conflict,
    EmailNotVerified,
    FieldFault,
    Invalid,
    NotFound,
    PermissionDenied,
    UniqueViolation,
)
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.local_path import with_query
from fieldstone.identity.means import Means, normal, require_mail
from fieldstone.identity.membership import GRANTS, MEMBERS
from fieldstone.identity.organization_documents import INVITATION_FIELDS, InvitationDocument, invitation_document
from fieldstone.identity.organization_means import OrganizationMeans, active_organization, manages, require_manager
from fieldstone.identity.organizations import organization_name
from fieldstone.identity.roles import RANKS, ROLE_SETS, check_gift, check_roles
from fieldstone.identity.tokens import hash_token, new_session_token
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.names import did_you_mean, shown

INVITATIONS = "sys_invitation"
TEAMS = "sys_team"
HOUR = 3600


class Asked(msgspec.Struct, frozen=True):
    """Who is asked, to which role and which teams; `languages` are those that he may prefer."""

    email: str
    role: str
    team_ids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """An invitation that holds, with its version and the name of its organisation."""

    invitation: InvitationDocument
    version: int
    organization: str
    inviter_email: str


async def invite(with_: OrganizationMeans, caller: Caller, asked: Asked) -> InvitationDocument:
    """Sends an invitation, which takes the place of an earlier one to the same address.

    Raises NotOffered, PermissionDenied, RateLimited, Invalid, and Conflict for somebody who is a member already.
    """
    means = with_.means
    links = require_mail(means)
    organization_id = await active_organization(with_, caller)
    require_manager(with_, caller)
    email = normal(asked.email)
    await means.throttle.admit(f"inviter {caller.id}", f"invited {hash_token(email)}")
    await _check(with_, caller, asked, email)
    await _refuse_member(means, email, organization_id)
    token, now, invitation_id = new_session_token(), means.clock(), means.new_id()
    hours = with_.declared.invitation_hours
    row = {
        "id": invitation_id,
        "email": email,
        "role": asked.role,
        "team_ids": list(dict.fromkeys(asked.team_ids)),
        "inviter_id": caller.id,
        "token_hash": hash_token(token),
        "expires_at": later(now, hours * HOUR),
    }
    inviter = await read_first(means.execute, "sys_user", {"id": caller.id}, ("name",))
    values = {
        "app": means.app,
        "inviter": "" if inviter is None else inviter["name"],
        "organization": await organization_name(means.execute, organization_id),
        "url": with_query(links.base + with_.declared.invitation_page, invitationId=token),
        "hours": str(hours),
    }
    pending = {"organization_id": organization_id, "email": email, "status": "pending"}
    earlier = await read_records(means.execute, INVITATIONS, pending, ("id",))
    voided = tuple(Update(INVITATIONS, one["id"], {"status": "canceled"}) for one in earlier)
    mail = SendMail("invitation", email, values, asked.languages)
    await means.execute(Together((*voided, Create(INVITATIONS, (row,)), mail)), system_for(caller))
    return await _document(means, invitation_id)


async def cancel(with_: OrganizationMeans, caller: Caller, invitation_id: str) -> InvitationDocument:
    """Takes an invitation of the active organisation back; raises NotFound, PermissionDenied, Conflict."""
    await active_organization(with_, caller)
    require_manager(with_, caller)
    where = {"id": invitation_id}
    found = await read_first(with_.means.execute, INVITATIONS, where, ("id", "role", "status", "version"), caller)
    if found is None:
        raise NotFound(f"No invitation `{shown(invitation_id)}`.")
    check_roles(caller, found["role"])
    if found["status"] != "pending":
        raise Conflict("The invitation is not pending any more.", details={"status": found["status"]})
    change = Update(INVITATIONS, found["id"], {"status": "canceled"}, found["version"])
    await with_.means.execute(change, system_for(caller))
    return await _document(with_.means, found["id"])


async def look(with_: OrganizationMeans, session: SessionDocument, token: str) -> Opened:
    """Returns what the user is asked to; raises RateLimited, EmailNotVerified, and Invalid for whatever does not hold."""
    await with_.means.throttle.admit(f"invitee {session.user.id}")
    opened = await find_invitation(with_, token, session.user.email)
    if not session.user.email_verified:
        raise EmailNotVerified("Your e-mail address is not verified yet.", hint="Ask for another mail with a link.")
    return opened


async def find_invitation(with_: OrganizationMeans, token: str, email: str | None = None) -> Opened:
    """Returns the invitation of a token, of a certain address if one is given; raises Invalid for whatever does not hold."""
    means = with_.means
    pending = {"token_hash": hash_token(token), "status": "pending", "expires_at": {"$gt": means.clock()}}
    row = await read_first(means.execute, INVITATIONS, pending, (*INVITATION_FIELDS, "version"))
    if row is None or (email is not None and row["email"] != normal(email)):
        raise invitation_not_valid()
    inviter = await with_.identity.member(row["inviter_id"], row["organization_id"])
    if inviter is None or not manages(with_, inviter) or not _may_give(inviter, row["role"]):
        raise invitation_not_valid()
    version = row.pop("version")
    name = await organization_name(means.execute, row["organization_id"])
    return Opened(invitation_document(row), version, name, str(inviter.values["email"]))


async def is_invited(means: Means, email: str) -> bool:
    """Tells whether an address is asked to join any organisation at present."""
    pending = {"email": normal(email), "status": "pending", "expires_at": {"$gt": means.clock()}}
    return await read_first(means.execute, INVITATIONS, pending, ("id",)) is not None


async def accept(with_: OrganizationMeans, session: SessionDocument, token: str) -> InvitationDocument:
    """Makes the user a member as he was asked to be, and the organisation the active one of his session.

    Raises RateLimited, EmailNotVerified, Invalid, and Conflict for somebody who is a member already.
    """
    opened = await look(with_, session, token)
    means, invitation = with_.means, opened.invitation
    place = {"user_id": session.user.id, "organization_id": invitation.organization_id}
    if await read_first(means.execute, MEMBERS, place, ("id",)) is not None:
        raise Conflict("You are a member already.")
    entered = Update("sys_session", session.session.id, {"active_organization_id": invitation.organization_id})
    writes = (*await joining(means, opened, session.user.id), entered)
    newcomer = system_as(session.user.id, invitation.organization_id)
    try:
        await means.execute(Together(writes), newcomer)
    except (ConcurrentUpdate, UniqueViolation, NotFound):
        raise invitation_not_valid() from None
    return await _document(means, invitation.id)


async def joining(means: Means, opened: Opened, user_id: str) -> tuple[Create | Update, ...]:
    """Returns the writes that use an invitation up and make a user the member that he was asked to be."""
    invitation, user = opened.invitation, {"user_id": user_id}
    existing = {"id": {"$in": invitation.team_ids}, "organization_id": invitation.organization_id}
    teams = await read_records(means.execute, TEAMS, existing, ("id",))
    brought = ROLE_SETS.get(invitation.role)
    return (
        Update(INVITATIONS, invitation.id, {"status": "accepted"}, opened.version),
        Create(MEMBERS, ({**user, "role": invitation.role},)),
        *(() if brought is None else (Create(GRANTS, ({**user, "permission_set": brought},)),)),
        *(Create("sys_team_member", ({**user, "team_id": team["id"]},)) for team in teams),
    )


async def reject(with_: OrganizationMeans, session: SessionDocument, token: str) -> InvitationDocument:
    """Turns an invitation down, which ends it; raises RateLimited, EmailNotVerified, Invalid."""
    opened = await look(with_, session, token)
    change = Update(INVITATIONS, opened.invitation.id, {"status": "rejected"}, opened.version)
    try:
        await with_.means.execute(change, SYSTEM)
    except (ConcurrentUpdate, NotFound):
        raise invitation_not_valid() from None
    return await _document(with_.means, opened.invitation.id)


async def _check(with_: OrganizationMeans, caller: Caller, asked: Asked, email: str) -> None:
    """Raises Invalid with every fault of what is asked, PermissionDenied for a role that the caller cannot give."""
    faults: list[FieldFault] = []
    try:
        with_.means.fields["email"].reader(email)
    except Rejected as rejected:
        faults.append(FieldFault("email", rejected.code, f"{rejected.message}."))
    if asked.role not in RANKS:
        hint = did_you_mean(asked.role, RANKS) or f"It is one of {', '.join(RANKS)}."
        faults.append(FieldFault("role", "invalid_value", f"No role `{shown(asked.role)}`. {hint}"))
    if asked.team_ids:
        known = {"id": {"$in": list(asked.team_ids)}}
        found = {row["id"] for row in await read_records(with_.means.execute, TEAMS, known, ("id",), caller)}
        absent = [team_id for team_id in asked.team_ids if team_id not in found]
        faults += [FieldFault("teamId", "invalid_value", f"No team `{shown(team_id)}`.") for team_id in absent]
    if faults:
        raise Invalid(faults[0].message if len(faults) == 1 else "Some values are not valid.", faults=faults)
    check_gift(caller, asked.role)


async def _refuse_member(means: Means, email: str, organization_id: str) -> None:
    user = await read_first(means.execute, "sys_user", {"email": email}, ("id",))
    if user is None:
        return
    place = {"user_id": user["id"], "organization_id": organization_id}
    if await read_first(means.execute, MEMBERS, place, ("id",)) is not None:
        raise Conflict("This user is a member already.")


def _may_give(inviter: Caller, role: str) -> bool:
    try:
        check_gift(inviter, role)
    except PermissionDenied:
        return False
    return True


async def _document(means: Means, invitation_id: str) -> InvitationDocument:
    row = await read_first(means.execute, INVITATIONS, {"id": invitation_id}, INVITATION_FIELDS)
    if row is None:
        raise invitation_not_valid()
    return invitation_document(row)


def invitation_not_valid() -> Invalid:
    """Returns the refusal of an invitation, whatever is wrong with it."""
    return Invalid(
        "The invitation is over, was used, is another's, or never was.",
        reason="INVALID_INVITATION",
        hint="Sign in under the address that was invited, or ask for another invitation.",
    )
