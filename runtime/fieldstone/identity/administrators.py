"""Administrators: an organisation keeps at least one, for good, whatever is written.

Counted are active members who hold the set by a grant that is open and has no end: a right that will pass keeps nobody in charge.
"""

from fieldstone.access.caller import ADMINISTRATOR
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import Conflict
from fieldstone.identity.placement import ACTIVE_MEMBER
from fieldstone.identity.windows import WINDOW, is_open

GRANTS = "sys_user_permission_set"
_KEPT = ("user_id", "permission_set", *WINDOW)
"""What of an administrator's grant cannot be changed without another administrator."""


async def keep_an_administrator_active(context: Context, change: Change) -> None:
    """Refuses to suspend the last administrator of an organisation."""
    if change.values.get("active", True) is not True:
        await keep_an_administrator_there(context, change)


async def keep_an_administrator_there(context: Context, change: Change) -> None:
    """Refuses to delete the last administrator of an organisation."""
    condition = {"user_id": change.id, "permission_set": ADMINISTRATOR}
    for held in await read_records(context.execute, GRANTS, condition, ("organization_id",)):
        await _require_another(context, held["organization_id"], change.id)


async def keep_an_administrator_member(context: Context, change: Change) -> None:
    """Refuses to remove the last administrator from his organisation."""
    if change.previous is not None:
        await _require_another(context, change.previous["organization_id"], change.previous["user_id"])


async def keep_an_administrator_among_members(context: Context, change: Change) -> None:
    """Refuses to make the last administrator a member who is not active."""
    if change.values.get("active", True) is not True:
        await keep_an_administrator_member(context, change)


async def keep_an_administrator_granted(context: Context, change: Change) -> None:
    """Refuses to take an organisation's last administrator's right, by deleting or by rewriting the grant."""
    previous = change.previous
    if previous is None or previous["permission_set"] != ADMINISTRATOR:
        return
    if not change.values or any(change.values.get(name, previous[name]) != previous[name] for name in _KEPT):
        await _require_another(context, previous["organization_id"], previous["user_id"])


async def _require_another(context: Context, organization_id: str, user_id: str) -> None:
    """Raises Conflict unless somebody else, an active member, is an administrator of the organisation, or this user is none.

    One that has ended needs nobody.
    """
    if await read_first(context.execute, "sys_organization", {"id": organization_id}, ("id",)) is None:
        return
    if user_id not in await _administrators(context, organization_id):
        return
    await context.take_turn()
    others = list(await _administrators(context, organization_id) - {user_id})
    if others:
        active = {"id": {"$in": others}, "active": True}
        users = await read_records(context.execute, "sys_user", active, ("id",))
        staying = {
            "user_id": {"$in": [user["id"] for user in users]},
            "organization_id": organization_id,
            **ACTIVE_MEMBER,
        }
        if users and await read_first(context.execute, "sys_member", staying, ("id",)) is not None:
            return
    raise Conflict(
        "An organisation keeps at least one administrator.", hint=f"Grant `{ADMINISTRATOR}` to somebody else first."
    )


async def _administrators(context: Context, organization_id: str) -> set[str]:
    held = {"permission_set": ADMINISTRATOR, "organization_id": organization_id, "valid_until": None}
    rows = await read_records(context.execute, GRANTS, held, ("user_id", *WINDOW))
    return {row["user_id"] for row in rows if is_open(row, context.now)}


ADMINISTRATOR_HOOKS = (
    Hook("keep_an_administrator_active", "sys_user", "before_update", keep_an_administrator_active),
    Hook("keep_an_administrator_there", "sys_user", "before_delete", keep_an_administrator_there),
    Hook("keep_an_administrator_among_members", "sys_member", "before_update", keep_an_administrator_among_members),
    Hook("keep_an_administrator_member", "sys_member", "before_delete", keep_an_administrator_member),
    Hook("keep_an_administrator_granted", GRANTS, "before_update", keep_an_administrator_granted),
    Hook("keep_an_administrator_granted", GRANTS, "before_delete", keep_an_administrator_granted),
)
