"""Budgets: how many rows a query may read for its caller, judged by the database's plan for it before it runs.

A plan is asked for once for each shape, and again when it is some time old, for tables grow. Refuses with QueryTooExpensive, and names the
index that would make the query cheap; of the conditions that the policy adds nothing is told.
"""

import msgspec

from fieldstone.access.policy import Policy
from fieldstone.errors import QueryTooExpensive
from fieldstone.query.ast import And, FieldValue, Filter, OrderKey, Term
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Statement, Store
from fieldstone.store.plan import StatementPlan

KEPT = 4096
MINUTE = len("2026-03-05T10:20")
"""A plan is as old as the minute in which it was asked for."""

_ONE_VALUE = frozenset({"eq", "in"})
_RANGES = frozenset({"gt", "gte", "lt", "lte"})


class Run(msgspec.Struct, frozen=True, eq=False):
    """A statement about to be run; `most` is how many rows it answers where it stops after so many."""

    purpose: str
    statement: Statement
    binds: Binds
    most: int | None = None


class Question(msgspec.Struct, frozen=True, eq=False):
    """What is asked of an object, as the statements that answer it; `where` and `order` are the caller's own part."""

    subject: Object
    policy: Policy
    where: Filter
    order: tuple[OrderKey, ...]
    runs: tuple[Run, ...]


class Budgets:
    """Holds questions against the budgets of those who ask."""

    def __init__(self, store: Store) -> None:
        """Begins without any plan."""
        self._store = store
        self._plans: dict[Statement, tuple[str, StatementPlan]] = {}

    async def require(self, question: Question, now: str) -> None:
        """Raises QueryTooExpensive for a question that reads more than its policy's budget."""
        budget = question.policy.query_budget
        for run in question.runs:
            if budget is not None and (await self._plan(run, now[:MINUTE])).rows_read(run.most) > budget:
                raise _refusal(question, run, budget)

    async def _plan(self, run: Run, minute: str) -> StatementPlan:
        known = self._plans.get(run.statement)
        if known is not None and known[0] == minute:
            return known[1]
        plan = await self._store.explain(run.statement, run.binds)
        if len(self._plans) >= KEPT:
            self._plans.clear()
        self._plans[run.statement] = (minute, plan)
        return plan


def _refusal(question: Question, run: Run, budget: int) -> QueryTooExpensive:
    name, fields = question.subject.name, _useful_index(question)
    details: dict[str, object] = {"budget": budget, "object": name}
    if fields and not _is_declared(question.subject, fields):
        details["index"] = list(fields)
        hint = f"An index of `{name}` over {', '.join(f'`{field}`' for field in fields)} would make it cheap."
    elif run.purpose == "count":
        hint = "It is the counting that reads so much: send `count=false`, or ask for fewer records."
    else:
        hint = "Compare a field that has an index with a value, by `$eq` or `$in`."
    return QueryTooExpensive(
        f"The query would read more than the {budget} records that you may.", details=details, hint=hint
    )


def _useful_index(question: Question) -> tuple[str, ...]:
    """Returns the fields of the index that serves a question best: those with one value, then a range or the order."""
    where = question.where
    items = where.items if isinstance(where, And) else (where,)
    terms = [item for item in items if isinstance(item, Term) and not isinstance(item.operand, FieldValue)]
    fields = dict.fromkeys(term.field for term in terms if term.operator in _ONE_VALUE)
    sorted_by = [key.field for key in question.order if key.field != "id"]
    ranges = [term.field for term in terms if term.operator in _RANGES]
    if sorted_by and not any(key.through for key in question.order):
        fields |= dict.fromkeys(sorted_by)
    elif ranges:
        fields[ranges[0]] = None
    return tuple(fields)


def _is_declared(subject: Object, fields: tuple[str, ...]) -> bool:
    """Tells whether an index begins with these fields, the first ones in any order."""
    single = fields[0] if len(fields) == 1 else None
    declared = subject.fields.get(single or "")
    if declared is not None and (declared.declaration.index or declared.unique or declared.delete_behavior):
        return True
    return any(set(index.fields[: len(fields)]) == set(fields) for index in subject.declaration.indexes)
