"""What the platform's own objects insist on whenever they are written, by whichever road.

Joins a new user to his maker's organisation, ends what hangs on a membership or a password, and refuses: a grant of an
undeclared set, a grant beyond what its giver holds, an account taken over, an organisation without an administrator or in a time zone
that there is not. What API keys insist on stands in `key_hooks.py`.
"""

from contextlib import suppress
from zoneinfo import available_timezones

from fieldstone.access.caller import SYSTEM, system_in
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete
from fieldstone.engine.records import create_records, read_first, read_records
from fieldstone.errors import Conflict, FieldFault, Invalid, NotFound, PermissionDenied
from fieldstone.identity.bootstrap import ADMINISTRATOR
from fieldstone.identity.key_hooks import KEY_HOOKS
from fieldstone.identity.sessions import close_sessions
from fieldstone.query.cel.calendar import is_zone
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.record_share import RECIPIENTS, SHARES

ACCOUNT_FIELDS = frozenset({"email", "password", "active"})
"""What lets somebody in, or keeps him out."""

HELD_BY_MEMBERS = ("sys_user_permission_set", "sys_user_position", "sys_team_member", "sys_api_key")
"""What ends with a membership."""


def identity_hooks(catalog: Catalog) -> tuple[Hook, ...]:
    """Returns the hooks of the platform's objects, in their order."""

    async def check_set_name(_context: Context, change: Change) -> None:
        name = change.values.get("permission_set")
        if name is not None and name not in catalog.permissions:
            raise _unknown_set(name, catalog)

    grants = "sys_user_permission_set"
    return (
        Hook("join_makers_organization", "sys_user", "after_create", join_makers_organization),
        Hook("keep_out_of_other_accounts", "sys_user", "before_update", keep_out_of_other_accounts),
        Hook("keep_out_of_other_accounts", "sys_user", "before_delete", keep_out_of_other_accounts),
        Hook("keep_an_administrator_active", "sys_user", "before_update", keep_an_administrator_active),
        Hook("keep_an_administrator_there", "sys_user", "before_delete", keep_an_administrator_there),
        Hook("end_sessions", "sys_user", "after_update", end_sessions),
        Hook("check_timezone", "sys_organization", "before_create", check_timezone),
        Hook("check_timezone", "sys_organization", "before_update", check_timezone),
        Hook("keep_membership_in_place", "sys_member", "before_update", keep_membership_in_place),
        Hook("keep_an_administrator_member", "sys_member", "before_delete", keep_an_administrator_member),
        Hook("end_rights_with_membership", "sys_member", "after_delete", end_rights_with_membership),
        *(Hook("end_shares", name, "after_delete", end_shares) for name in RECIPIENTS.values() if name != "sys_user"),
        Hook("grant_only_what_is_held", grants, "before_create", grant_only_what_is_held),
        Hook("grant_only_what_is_held", grants, "before_update", grant_only_what_is_held),
        Hook("check_set_name", grants, "before_create", check_set_name),
        Hook("check_set_name", grants, "before_update", check_set_name),
        Hook("keep_an_administrator_granted", grants, "before_update", keep_an_administrator_granted),
        Hook("keep_an_administrator_granted", grants, "before_delete", keep_an_administrator_granted),
        *KEY_HOOKS,
    )


async def join_makers_organization(context: Context, change: Change) -> None:
    """Makes a new user a member of his maker's active organisation; only the system makes users outside any."""
    organization_id = context.caller.organization_id
    if organization_id is not None:
        row = {"user_id": change.id}
        await create_records(context.execute, "sys_member", [row], system_in(organization_id))


async def keep_out_of_other_accounts(context: Context, change: Change) -> None:
    """Refuses to touch the account of somebody who is a member elsewhere, or to take over one that holds more than the caller.

    A password, an address or a suspension crosses the wall with its user, and takes or bars all that he holds.
    """
    caller = context.caller
    if caller.system or caller.id == change.id:
        return
    elsewhere = {"user_id": change.id, "organization_id": {"$ne": caller.organization_id}}
    if await read_first(context.execute, "sys_member", elsewhere, ("id",)) is not None:
        raise PermissionDenied("This account belongs to another organisation too: only its user changes it.")
    if ADMINISTRATOR in caller.sets or (change.values and ACCOUNT_FIELDS.isdisjoint(change.values)):
        return
    condition = {"user_id": change.id, "organization_id": caller.organization_id}
    held = await read_records(context.execute, "sys_user_permission_set", condition, ("permission_set",))
    if not caller.sets.issuperset(row["permission_set"] for row in held):
        raise PermissionDenied("Nobody takes over an account that holds more than his own.")


