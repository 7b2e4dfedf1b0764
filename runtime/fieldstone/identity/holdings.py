"""Holdings: which permission sets and positions somebody has in an organisation, and until when (contract 4.2).

A set comes to him by a grant, with a position that he holds, or with the baseline: `everyone`, the sets that say `isDefault`, and those of
the position `everyone`, which every member holds. A window that is not open, a position that is not active and a set that is not
give nothing.
"""

from collections.abc import Iterable, Mapping

import msgspec

from fieldstone.engine.records import Execute, read_records
from fieldstone.identity.windows import WINDOW, earliest, is_open, latest, next_edge
from fieldstone.registry.catalog import PermissionSet

EVERYONE = "everyone"
"""The set that every signed-in user holds, and the position that every member does."""

Ends = Mapping[str, str | None]
"""The instant at which each thing ends that is held; None is never."""


class Holdings(msgspec.Struct, frozen=True):
    """What somebody holds: sets and positions by name, positions by id, too. At `changes_at` it will be something else."""

    sets: Ends
    positions: Ends
    position_ids: tuple[str, ...] = ()
    changes_at: str | None = None


def baseline(sets: Mapping[str, PermissionSet], *, member: bool) -> dict[str, str | None]:
    """Returns the sets that are held without a grant."""
    names = [name for name, held in sets.items() if name == EVERYONE or (member and held.declaration.is_default)]
    return dict.fromkeys(names)


async def load_holdings(
    execute: Execute, sets: Mapping[str, PermissionSet], user_id: str, organization_id: str, now: str
) -> Holdings:
    """Returns what a member holds; `sets` are those that are active."""
    place = {"user_id": user_id, "organization_id": organization_id}
    held = baseline(sets, member=True)
    grants = await read_records(execute, "sys_user_permission_set", place, ("permission_set", *WINDOW))
    for grant in grants:
        if is_open(grant, now):
            _hold(held, sets, grant["permission_set"], grant["valid_until"])
    assigned = await read_records(execute, "sys_user_position", place, ("position_id", *WINDOW))
    ends = {row["position_id"]: row["valid_until"] for row in assigned if is_open(row, now)}
    positions = await _active_positions(execute, organization_id, ends)
    ends = {position_id: ends.get(position_id) for position_id in positions}
    where = {"position_id": {"$in": list(positions)}}
    fields = ("position_id", "permission_set")
    for row in await read_records(execute, "sys_position_permission_set", where, fields) if positions else ():
        _hold(held, sets, row["permission_set"], ends[row["position_id"]])
    return Holdings(
        sets=held,
        positions={name: ends[position_id] for position_id, name in positions.items()},
        position_ids=tuple(positions),
        changes_at=earliest([next_edge(grants, now), next_edge(assigned, now)]),
    )


async def load_all_given(execute: Execute, user_id: str, organization_id: str) -> Holdings:
    """Returns all that was given to somebody, whether or not it is held now: it may be again."""
    place = {"user_id": user_id, "organization_id": organization_id}
    grants = await read_records(execute, "sys_user_permission_set", place, ("permission_set",))
    assigned = await read_records(execute, "sys_user_position", place, ("position_id",))
    ids = [row["position_id"] for row in assigned]
    positions = await read_records(execute, "sys_position", {"id": {"$in": ids}}, ("name",))
    carried = await read_records(
        execute, "sys_position_permission_set", {"position_id": {"$in": ids}}, ("permission_set",)
    )
    sets = [row["permission_set"] for row in (*grants, *carried)]
    return Holdings(dict.fromkeys(sets), dict.fromkeys(row["name"] for row in positions))


async def _active_positions(execute: Execute, organization_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Returns the names of the active positions among some ids, and of that of everyone."""
    known = [{"id": {"$in": list(ids)}}, {"name": EVERYONE}]
    where = {"organization_id": organization_id, "active": True, "$or": known}
    return {row["id"]: row["name"] for row in await read_records(execute, "sys_position", where, ("id", "name"))}


def _hold(held: dict[str, str | None], sets: Mapping[str, PermissionSet], name: str, until: str | None) -> None:
    if name in sets:
        held[name] = latest(held[name], until) if name in held else until
