"""Searching: the records of several objects by their words, the best first, each object under the policy of its lists.

What a record counts for is made of its own words in fields that the caller may read (`query/ast.Ranking`), so that no record and no
field that is hidden from him has a part in it. Refuses what a list of each object with `search` would be refused.
"""

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.budget import Question, Run
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.operation import Search
from fieldstone.engine.outcome import Found, Hits
from fieldstone.engine.unit import Unit
from fieldstone.query.ast import Match, Ranking, Slot
from fieldstone.query.search import MOST_POINTS, nothing_searchable, read_terms, searchable_fields
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row


async def answer_search(door: Door, operation: Search, caller: Caller, unit: Unit | None) -> Found:
    """Returns the best of what the caller may see of each object. Raises what the gate raises, and Invalid."""
    entered = [enter(door, caller, name, "list", besides=("search",)) for name in operation.objects]
    for _, policy in entered:
        if not searchable_fields(policy.shape):
            raise nothing_searchable(policy.shape)
    terms = read_terms(operation.text, door.limits, "q")
    if not terms:
        return Found((), ())
    searched = Searched(door, caller, unit, terms, operation.limit)
    return Found(terms, tuple([await searched.hits(subject, policy) for subject, policy in entered]))


class Searched:
    """One search, object by object."""

    def __init__(self, door: Door, caller: Caller, unit: Unit | None, terms: tuple[str, ...], limit: int) -> None:
        """Begins a search for terms; of each object it answers at most `limit` records."""
        self._door = door
        self._fetch = door.fetcher(unit)
        self._terms = terms
        self._ranked = door.limits.search_ranked
        self._binds = Binds((terms,), caller.values, door.clock(), limit=limit)

    async def hits(self, subject: Object, policy: Policy) -> Hits:
        """Returns the best records of an object.

        Of more records than are ranked, older ones may be left out: those with all terms in the field that counts most are then
        looked for by themselves, so that a record goes before others by its name however old it is.
        """
        fields, first = searchable_fields(policy.shape), subject.declaration.name_field
        best, total = await self.best(subject, policy, fields)
        cut = total >= self._ranked
        if cut and first in fields and len(fields) > 1:
            named, _ = await self.best(subject, policy, (first,))
            best |= named
        ordered = sorted(best.items(), key=lambda entry: (entry[1][-2], entry[0]), reverse=True)[: self._binds.limit]
        width = len(policy.shape.columns)
        return Hits(
            object=subject.name,
            fields=fields,
            columns=policy.shape.columns,
            rows=tuple(row[:width] for _, row in ordered),
            ids=tuple(record_id for record_id, _ in ordered),
            points=tuple(row[-2] for _, row in ordered),
            most_points=MOST_POINTS * len(self._terms),
            total=total,
            cut=cut,
        )

    async def best(self, subject: Object, policy: Policy, fields: tuple[str, ...]) -> tuple[dict[str, Row], int]:
        """Returns the best by their ids, each with its points behind its columns, and how many were found."""
        match = Match(Slot(0), len(self._terms), fields)
        plan = self._door.plans.ranked(policy, Ranking(match, subject.declaration.name_field, self._ranked))
        if policy.query_budget is not None:
            run = Run("search", plan.statement, self._binds, self._ranked)
            await self._door.budgets.require(Question(subject, policy, match, (), (run,)), self._binds.now)
        rows = await self._fetch(plan.statement, self._binds)
        place = plan.columns.index("id")
        return {row[place]: row for row in rows}, rows[0][-1] if rows else 0
