"""Placing: who is put where, for where people stand decides what they and those around them see.

The objects ask for the capability `manage_org_users`. Even so nobody but an administrator places himself, puts anybody under himself or
into his own unit, moves the units around his own, or gives a role above his own.
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.errors import PermissionDenied
from fieldstone.identity.placement import managers_above, units_above
from fieldstone.identity.roles import is_free

MEMBERS, UNITS, TEAM_MEMBERS = "sys_member", "sys_business_unit", "sys_team_member"
_PLACES = ("user_id", "business_unit_id", "manager_id", "role", "active")


async def place_others_elsewhere(context: Context, change: Change) -> None:
    """Refuses to place oneself, and others below oneself or in one's own unit."""
    if is_free(context.caller) or change.values.keys().isdisjoint(_PLACES):
        return
    caller = context.caller
    previous = change.previous or {}
    if previous.get("user_id", change.values.get("user_id")) == caller.id:
        raise PermissionDenied("Nobody places himself: somebody else says where he stands.")
    own = await _membership(context.execute, caller)
    manager_id, unit_id = change.values.get("manager_id"), change.values.get("business_unit_id")
    if manager_id is not None and own["id"] in await managers_above(context.execute, manager_id):
        raise PermissionDenied("Nobody puts others below himself: he would see what is theirs.")
    if unit_id is not None and own["business_unit_id"] in await units_above(context.execute, unit_id):
        raise PermissionDenied("Nobody puts others into his own unit: he would see what is theirs.")


async def join_no_team_oneself(context: Context, change: Change) -> None:
    """Refuses to make oneself a member of a team."""
    if not is_free(context.caller) and change.values.get("user_id") == context.caller.id:
        raise PermissionDenied("Nobody puts himself into a team: he would see what is shared with it.")
    if not is_free(context.caller) and (change.previous or {}).get("user_id") == context.caller.id:
        raise PermissionDenied("Nobody moves himself to another team.")


async def keep_units_around_oneself(context: Context, change: Change) -> None:
    """Refuses to move a unit into one's own, and one's own, or one around it, to elsewhere."""
    if is_free(context.caller) or "parent_id" not in change.values:
        return
    unit_id = (await _membership(context.execute, context.caller))["business_unit_id"]
    if unit_id is None:
        return
    parent_id = change.values["parent_id"]
    moves_own = change.id in await units_above(context.execute, unit_id)
    into_own = parent_id is not None and unit_id in await units_above(context.execute, parent_id)
    if moves_own or into_own:
        raise PermissionDenied("Nobody moves units around his own: he would see what is theirs.")


async def stands_beyond(context: Context, user_id: str, organization_id: str) -> bool:
    """Tells whether somebody sees by where he stands what the caller may not: by a team, a unit, or those who report to him."""
    place = {"user_id": user_id, "organization_id": organization_id}
    execute, own = context.execute, await _membership(context.execute, context.caller)
    other = await read_first(execute, MEMBERS, place, ("id", "business_unit_id"))
    if other is None:
        return False
    teams, own_teams = await _teams(execute, user_id, own), await _teams(execute, str(context.caller.id), own)
    leads = await read_first(execute, MEMBERS, {"manager_id": other["id"]}, ("id",)) is not None
    return (
        not teams <= own_teams
        or other["business_unit_id"] not in (None, own["business_unit_id"])
        or (leads and own["id"] not in await managers_above(execute, other["id"]))
    )


async def _membership(execute: Execute, caller: Caller) -> Mapping[str, Any]:
    place = {"user_id": caller.id, "organization_id": caller.organization_id}
    row = await read_first(execute, MEMBERS, place, ("id", "organization_id", "business_unit_id"))
    if row is None:
        raise PermissionDenied("Only members place people.")
    return row


async def _teams(execute: Execute, user_id: str, own: Mapping[str, Any]) -> set[str]:
    place = {"user_id": user_id, "organization_id": own["organization_id"]}
    return {row["team_id"] for row in await read_records(execute, TEAM_MEMBERS, place, ("team_id",))}


PLACING_HOOKS = (
    Hook("place_others_elsewhere", MEMBERS, "before_create", place_others_elsewhere),
    Hook("place_others_elsewhere", MEMBERS, "before_update", place_others_elsewhere),
    Hook("join_no_team_oneself", TEAM_MEMBERS, "before_create", join_no_team_oneself),
    Hook("join_no_team_oneself", TEAM_MEMBERS, "before_update", join_no_team_oneself),
    Hook("keep_units_around_oneself", UNITS, "before_update", keep_units_around_oneself),
)
