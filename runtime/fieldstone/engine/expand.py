"""Expanding: references replaced by the records that they point to, one level deep, one statement for each field.

Every target is read under the caller's own policy for its object and shown without the fields that are hidden from him. A target
that is absent, invisible, or of an object that is not offered leaves the id as it stands. Refuses nothing: a wrong name was refused with
the query.
"""

from collections.abc import Sequence

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.unit import Fetch
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row


async def expand_rows(
    door: Door,
    policy: Policy,
    columns: Sequence[str],
    rows: list[Row],
    names: Sequence[str],
    caller: Caller,
    now: str,
    fetch: Fetch,
) -> list[Row]:
    """Returns the rows with a dict in place of each id, in the named columns, whose target the caller may see."""
    for name in names:
        target = policy.shape.fields[name].reference
        place = columns.index(name)
        ids = list({row[place] for row in rows if row[place] is not None})
        if target is None or not ids:
            continue
        found = await _records(door, target, ids, caller, now, fetch)
        rows = [(*row[:place], found.get(row[place], row[place]), *row[place + 1 :]) for row in rows]
    return rows


async def _records(
    door: Door, object_name: str, ids: list[str], caller: Caller, now: str, fetch: Fetch
) -> dict[str, dict[str, object]]:
    """Returns those of the records that the caller may see, by id."""
    if not may_look(door, caller, object_name):
        return {}
    plan = door.plans.related(door.policies.policy(caller, object_name, "read"))
    rows = await fetch(plan.statement, Binds((ids,), caller.values, now))
    return {row[0]: dict(zip(plan.columns, row, strict=True)) for row in rows}
