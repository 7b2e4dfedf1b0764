"""The Policy: what a caller may, for one object and one action, as filters and two field sets.

The algebra is DESIGN.md's: effective rows = wall AND the OR, over the caller's sets, of (that set's object bit AND its record
scope AND its own row policies for the action). A Policy depends on which sets somebody holds and on whether any record of the
object is shared with him, never on who he is: his values are bound when a statement runs, so a policy is compiled once per
(catalog, sets, shared or not, object, action).
"""

from typing import Literal

import msgspec

from fieldstone.query.ast import Filter
from fieldstone.query.storage import ObjectShape

Action = Literal["read", "create", "update", "delete", "restore", "purge"]
"""`restore` reaches the records in the trash, for looking at them and for bringing them back; `purge` for ending them."""


class Policy(msgspec.Struct, frozen=True, eq=False):
    """What is allowed; compared and hashed by identity, so that it can key a plan.

    `allowed` is the object right as a whole; without it the rest is empty. `rows` are the rows that the action reaches (for `create`:
    EVERYTHING). `check` must hold on a row after the write. `shape` holds the readable fields and no others: queries are parsed against
    it; the masked ones among them can be shown and not be asked for. `writable` are the fields that a body may set, `owner_id` among them
    with the right to transfer, `readable` those that an answer may hold. `query_budget` is how many rows a query of the object may read;
    None is no bound. `missing` is the capability for want of which it is not allowed.
    """

    object: str
    action: Action
    allowed: bool
    rows: Filter
    check: Filter
    shape: ObjectShape
    readable: frozenset[str]
    writable: frozenset[str]
    query_budget: int | None = None
    missing: str | None = None
