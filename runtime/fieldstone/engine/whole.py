"""Whole writes: a create or a change that is all that its Unit does, in one statement that commits by itself.

A trip to the database costs more than what most statements do there. So where nothing else hangs on a write (no hook comes after it, no
history is kept, nobody's rights are made from it) the record, its words, its event and the look at it as it stands are one. What cannot be
done so is left undone, and done step by step: that road knows why it fails.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import feeds_policy
from fieldstone.engine.hooks import Event
from fieldstone.engine.journal import keeps_history, make_event
from fieldstone.engine.outcome import Written
from fieldstone.engine.plans import AT_VERSION
from fieldstone.engine.review import judged
from fieldstone.engine.unit import Unit
from fieldstone.store.binds import Binds
from fieldstone.store.event import EventAction

_AFTER: Mapping[str, Event] = {"created": "after_create", "updated": "after_update"}


async def write_whole(
    door: Door,
    unit: Unit,
    caller: Caller,
    policy: Policy,
    action: EventAction,
    record: Mapping[str, Any],
    values: Mapping[str, Any],
    changed: Iterable[str],
) -> Written | None:
    """Writes values and returns the record as its writer may see it; None where nothing was done.

    `record` is the new one, or the one that is stored, which must be at its version still; `changed` are the fields that an event tells.
    """
    if not unit.whole or unit.events:
        return None
    name = policy.object
    if door.hooks(name, _AFTER[action]) or keeps_history(door.catalog, name) or feeds_policy(name, policy.action):
        return None
    read = door.policies.policy(caller, name, "read")
    stored = action == "updated"
    plan = door.plans.whole(read, policy, tuple(values), AT_VERSION if stored else None)
    if plan is None:
        return None
    version = record["version"]
    event = make_event(unit, caller, name, action, {**record, "version": version + stored}, changed)
    binds = Binds((record["id"], version), caller.values, unit.now)
    found = await unit.transaction.write_whole(plan.statement, tuple(values.values()), event, binds)
    return None if found is None else judged(read, policy, plan, [record["id"]], found).written
