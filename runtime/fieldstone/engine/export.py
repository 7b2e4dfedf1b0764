"""Exports: all records of a list out of one statement, bit by bit, with the names of what they refer to.

What is taken out is what a list would show by those sets of the caller that do not deny it (`allowExport`); a name is there where he may
read it on the record that a reference points to. Refuses what a list would be refused, who may read and not take out, and more records
than a file may hold.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from fieldstone.access.caller import Caller
from fieldstone.engine.budget import Question, Run
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.operation import Export
from fieldstone.engine.outcome import Exported
from fieldstone.engine.unit import Unit
from fieldstone.engine.viewpoint import viewpoint
from fieldstone.errors import Invalid, PermissionDenied
from fieldstone.kinds.object import Method
from fieldstone.query.ast import FieldValue, Hop
from fieldstone.query.parse import parse_query
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row

ROWS_AT_ONCE = 500


async def answer_export(door: Door, operation: Export, caller: Caller, _unit: Unit | None) -> Exported:
    """Returns the records that the caller may take out, the first of them fetched already, so that a refusal comes before them."""
    searched: tuple[Method, ...] = ("search",) if operation.query.searches else ()
    subject, _ = enter(door, caller, operation.object, "export", besides=("list", *searched))
    policy = door.policies.export(caller, operation.object)
    if not policy.allowed:
        raise PermissionDenied(
            f"You may read `{subject.name}` records, and not take them out as a file.",
            details={"permission": f"{subject.name}:export", "reason": "EXPORT_NOT_PERMITTED"},
        )
    asker = viewpoint(door, caller, door.clock())
    most = door.limits.export_paged_rows if operation.paged else door.limits.export_rows
    beyond = most + 1
    query = parse_query(
        operation.query, policy.shape, door.limits, max_page=beyond, default_page=beyond, viewpoint=asker
    )
    named = dict(_names(door, subject, query.columns, asker))
    plan = door.plans.exported(policy, (*query.columns, *named.values()), query.where, query.order)
    binds = Binds(query.values, caller.values, asker.now, limit=min(query.limit, most))
    runs = [Run("page", plan.records, binds, query.limit)]
    if query.limit > most:
        runs.append(Run("count", plan.count, Binds(query.values, caller.values, asker.now)))
    if policy.query_budget is not None:
        await door.budgets.require(Question(subject, policy, query.where, query.order, tuple(runs)), asker.now)
    for count in runs[1:]:
        _require_few((await door.store.fetch(count.statement, count.binds))[0][0], most, paged=operation.paged)
    batches = door.store.stream(plan.records, binds, ROWS_AT_ONCE)
    first = await anext(batches, None)
    titles = {name: len(query.columns) + place for place, name in enumerate(named)}
    return Exported(subject.name, asker.now, query.columns, titles, _whole(first, batches))


def _require_few(count: int, most: int, *, paged: bool) -> None:
    """Raises Invalid when there are more records than a file may hold: none is left out unsaid."""
    if count > most:
        other = " take them out as a table," if paged else ""
        raise Invalid(
            f"These are {count:,} records, and such a file holds at most {most:,}.",
            reason="TOO_MANY_RECORDS",
            path="limit",
            hint=f"Narrow them by a `where`,{other} or say how many by a `limit`.",
        )


async def _whole(first: list[Row] | None, rest: AsyncGenerator[list[Row], None]) -> AsyncGenerator[list[Row], None]:
    async with aclosing(rest):
        if first is not None:
            yield first
        async for rows in rest:
            yield rows


def _names(door: Door, subject: Object, columns: tuple[str, ...], asker: Viewpoint) -> Iterator[tuple[str, FieldValue]]:
    """Yields the references among some columns, each with the name of the record that it points to, as far as that may be read."""
    for column in columns:
        target = subject.fields[column].reference
        related = None if target is None or subject.fields[column].multiple else asker.related(target)
        if target is None or related is None:
            continue
        name = door.catalog.objects[target].declaration.name_field
        shape = related.shape.fields.get(name or "")
        if shape is not None and shape.formula is None:
            yield column, FieldValue(shape.name, (Hop(column, target, related.rows),))
