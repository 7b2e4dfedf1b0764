"""The policy epoch: which writes change somebody's rights, so that no process goes on with what it remembers of them."""

from collections.abc import Mapping

from fieldstone.access.policy import Action
from fieldstone.engine.unit import Unit

FEEDS_POLICY: Mapping[str, frozenset[Action]] = {
    "sys_user": frozenset({"update", "delete"}),
    "sys_organization": frozenset({"update"}),
    "sys_member": frozenset({"create", "update", "delete"}),
    "sys_user_permission_set": frozenset({"create", "update", "delete"}),
    "sys_position": frozenset({"update", "delete"}),
    "sys_user_position": frozenset({"create", "update", "delete"}),
    "sys_position_permission_set": frozenset({"create", "update", "delete"}),
    "sys_team_member": frozenset({"create", "update", "delete"}),
    "sys_business_unit": frozenset({"update", "delete"}),
    "sys_session": frozenset({"update", "delete"}),
    "sys_api_key": frozenset({"update", "delete"}),
}
"""Objects whose rows say who somebody is and what he holds, with the writes that can change an answer already given."""


def note_write(unit: Unit, object_name: str, action: Action) -> None:
    """Marks the Unit when a write feeds policies; the door raises the epoch before it commits."""
    if action in FEEDS_POLICY.get(object_name, ()):
        unit.feeds_policy = True
