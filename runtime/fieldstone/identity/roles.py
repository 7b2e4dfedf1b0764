"""Roles of a membership: their order, and the permission set that comes and goes with each.

A role is a place among the others and gives nothing by itself. Whoever is given one by somebody holds its set as well, by a grant of
his own.
Refuses to give or take a role above one's own, and one whose set the giver does not hold.
"""

from collections.abc import Mapping

from fieldstone.access.caller import ADMINISTRATOR, Caller
from fieldstone.errors import PermissionDenied

RANKS = ("member", "admin", "owner")
"""The roles of a membership, from the lowest."""

ROLE_SETS: Mapping[str, str] = {"admin": "organization_admin", "owner": ADMINISTRATOR}
"""The set that comes with a role."""


def is_free(caller: Caller) -> bool:
    """Tells whether somebody is above the order of roles: the system, and administrators."""
    return caller.system or ADMINISTRATOR in caller.sets


def check_roles(caller: Caller, *roles: str | None) -> None:
    """Refuses to touch members of roles above the caller's own; None is no role."""
    if is_free(caller):
        return
    rank = max((RANKS.index(role) for role in caller.values["roles"] if role in RANKS), default=-1)
    for role in roles:
        if role is not None and RANKS.index(role) > rank:
            raise PermissionDenied("Nobody gives or takes a role above his own.", details={"role": role})


def check_gift(caller: Caller, role: str) -> None:
    """Refuses to give a role that is above the caller's own, or that brings a set which he does not hold."""
    check_roles(caller, role)
    brought = ROLE_SETS.get(role)
    if not is_free(caller) and brought is not None and brought not in caller.sets:
        raise PermissionDenied("Nobody grants more than he holds.", details={"permission_set": brought})
