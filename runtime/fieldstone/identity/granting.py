"""Granting: nobody hands out more than he holds, nor for longer, by a grant, a position or what comes with a position.

An administrator holds every set, for as long as he is one. Refuses besides: a set that is not declared, a window that never opens, and
names of positions that mean something else. What is required and missing is left to validation, which comes after.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from fieldstone.access.caller import ADMINISTRATOR
from fieldstone.engine.hooks import Change, Context, Event, Hook, HookFunction
from fieldstone.engine.records import read_first
from fieldstone.errors import FieldFault, Invalid, PermissionDenied
from fieldstone.identity.holdings import EVERYONE, Ends, load_holdings
from fieldstone.identity.windows import WINDOW
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog, PermissionSet

GRANTS, POSITIONS = "sys_user_permission_set", "sys_position"
HELD_POSITIONS, CARRIED_SETS = "sys_user_position", "sys_position_permission_set"
RESERVED = frozenset({"guest", "owner", "admin", "member"})
"""Names that are roles, or nobody's."""

Sets = Mapping[str, PermissionSet]

_NAME = re.compile("[a-z][a-z0-9_]*")
_WRITES: tuple[Event, ...] = ("before_create", "before_update")


def granting_hooks(catalog: Catalog) -> tuple[Hook, ...]:
    """Returns the hooks of grants and positions, in their order."""
    sets = {name: held for name, held in catalog.permissions.items() if held.declaration.active}
    functions: list[tuple[str, HookFunction]] = [
        (GRANTS, partial(grant_only_what_is_held, sets)),
        (GRANTS, partial(check_set_name, catalog)),
        (GRANTS, check_window),
        (HELD_POSITIONS, partial(assign_only_what_is_held, sets)),
        (HELD_POSITIONS, check_window),
        (CARRIED_SETS, partial(carry_only_what_is_held, sets)),
        (CARRIED_SETS, partial(check_set_name, catalog)),
        (POSITIONS, keep_names_of_positions),
        (POSITIONS, leave_what_is_for_everyone_to_administrators),
    ]
    return tuple(
        Hook(getattr(function, "func", function).__name__, object_name, event, function)
        for object_name, function in functions
        for event in _WRITES
    )


async def grant_only_what_is_held(sets: Sets, context: Context, change: Change) -> None:
    """Refuses to hand out a set that the giver does not hold, or for longer than he does; so it is with a grant made over."""
    grant = _written(change)
    name, until = grant.get("permission_set"), grant.get("valid_until")
    if name is not None:
        _require(await _holds(sets, context, "sets", name, until), permission_set=name)


async def assign_only_what_is_held(sets: Sets, context: Context, change: Change) -> None:
    """Refuses to put somebody into a position that the giver is not in, or for longer than he is."""
    assigned = _written(change)
    position_id, until = assigned.get("position_id"), assigned.get("valid_until")
    if position_id is None:
        return
    found = await read_first(context.execute, POSITIONS, {"id": position_id}, ("name",))
    name = found["name"] if found else ""
    _require(await _holds(sets, context, "positions", name, until), position_id=position_id)


async def carry_only_what_is_held(sets: Sets, context: Context, change: Change) -> None:
    """Refuses to let a position carry a set that the giver does not hold for good: whoever is in it may be in it for good."""
    name = _written(change).get("permission_set")
    if name is not None:
        _require(await _holds(sets, context, "sets", name, None), permission_set=name)


async def check_set_name(catalog: Catalog, _context: Context, change: Change) -> None:
    """Refuses a permission set that is not declared."""
    name = change.values.get("permission_set")
    if name is not None and name not in catalog.permissions:
        message = f"No permission set `{shown(name)}` is declared."
        fault = FieldFault("permission_set", "invalid_value", message)
        raise Invalid(message, faults=[fault], hint=did_you_mean(name, catalog.permissions))


async def check_window(_context: Context, change: Change) -> None:
    """Refuses a window that closes before it opens."""
    written = _written(change)
    opens, closes = (written.get(name) for name in WINDOW)
    if opens is not None and closes is not None and closes <= opens:
        raise _refused("valid_until", "The window would close before it opens.")


async def keep_names_of_positions(context: Context, change: Change) -> None:
    """Refuses to rename a position, which row policies name, and names that mean something else."""
    name = change.values.get("name")
    if name is None:
        return
    if change.previous is not None and name != change.previous["name"] and not context.caller.system:
        raise _refused("name", "A position keeps its name: row policies may name it.")
    if name in RESERVED or not _NAME.fullmatch(name):
        raise _refused("name", f"`{shown(name)}` cannot be the name of a position: write one like `sales_manager`.")


async def leave_what_is_for_everyone_to_administrators(context: Context, change: Change) -> None:
    """Refuses to all others to make the position of everyone, and to give back what a position that was not active gives."""
    caller = context.caller
    if caller.system or ADMINISTRATOR in caller.sets:
        return
    made = change.previous is None and change.values.get("name") == EVERYONE
    revived = change.previous is not None and not change.previous["active"] and change.values.get("active") is True
    _require(not (made or revived), position=str(_written(change).get("name")))


async def _holds(
    sets: Sets, context: Context, what: Literal["sets", "positions"], name: str, until: str | None
) -> bool:
    """Tells whether the giver holds something for as long as it is to be given; an administrator does while he is one."""
    caller = context.caller
    if caller.system:
        return True
    if caller.id is None or caller.organization_id is None:
        return False
    held = await load_holdings(context.execute, sets, caller.id, caller.organization_id, context.now)
    own: Ends = held.sets if what == "sets" else held.positions
    ends = [of[key] for of, key in ((own, name), (held.sets, ADMINISTRATOR)) if key in of]
    return any(end is None or (until is not None and until <= end) for end in ends)


def _written(change: Change) -> dict[str, Any]:
    return {**(change.previous or {}), **change.values}


def _require(held: bool, **details: str) -> None:
    if not held:
        raise PermissionDenied("Nobody grants more than he holds.", details=details)


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, faults=[FieldFault(field, "invalid_value", message)])
