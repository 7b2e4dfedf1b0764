"""What the platform's own objects insist on whenever they are written, by whichever road.

Joins a new user to his maker's organisation, ends what hangs on a password, and refuses: an account taken over, a time zone that there
is not. What is insisted on when rights are given stands in `granting.py`, when people are placed in `placing.py`, of memberships in
`membership.py`, of an organisation that ends in `organization_end.py`, of administrators in `administrators.py`, of API keys in
`key_hooks.py`, of second factors in `second_factor_hooks.py`, of owners in `ownership.py`.
"""

from zoneinfo import available_timezones

from fieldstone.access.caller import ADMINISTRATOR, SYSTEM, system_in
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete
from fieldstone.engine.records import create_records, read_first, read_records
from fieldstone.errors import FieldFault, Invalid, PermissionDenied
from fieldstone.identity.administrators import ADMINISTRATOR_HOOKS
from fieldstone.identity.granting import granting_hooks
from fieldstone.identity.holdings import load_all_given
from fieldstone.identity.key_hooks import KEY_HOOKS
from fieldstone.identity.membership import MEMBERSHIP_HOOKS
from fieldstone.identity.organization_end import organization_hooks
from fieldstone.identity.ownership import ownership_hooks
from fieldstone.identity.placing import PLACING_HOOKS, stands_beyond
from fieldstone.identity.second_factor_hooks import SECOND_FACTOR_HOOKS
from fieldstone.identity.sessions import close_sessions
from fieldstone.identity.verification import drop_verifications
from fieldstone.query.cel.calendar import is_zone
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.record_share import RECIPIENTS, SHARES

ACCOUNT_FIELDS = frozenset({"email", "password", "active", "two_factor_enabled"})
"""What lets somebody in, or keeps him out."""


def identity_hooks(catalog: Catalog) -> tuple[Hook, ...]:
    """Returns the hooks of the platform's objects, in their order."""
    return (
        Hook("join_makers_organization", "sys_user", "after_create", join_makers_organization),
        Hook("keep_out_of_other_accounts", "sys_user", "before_update", keep_out_of_other_accounts),
        Hook("keep_out_of_other_accounts", "sys_user", "before_delete", keep_out_of_other_accounts),
        *MEMBERSHIP_HOOKS,
        *ADMINISTRATOR_HOOKS,
        Hook("doubt_a_new_address", "sys_user", "before_update", doubt_a_new_address),
        Hook("end_sessions", "sys_user", "after_update", end_sessions),
        Hook("end_verifications", "sys_user", "after_update", end_verifications),
        Hook("check_timezone", "sys_organization", "before_create", check_timezone),
        Hook("check_timezone", "sys_organization", "before_update", check_timezone),
        *PLACING_HOOKS,
        *organization_hooks(catalog),
        *(Hook("end_shares", name, "after_delete", end_shares) for name in RECIPIENTS.values() if name != "sys_user"),
        *granting_hooks(catalog),
        *ownership_hooks(catalog),
        *SECOND_FACTOR_HOOKS,
        *KEY_HOOKS,
    )


async def join_makers_organization(context: Context, change: Change) -> None:
    """Makes a new user a member of his maker's active organisation; only the system makes users outside any.

    Whoever makes himself by an invitation becomes the member that he was asked to be by what is written beside.
    """
    organization_id = context.caller.organization_id
    if organization_id is not None and context.caller.id != change.id:
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
    place = str(caller.organization_id)
    given = await load_all_given(context.execute, change.id, place)
    beyond = not (given.sets.keys() <= caller.sets and given.positions.keys() <= set(caller.values["positions"]))
    if beyond or await stands_beyond(context, change.id, place):
        raise PermissionDenied("Nobody takes over an account that reaches further than his own.")


async def end_sessions(context: Context, change: Change) -> None:
    """Ends every session of a user whose password was changed, and of one who is suspended: being let in again brings none back."""
    himself = context.caller.system and context.caller.id == change.id
    if ("password" in change.values and not himself) or change.values.get("active") is False:
        await close_sessions(context.execute, change.id)


async def doubt_a_new_address(context: Context, change: Change) -> None:
    """Makes an address that somebody else has entered an unverified one."""
    if "email" in change.values and not context.caller.system:
        change.values["email_verified"] = False


async def end_verifications(context: Context, change: Change) -> None:
    """Makes every link void that went out in mails, when a password or an address is new, or its user suspended."""
    if not ACCOUNT_FIELDS.isdisjoint(change.values):
        await drop_verifications(context.execute, change.id)


async def check_timezone(_context: Context, change: Change) -> None:
    """Refuses a time zone that there is not."""
    name = change.values.get("timezone")
    if name is not None and not is_zone(name):
        fault = FieldFault("timezone", "invalid_value", f"There is no time zone `{shown(name)}`.")
        raise Invalid(fault.message, faults=[fault], hint=did_you_mean(name, available_timezones()))


async def end_shares(context: Context, change: Change) -> None:
    """Takes back what was shared with a team, a position or a business unit that is gone."""
    for share in await read_records(context.execute, SHARES, {"recipient_id": change.id}, ("id",)):
        await context.execute(Delete(SHARES, share["id"]), SYSTEM)
