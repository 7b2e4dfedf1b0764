"""Aggregating: groups of records and what is computed over them. Gate, query, plan, one statement (one more for a count), outcome.

The rows that are gathered are those that a list would answer, under the same policy. Refuses what the gate refuses, and queries that name
what the caller may not see or that cannot be meant (Invalid).
"""

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.operation import Aggregate
from fieldstone.engine.outcome import Groups
from fieldstone.engine.read import DEFAULT_PAGE
from fieldstone.engine.unit import Unit, fetcher
from fieldstone.engine.viewpoint import viewpoint
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.ast import GroupQuery
from fieldstone.store.binds import Binds


async def answer_aggregate(door: Door, operation: Aggregate, caller: Caller, unit: Unit | None) -> Groups:
    """Returns a page of groups of the records that the caller may see and that satisfy the query."""
    subject, policy = enter(door, caller, operation.object, "list")
    now = door.clock()
    most = subject.declaration.max_page_size
    query = parse_groups(
        operation.query,
        policy.shape,
        door.limits,
        viewpoint(door, caller, now),
        max_page=most,
        default_page=min(DEFAULT_PAGE, most),
    )
    plan = door.plans.groups(policy, query.aggregation)
    fetch = fetcher(door.store, unit)
    binds = Binds(query.values, caller.values, now, limit=query.limit + 1, offset=query.offset or None)
    rows = await fetch(plan.page, binds)
    more = len(rows) > query.limit
    if more:
        del rows[query.limit :]
    total = _known_total(query, len(rows), more=more)
    if total is None and query.count:
        total = (await fetch(plan.count, Binds(query.values, caller.values, now)))[0][0]
    return Groups(policy.object, plan.columns, rows, query.limit, total, targets=query.targets)


def _known_total(query: GroupQuery, fetched: int, *, more: bool) -> int | None:
    """Returns the total where the page itself tells it: nothing stands behind it, and it does not begin behind the end."""
    whole = query.count and not more and (fetched > 0 or query.offset == 0)
    return query.offset + fetched if whole else None
