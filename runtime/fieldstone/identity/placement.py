"""Placement: where a member stands among the others. His teams, his business unit with those around it, and who reports to him.

What takes a look at many members is loaded for those alone whose permission sets ask for it (`PermissionSet.caller_values`).
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.query.cel.context import FELLOWS, REPORTS

ACTIVE_MEMBER: Mapping[str, Any] = {"active": {"$ne": False}}
"""The condition that a membership counts."""

_AT_ONCE = 500


async def load_placement(
    execute: Execute, member: Mapping[str, Any], wanted: frozenset[str]
) -> Mapping[str, str | tuple[str, ...] | None]:
    """Returns the values of a caller that tell where he stands, among them those that only some want."""
    place = {"user_id": member["user_id"], "organization_id": member["organization_id"]}
    teams = await read_records(execute, "sys_team_member", place, ("team_id",))
    unit_id = member["business_unit_id"]
    values: dict[str, str | tuple[str, ...] | None] = {
        "team_ids": tuple(row["team_id"] for row in teams),
        "business_unit_id": unit_id,
        "unit_ids_below": () if unit_id is None else (unit_id, *await _below(execute, "sys_business_unit", unit_id)),
        "unit_ids_above": () if unit_id is None else await units_above(execute, unit_id),
    }
    if REPORTS in wanted:
        values[REPORTS] = await load_reports(execute, member["id"])
    if FELLOWS in wanted:
        where = {"organization_id": member["organization_id"]}
        fellows = await read_records(execute, "sys_member", where, ("user_id",))
        values[FELLOWS] = tuple(row["user_id"] for row in fellows)
    return values


async def load_reports(execute: Execute, member_id: str) -> tuple[str, ...]:
    """Returns the users who report to a member, over however many others."""
    below = list(await _below(execute, "sys_member", member_id))
    users: list[str] = []
    for start in range(0, len(below), _AT_ONCE):
        where = {"id": {"$in": below[start : start + _AT_ONCE]}}
        users += [row["user_id"] for row in await read_records(execute, "sys_member", where, ("user_id",))]
    return tuple(users)


async def units_above(execute: Execute, unit_id: str) -> tuple[str, ...]:
    """Returns a unit and those that it is a part of, from within outwards."""
    return await _above(execute, "sys_business_unit", unit_id)


async def managers_above(execute: Execute, member_id: str) -> tuple[str, ...]:
    """Returns a membership and those to whom it reports, from below upwards."""
    return await _above(execute, "sys_member", member_id)


_PARENTS = {"sys_business_unit": "parent_id", "sys_member": "manager_id"}


async def _above(execute: Execute, object_name: str, record_id: str) -> tuple[str, ...]:
    """Returns a record and those above it in its tree."""
    above: dict[str, None] = {}
    current: str | None = record_id
    while current is not None and current not in above:
        above[current] = None
        row = await read_first(execute, object_name, {"id": current}, (_PARENTS[object_name],))
        current = row[_PARENTS[object_name]] if row else None
    return tuple(above)


async def _below(execute: Execute, object_name: str, record_id: str) -> tuple[str, ...]:
    """Returns the records below one in its tree, level by level."""
    found: dict[str, None] = {}
    level = [record_id]
    while level:
        fresh: dict[str, None] = {}
        for start in range(0, len(level), _AT_ONCE):
            where = {_PARENTS[object_name]: {"$in": level[start : start + _AT_ONCE]}}
            rows = await read_records(execute, object_name, where, ("id",))
            fresh |= dict.fromkeys(row["id"] for row in rows if row["id"] not in found)
        found |= fresh
        level = list(fresh)
    return tuple(found)
