"""Membership: what comes with it, and what ends with it, by whichever road it is written.

A role that somebody gives brings its permission set along and takes that of the former one away. Who leaves leaves all that he held
here; no session of his stays in the organisation. Refuses to hand a membership over, and to remove those of a role above one's own.
"""

from contextlib import suppress

from fieldstone.access.caller import SYSTEM, system_for
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete, Update
from fieldstone.engine.records import create_records, read_first, read_records
from fieldstone.errors import FieldFault, Invalid, NotFound
from fieldstone.identity.roles import ROLE_SETS, check_gift, check_roles
from fieldstone.identity.windows import WINDOW
from fieldstone.registry.record_share import SHARES

MEMBERS = "sys_member"
GRANTS = "sys_user_permission_set"
HELD_BY_MEMBERS = (GRANTS, "sys_user_position", "sys_team_member", "sys_api_key")
"""What ends with a membership."""


async def keep_membership_in_place(_context: Context, change: Change) -> None:
    """Refuses to hand a membership over: what its user holds would stay behind."""
    if (
        change.previous is not None
        and change.values.get("user_id", change.previous["user_id"]) != change.previous["user_id"]
    ):
        fault = FieldFault("user_id", "invalid_value", "A membership stays with its user.")
        raise Invalid(fault.message, faults=[fault], hint="Delete it and make another.")


async def give_roles_that_are_held(context: Context, change: Change) -> None:
    """Refuses to give a role with more in it than the giver holds, and to touch a member above him."""
    previous = change.previous
    if previous is not None:
        check_roles(context.caller, previous["role"])
    if "role" in change.values and (previous is None or change.values["role"] != previous["role"]):
        check_gift(context.caller, change.values["role"])


async def remove_nobody_above(context: Context, change: Change) -> None:
    """Refuses to remove a member whose role is above the caller's own."""
    if change.previous is not None:
        check_roles(context.caller, change.previous["role"])


async def change_the_set_with_the_role(context: Context, change: Change) -> None:
    """Grants the set of a new role and takes back that of the old one; what the system writes says itself which sets are granted."""
    previous, role = change.previous, change.values.get("role")
    if context.caller.system or previous is None or role is None or role == previous["role"]:
        return
    place = {name: previous[name] for name in ("user_id", "organization_id")}
    system = system_for(context.caller)
    brought, taken = ROLE_SETS.get(role), ROLE_SETS.get(previous["role"])
    if brought is not None:
        held = await read_first(context.execute, GRANTS, {**place, "permission_set": brought}, ("id",))
        if held is None:
            grant = {"user_id": place["user_id"], "permission_set": brought}
            await create_records(context.execute, GRANTS, [grant], system)
        else:
            await context.execute(Update(GRANTS, held["id"], dict.fromkeys(WINDOW)), system)
    if taken is not None:
        held = await read_first(context.execute, GRANTS, {**place, "permission_set": taken}, ("id",))
        if held is not None:
            await context.execute(Delete(GRANTS, held["id"]), system)


async def end_rights_with_membership(context: Context, change: Change) -> None:
    """Takes back what somebody who left held here, his keys and what was shared with him, lest they come back with him."""
    if change.previous is None:
        return
    place = {name: change.previous[name] for name in ("user_id", "organization_id")}
    shared = {"recipient_id": place["user_id"], "organization_id": place["organization_id"]}
    for object_name in (*HELD_BY_MEMBERS, SHARES):
        where = shared if object_name == SHARES else place
        for record in await read_records(context.execute, object_name, where, ("id",)):
            with suppress(NotFound):
                await context.execute(Delete(object_name, record["id"]), SYSTEM)


async def leave_with_every_session(context: Context, change: Change) -> None:
    """Takes the sessions of somebody who left out of the organisation: should he come back, he enters it anew."""
    if change.previous is None:
        return
    place = {
        "user_id": change.previous["user_id"],
        "active_organization_id": change.previous["organization_id"],
    }
    for session in await read_records(context.execute, "sys_session", place, ("id",)):
        with suppress(NotFound):
            await context.execute(Update("sys_session", session["id"], {"active_organization_id": None}), SYSTEM)


MEMBERSHIP_HOOKS = (
    Hook("keep_membership_in_place", MEMBERS, "before_update", keep_membership_in_place),
    Hook("give_roles_that_are_held", MEMBERS, "before_create", give_roles_that_are_held),
    Hook("give_roles_that_are_held", MEMBERS, "before_update", give_roles_that_are_held),
    Hook("remove_nobody_above", MEMBERS, "before_delete", remove_nobody_above),
    Hook("change_the_set_with_the_role", MEMBERS, "after_update", change_the_set_with_the_role),
    Hook("end_rights_with_membership", MEMBERS, "after_delete", end_rights_with_membership),
    Hook("leave_with_every_session", MEMBERS, "after_delete", leave_with_every_session),
)
"""The hooks of `sys_member`, in their order."""
