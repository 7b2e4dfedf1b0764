"""Depth scopes: the records of others that a grant opens by where their owners stand (contract 4.2).

`own` opens none. `own_and_reports` opens those of whoever reports to the caller, over however many others; `unit` and `unit_and_below`
those whose owner is a member of his business unit, or of one within it; `org` all within the wall. They widen what a sharing model keeps
to owners, and nothing else. Reads nothing, refuses nothing.
"""

from fieldstone.access.policy import Action
from fieldstone.kinds.permission import Depth, ObjectGrant
from fieldstone.query.ast import EVERYTHING, NOTHING, CallerValue, Exists, Filter, Term, conjunction
from fieldstone.query.cel.context import REPORTS
from fieldstone.registry.catalog import Object
from fieldstone.registry.objects import OWN_ORGANIZATION

OF_REPORTS = Term("owner_id", "in", CallerValue(REPORTS))
IN_UNIT = Term("business_unit_id", "eq", CallerValue("business_unit_id"))
IN_UNITS_BELOW = Term("business_unit_id", "in", CallerValue("unit_ids_below"))


def depth_of(grant: ObjectGrant, action: Action) -> Depth:
    """Returns how far a grant reaches for an action; to delete, to restore and to purge stays with the owner."""
    match action:
        case "read":
            return grant.read_scope
        case "update":
            return grant.write_scope
        case _:
            return "own"


def rows_in_depth(subject: Object, depth: Depth) -> Filter:
    """Returns the rows that a depth opens beside the caller's own; an object without owners knows all or nothing."""
    if depth == "org":
        return EVERYTHING
    if not subject.owned or depth == "own":
        return NOTHING
    if depth == "own_and_reports":
        return OF_REPORTS
    standing = IN_UNIT if depth == "unit" else IN_UNITS_BELOW
    return Exists("sys_member", "owner_id", "user_id", conjunction(OWN_ORGANIZATION, standing), gathered=True)
