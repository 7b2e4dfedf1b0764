"""The policy epoch: which writes change somebody's rights, so that no process goes on with what it remembers of them."""

from collections.abc import Collection, Mapping

from fieldstone.access.policy import Action
from fieldstone.engine.unit import Unit
from fieldstone.registry.record_share import SHARES

FEEDS_POLICY: Mapping[str, frozenset[Action]] = {
    "sys_user": frozenset({"update", "delete"}),
    "sys_organization": frozenset({"update", "delete"}),
    "sys_member": frozenset({"create", "update", "delete"}),
    "sys_user_permission_set": frozenset({"create", "update", "delete"}),
    "sys_position": frozenset({"update", "delete"}),
    "sys_user_position": frozenset({"create", "update", "delete"}),
    "sys_position_permission_set": frozenset({"create", "update", "delete"}),
    "sys_team_member": frozenset({"create", "update", "delete"}),
    "sys_business_unit": frozenset({"update", "delete"}),
    "sys_session": frozenset({"update", "delete"}),
    "sys_api_key": frozenset({"update", "delete"}),
    SHARES: frozenset({"create", "update"}),
}
"""Objects whose rows say who somebody is and what he holds, with the writes that can change an answer already given.

A share that ends leaves its object among those of which something may be shared with its recipient.
"""


UNFELT: Mapping[str, frozenset[str]] = {
    "sys_session": frozenset({"last_seen_at"}),
    "sys_api_key": frozenset({"last_used_at"}),
    SHARES: frozenset({"access_level", "reason", "granted_by"}),
}
"""Fields of those objects that change nothing of what is remembered of somebody: everybody would be looked up anew for each write."""


def note_write(unit: Unit, object_name: str, action: Action, changed: Collection[str] = ()) -> None:
    """Marks the Unit when a write feeds policies; the door raises the epoch before it commits.

    `changed` are the fields that an update sets; none named means any.
    """
    unfelt = bool(changed) and UNFELT.get(object_name, frozenset()).issuperset(changed)
    if feeds_policy(object_name, action) and not unfelt:
        unit.feeds_policy = True


def feeds_policy(object_name: str, action: Action) -> bool:
    """Tells whether policies are made from what such a write does."""
    return action in FEEDS_POLICY.get(object_name, ())
