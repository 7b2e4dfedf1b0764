"""Row rules: which rows one permission set grants for an action, before its record scope is added.

A set's rules for an action are OR-ed; a set without any grants every row of its scope. They narrow what this same set
grants and nothing else (DESIGN.md, "Policy"). Reads nothing, refuses nothing.
"""

from collections.abc import Mapping, Sequence

from fieldstone.access.policy import Action
from fieldstone.query.ast import EVERYTHING, Filter, disjunction
from fieldstone.registry.catalog import PermissionSet, RowRule

RULE_OPERATIONS: Mapping[Action, str] = {
    "read": "select",
    "create": "insert",
    "update": "update",
    "delete": "delete",
    "restore": "delete",
    "purge": "delete",
}


def rules_for(permission_set: PermissionSet, object_name: str, action: Action) -> tuple[RowRule, ...]:
    """Returns the set's rules that bound an action; without one for update or delete, those for select do (contract 4.5).

    Who may bring back or purge a record is bounded as he would be in deleting it.
    """
    rules = _rules_of(permission_set, object_name, RULE_OPERATIONS[action])
    if not rules and action not in ("read", "create"):
        return _rules_of(permission_set, object_name, "select")
    return rules


def rows_reached(rules: Sequence[RowRule]) -> Filter:
    """Returns which rows some rule selects; all of them when there is no rule."""
    return disjunction(*(rule.using for rule in rules)) if rules else EVERYTHING


def rows_accepted(rules: Sequence[RowRule]) -> Filter:
    """Returns which rows some rule accepts after a write; all of them when there is no rule."""
    return disjunction(*(rule.check for rule in rules)) if rules else EVERYTHING


def _rules_of(permission_set: PermissionSet, object_name: str, operation: str) -> tuple[RowRule, ...]:
    return tuple(rule for rule in permission_set.rules.get(object_name, ()) if operation in rule.operations)
