"""Record scope: which rows an object's sharing baseline, a grant's depth and its shares open to the grant's holder (contract 4.6).

An owner's rows are his, and those of others as far as the depth goes; those that are shared with the caller are read, or read and
changed, but never deleted for that. A child under `controlled_by_parent` is reached exactly as its parent is, at any depth, because the
parent's filter is the caller's whole policy for it. Reads nothing, refuses nothing.
"""

from collections.abc import Callable

import msgspec

from fieldstone.access.depth import depth_of, rows_in_depth
from fieldstone.access.policy import Action
from fieldstone.access.shares import shared_rows
from fieldstone.kinds.permission import ObjectGrant
from fieldstone.query.ast import EVERYTHING, NOTHING, CallerValue, Exists, Filter, Term, disjunction
from fieldstone.registry.catalog import Object

OWNED_BY_CALLER = Term("owner_id", "eq", CallerValue("id"))

ParentRows = Callable[[str, Action], Filter]
"""Returns the rows of an object that the same caller reaches for an action."""


class ScopeParts(msgspec.Struct, frozen=True):
    """The rows that each part of a record scope opens: the sharing model, the grant's depth, and shares."""

    baseline: Filter
    depth: Filter = NOTHING
    shares: Filter = NOTHING


def record_scope(
    subject: Object, action: Action, grant: ObjectGrant, parent_rows: ParentRows, *, shared: bool
) -> Filter:
    """Returns the rows that baseline and depth open for an action, and shares where any record of the object is `shared` with the holder.

    A filter that asks for shares costs a list its order by index, and most people have none.
    """
    parts = scope_parts(subject, action, grant, parent_rows)
    return disjunction(parts.baseline, parts.depth, parts.shares if shared else NOTHING)


def scope_parts(subject: Object, action: Action, grant: ObjectGrant, parent_rows: ParentRows) -> ScopeParts:
    """Returns what each part opens for an action; a child is changed by whoever may change its parent."""
    match subject.sharing_model:
        case "public_read_write":
            return ScopeParts(EVERYTHING)
        case "public_read" if action == "read":
            return ScopeParts(EVERYTHING)
        case "controlled_by_parent":
            return ScopeParts(_under_parent(subject, "read" if action == "read" else "update", parent_rows))
        case _:
            own = OWNED_BY_CALLER if subject.owned else NOTHING
            return ScopeParts(own, rows_in_depth(subject, depth_of(grant, action)), shared_rows(subject, action))


def scope_after_write(subject: Object, parent_rows: ParentRows) -> Filter:
    """Returns what of the scope a row must satisfy after a write: it hangs on a parent that the caller may change.

    The owner is no part of it: on create the door sets it, and later it changes only with the transfer right.
    """
    if subject.sharing_model == "controlled_by_parent":
        return _under_parent(subject, "update", parent_rows)
    return EVERYTHING


def _under_parent(subject: Object, action: Action, parent_rows: ParentRows) -> Filter:
    parent = subject.parent
    if parent is None or parent.reference is None:
        return NOTHING
    rows = parent_rows(parent.reference, action)
    return NOTHING if rows == NOTHING else Exists(parent.reference, parent.name, "id", rows)
