"""Aggregating: groups of records and what is computed over them. Gate, query, plan, one statement (one more for a count), outcome.

The rows that are gathered are those that a list would answer, under the same policy. Refuses what the gate refuses, and queries that name
what the caller may not see or that cannot be meant (Invalid).
"""

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.asked import DEFAULT_PAGE
from fieldstone.engine.budget import Question, Run
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.operation import Aggregate
from fieldstone.engine.outcome import Groups
from fieldstone.engine.plans import GroupsPlan
from fieldstone.engine.read import known_total
from fieldstone.engine.unit import Unit, fetcher
from fieldstone.engine.viewpoint import viewpoint
from fieldstone.kinds.object import Method
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.ast import GroupQuery
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds


class PlannedGroups(msgspec.Struct, frozen=True, eq=False):
    """Groups that are about to be read: the query, its plan, and what its page binds."""

    subject: Object
    policy: Policy
    query: GroupQuery
    plan: GroupsPlan
    binds: Binds

    @property
    def count_binds(self) -> Binds:
        """What its count binds."""
        return Binds(self.query.values, self.binds.caller, self.binds.now)

    def question(self) -> Question:
        """Returns it as the statements that answer it; each reads every row of its groups, however few are answered."""
        page = Run("page", self.plan.page, self.binds)
        counts = (Run("count", self.plan.count, self.count_binds),) if self.query.count else ()
        return Question(self.subject, self.policy, self.query.aggregation.where, (), (page, *counts))


def plan_groups(door: Door, operation: Aggregate, caller: Caller, asker: Viewpoint) -> PlannedGroups:
    """Returns how groups are to be read. Raises what the gate raises, and Invalid."""
    searched: tuple[Method, ...] = ("search",) if operation.query.searches else ()
    subject, policy = enter(door, caller, operation.object, "aggregate", besides=searched)
    most = subject.declaration.max_page_size
    query = parse_groups(
        operation.query,
        policy.shape,
        door.limits,
        asker,
        max_page=most,
        default_page=min(DEFAULT_PAGE, most),
    )
    plan = door.plans.groups(policy, query.aggregation)
    binds = Binds(query.values, caller.values, asker.now, limit=query.limit + 1, offset=query.offset or None)
    return PlannedGroups(subject, policy, query, plan, binds)


async def answer_aggregate(door: Door, operation: Aggregate, caller: Caller, unit: Unit | None) -> Groups:
    """Returns a page of groups of the records that the caller may see and that satisfy the query."""
    now = door.clock()
    planned = plan_groups(door, operation, caller, viewpoint(door, caller, now))
    policy, query, plan = planned.policy, planned.query, planned.plan
    if policy.query_budget is not None:
        await door.budgets.require(planned.question(), now)
    fetch = fetcher(door.store, unit)
    rows = await fetch(plan.page, planned.binds)
    more = len(rows) > query.limit
    if more:
        del rows[query.limit :]
    total = known_total(query.offset, len(rows), whole=not more) if query.count else None
    if total is None and query.count:
        total = (await fetch(plan.count, planned.count_binds))[0][0]
    return Groups(policy.object, plan.columns, rows, query.limit, total, targets=query.targets)
