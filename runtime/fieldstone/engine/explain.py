"""Explaining: what a query comes to and how the database would run it, without running it (contract of `?explain=true`).

Refuses with PermissionDenied whoever lacks the capability, and otherwise what the query itself would be refused with.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import capabilities, missing
from fieldstone.access.explain import AddedRule, rules_added
from fieldstone.engine.aggregate import PlannedGroups, plan_groups
from fieldstone.engine.budget import Run
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.operation import Aggregate, Explain
from fieldstone.engine.outcome import ExplainedStatement, Explanation
from fieldstone.engine.read import PlannedRead, plan_read
from fieldstone.engine.unit import Unit
from fieldstone.engine.viewpoint import viewpoint
from fieldstone.query.ast import Expansion
from fieldstone.query.describe import describe_filter, describe_order
from fieldstone.query.viewpoint import Related
from fieldstone.store.binds import Binds

CAPABILITY = "query:explain"


async def answer_explain(door: Door, operation: Explain, caller: Caller, _unit: Unit | None) -> Explanation:
    """Returns the shape of a query, its statements, and the rules that were added to it and to what it leads to."""
    if not caller.system and CAPABILITY not in capabilities(door.catalog, caller.sets):
        raise missing(CAPABILITY, caller)
    view = viewpoint(door, caller, door.clock())
    objects = {operation.query.object: None}

    def related(name: str) -> Related | None:
        found = view.related(name)
        if found is not None:
            objects[name] = None
        return found

    asker = msgspec.structs.replace(view, related=related)
    planned: PlannedRead | PlannedGroups
    if isinstance(operation.query, Aggregate):
        planned = plan_groups(door, operation.query, caller, asker)
        runs: Iterable[Run] = planned.question().runs
    else:
        planned = plan_read(door, operation.query, caller, asker)
        binds = Binds(([], *planned.query.expanding), caller.values, asker.now, limit=door.limits.expand_rows)
        runs = (*planned.question().runs, *_expanding(door, caller, planned.query.expand, binds))
    return Explanation(
        operation.query.object,
        _shape(planned),
        tuple([await _explained(door, run) for run in runs]),
        () if caller.system else tuple(rule for name in objects for rule in _rules(door, caller, name)),
    )


def _rules(door: Door, caller: Caller, name: str) -> tuple[AddedRule, ...]:
    return rules_added(door.catalog, caller.sets, name)


async def _explained(door: Door, run: Run) -> ExplainedStatement:
    plan = await door.store.explain(run.statement, run.binds)
    return ExplainedStatement(run.purpose, plan.sql, plan.binds, plan.reading.plan, plan.rows_read(run.most))


def _expanding(door: Door, caller: Caller, expansions: Iterable[Expansion], binds: Binds) -> list[Run]:
    """Returns the statements of expansions, level by level."""
    runs: list[Run] = []
    for expansion in expansions:
        if may_look(door, caller, expansion.object):
            policy = door.policies.policy(caller, expansion.object, "read")
            runs.append(Run(f"expand {expansion.name}", door.plans.expansion(policy, expansion).statement, binds))
            runs += _expanding(door, caller, expansion.expand, binds)
    return runs


def _shape(planned: PlannedRead | PlannedGroups) -> dict[str, Any]:
    """Returns what was asked for, without the values and without what the policy adds."""
    query = planned.query
    if isinstance(planned, PlannedRead):
        shape: dict[str, Any] = {
            "object": planned.policy.object,
            "fields": list(planned.query.columns),
            "where": describe_filter(planned.query.where),
            "orderBy": describe_order(planned.query.order),
            "expand": [expansion.name for expansion in planned.query.expand],
        }
    else:
        aggregation = planned.query.aggregation
        shape = {
            "object": planned.policy.object,
            "groups": [group.name for group in aggregation.groups],
            "measures": [measure.name for measure in aggregation.measures],
            "where": describe_filter(aggregation.where),
            "having": describe_filter(aggregation.having),
            "orderBy": describe_order(aggregation.order),
        }
    return {**shape, "limit": query.limit, "offset": query.offset, "count": query.count}