async def keep_an_administrator_active(context: Context, change: Change) -> None:
    """Refuses to suspend the last administrator of an organisation."""
    if change.values.get("active", True) is not True:
        await keep_an_administrator_there(context, change)


async def keep_an_administrator_there(context: Context, change: Change) -> None:
    """Refuses to delete the last administrator of an organisation."""
    condition = {"user_id": change.id, "permission_set": ADMINISTRATOR}
    for held in await read_records(context.execute, "sys_user_permission_set", condition, ("organization_id",)):
        await _require_another(context, held["organization_id"], change.id)


async def end_sessions(context: Context, change: Change) -> None:
    """Ends every session of a user whose password was changed, and of one who is suspended: being let in again brings none back."""
    if "password" in change.values or change.values.get("active") is False:
        await close_sessions(context.execute, change.id)


async def check_timezone(_context: Context, change: Change) -> None:
    """Refuses a time zone that there is not."""
    name = change.values.get("timezone")
    if name is not None and not is_zone(name):
        fault = FieldFault("timezone", "invalid_value", f"There is no time zone `{shown(name)}`.")
        raise Invalid(fault.message, faults=[fault], hint=did_you_mean(name, available_timezones()))


async def keep_membership_in_place(_context: Context, change: Change) -> None:
    """Refuses to hand a membership over: what its user holds would stay behind."""
    if (
        change.previous is not None
        and change.values.get("user_id", change.previous["user_id"]) != change.previous["user_id"]
    ):
        fault = FieldFault("user_id", "invalid_value", "A membership stays with its user.")
        raise Invalid(fault.message, faults=[fault], hint="Delete it and make another.")


async def keep_an_administrator_member(context: Context, change: Change) -> None:
    """Refuses to remove the last administrator from his organisation."""
    if change.previous is not None:
        await _require_another(context, change.previous["organization_id"], change.previous["user_id"])


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


async def end_shares(context: Context, change: Change) -> None:
    """Takes back what was shared with a team, a position or a business unit that is gone."""
    for share in await read_records(context.execute, SHARES, {"recipient_id": change.id}, ("id",)):
        await context.execute(Delete(SHARES, share["id"]), SYSTEM)


async def grant_only_what_is_held(context: Context, change: Change) -> None:
    """Refuses to hand out a set that the giver does not hold, unless he is an administrator; so it is with a grant made over."""
    caller = context.caller
    name = {**(change.previous or {}), **change.values}.get("permission_set")
    if caller.system or ADMINISTRATOR in caller.sets or name is None or name in caller.sets:
        return
    raise PermissionDenied("Nobody grants more than he holds.", details={"permission_set": name})


async def keep_an_administrator_granted(context: Context, change: Change) -> None:
    """Refuses to take an organisation's last administrator's right, by deleting or by rewriting the grant."""
    previous = change.previous
    if previous is None or previous["permission_set"] != ADMINISTRATOR:
        return
    kept = {name: previous[name] for name in ("user_id", "permission_set")}
    if not change.values or kept | {name: change.values.get(name, kept[name]) for name in kept} != kept:
        await _require_another(context, previous["organization_id"], previous["user_id"])


async def _require_another(context: Context, organization_id: str, user_id: str) -> None:
    """Raises Conflict unless somebody else, an active member, is an administrator of the organisation, or this user is none."""
    if user_id not in await _administrators(context, organization_id):
        return
    await context.take_turn()
    others = list(await _administrators(context, organization_id) - {user_id})
    if others:
        active = {"id": {"$in": others}, "active": True}
        users = await read_records(context.execute, "sys_user", active, ("id",))
        staying = {"user_id": {"$in": [user["id"] for user in users]}, "organization_id": organization_id}
        if users and await read_first(context.execute, "sys_member", staying, ("id",)) is not None:
            return
    raise Conflict(
        "An organisation keeps at least one administrator.", hint=f"Grant `{ADMINISTRATOR}` to somebody else first."
    )


async def _administrators(context: Context, organization_id: str) -> set[str]:
    held = {"permission_set": ADMINISTRATOR, "organization_id": organization_id}
    return {
        row["user_id"] for row in await read_records(context.execute, "sys_user_permission_set", held, ("user_id",))
    }


def _unknown_set(name: str, catalog: Catalog) -> Invalid:
    message = f"No permission set `{shown(name)}` is declared."
    fault = FieldFault("permission_set", "invalid_value", message)
    return Invalid(message, faults=[fault], hint=did_you_mean(name, catalog.permissions))
