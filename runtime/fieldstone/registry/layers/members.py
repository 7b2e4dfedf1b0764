"""Which lists of a declaration hold members with names, so that a delta speaks of each by its name, and where the order of keys counts."""

from collections.abc import Mapping, Sequence
from typing import Any

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "options": ("value",),
    "validations": ("name",),
    "indexes": ("name",),
    "fieldGroups": ("key",),
    "rowLevelSecurity": ("name",),
    "params": ("name", "field"),
    "steps": ("name",),
    "nodes": ("id",),
    "edges": ("id",),
    "variables": ("name",),
    "columns": ("field",),
    "sections": ("name",),
    "widgets": ("id",),
    "aggregations": ("alias",),
    "navigation": ("id",),
    "children": ("id",),
}
"""By the key under which a list stands: the keys that name its members, the first that is there. A text among them is its own name."""

ORDERED = frozenset({"fields", "inputs"})
"""The mappings whose order says in which order faces show what is in them."""


def members_of(key: str, value: Any) -> dict[str, Any] | None:
    """Returns the members of a list by name, in their order; None where they are not told apart by names."""
    named_by = NAMED_BY.get(key)
    if named_by is None or not isinstance(value, Sequence) or isinstance(value, str):
        return None
    found: dict[str, Any] = {}
    for member in value:
        name = member_name(named_by, member)
        if name is None or name in found:
            return None
        found[name] = member
    return found


def member_name(named_by: Sequence[str], member: Any) -> str | None:
    """Returns the name of a member; None when it has none, or one that could be taken for a mark."""
    named = isinstance(member, Mapping)
    name = next((member[each] for each in named_by if each in member), None) if named else member
    return name if isinstance(name, str) and not name.startswith("$") else None
