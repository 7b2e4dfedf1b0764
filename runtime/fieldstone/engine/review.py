"""The look at rows after they are written: may they stand, and how does their writer see them?

One statement, within the Unit, so that it judges what is really in the database: the wall, the `check` of the policy, the parent, and
whether the writer may read what he wrote.
"""

from collections.abc import Sequence

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.outcome import Written
from fieldstone.engine.plans import RowsPlan
from fieldstone.engine.unit import Unit
from fieldstone.errors import PermissionDenied, SerializationFailure
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row


class Review(msgspec.Struct, frozen=True, eq=False):
    """The rows as their writer may see them, and the places of those that may not stand."""

    written: Written
    refused: tuple[int, ...]


async def review(
    door: Door, unit: Unit, caller: Caller, policy: Policy, ids: Sequence[str], *, answered: bool = True
) -> Review:
    """Returns what became of the rows that were just written under a policy, in the order of their ids.

    Of rows that need not be `answered`, nothing but id and version is read.
    """
    read = door.policies.policy(caller, policy.object, "read")
    plan = door.plans.after_write(read, policy, answered=answered)
    found = await unit.transaction.fetch(plan.statement, Binds((list(ids),), caller.values, unit.now))
    return judged(read, policy, plan, ids, found)


def judged(read: Policy, policy: Policy, plan: RowsPlan, ids: Sequence[str], found: Sequence[Row]) -> Review:
    """Returns what became of rows, out of what the database answers of them: each with whether it may stand, and whether it may be read."""
    id_place, version_place = plan.columns.index("id"), plan.columns.index("version")
    rows = {row[id_place]: row for row in found}
    if len(rows) < len(ids):
        raise SerializationFailure(f"A `{policy.object}` record went away while it was written.")
    ordered = [rows[record_id] for record_id in ids]
    columns = plan.columns if read.allowed else ()
    width = len(plan.columns)
    written = Written(
        object=policy.object,
        ids=tuple(ids),
        versions=tuple(row[version_place] for row in ordered),
        columns=columns,
        rows=tuple(row[:width] if row[width + 1] and read.allowed else None for row in ordered),
    )
    return Review(written, tuple(place for place, row in enumerate(ordered) if not row[width]))


def may_not_stand(policy: Policy) -> PermissionDenied:
    """Returns the refusal of a row that its writer may not leave as he wrote it."""
    return PermissionDenied(
        f"You may not {policy.action} a `{policy.object}` record like this.",
        details={"permission": f"{policy.object}:{policy.action}"},
        hint="A row policy, the organisation or the parent record does not allow it.",
    )
