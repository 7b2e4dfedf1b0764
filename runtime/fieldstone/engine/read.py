"""Reading: lists and single records. Gate, query, plan, one statement (one more for a count), outcome.

Refuses what the gate refuses, queries that name what the caller may not see or that cannot be meant (Invalid), and, for one
record, its absence (NotFound).
"""

import msgspec
from msgspec import UNSET

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.budget import Question, Run
from fieldstone.engine.door import Door
from fieldstone.engine.expand import Expander
from fieldstone.engine.gate import absent, enter
from fieldstone.engine.operation import Get, Read
from fieldstone.engine.outcome import Page, Record
from fieldstone.engine.past import look_back, refuse_expansion, require_history
from fieldstone.engine.plans import ID_IS, PagePlan
from fieldstone.engine.unit import Unit, fetcher
from fieldstone.engine.viewpoint import viewpoint
from fieldstone.ids import is_id
from fieldstone.kinds.object import Method
from fieldstone.query.ast import Query, conjunction, with_lists
from fieldstone.query.cursor import decode_cursor, encode_cursor
from fieldstone.query.document import QueryDocument
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.registry.catalog import Object
from fieldstone.registry.history import stood_at
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Statement

ID_THEN = conjunction(ID_IS, stood_at(1))
"""The record of slot 0 as it stood at the instant of slot 1."""


class PlannedRead(msgspec.Struct, frozen=True, eq=False):
    """A list that is about to be read: the query, its plan, and what its page and its cursors are bound to."""

    subject: Object
    policy: Policy
    query: Query
    plan: PagePlan
    binds: Binds
    binding: bytes

    @property
    def pages(self) -> tuple[Statement, ...]:
        """The statements of its page, of which the next is run where those before bring too few records."""
        plan = self.plan
        if plan.valued is None or self.binds.values[len(self.query.values)] is None:
            return (plan.page,)
        return (plan.valued,) if plan.valueless is None else (plan.valued, plan.valueless)

    @property
    def count_binds(self) -> Binds:
        """What its count binds."""
        return Binds(self.query.values, self.binds.caller, self.binds.now)

    def question(self) -> Question:
        """Returns it as the statements that answer it."""
        query = self.query
        pages = (Run("page", each, self.binds, query.limit + 1 + query.offset) for each in self.pages)
        counts = (Run("count", self.plan.count, self.count_binds),) if query.count else ()
        return Question(self.subject, self.policy, query.where, query.order, (*pages, *counts))


def plan_read(door: Door, operation: Read, caller: Caller, asker: Viewpoint) -> PlannedRead:
    """Returns how a list is to be read. Raises what the gate raises, and Invalid."""
    subject, policy = enter(door, caller, operation.object, "list", besides=_methods(operation))
    if operation.trash:
        _, policy = enter(door, caller, operation.object, "list", "restore")
    asked = operation.asked
    planned = None if asked is None or operation.as_of is not None else door.lists.kept(asked, subject, policy)
    if planned is None:
        query = door.lists.parse(operation.query, subject, policy, asker)
        if operation.as_of is not None:
            searched = operation.query.searches
            policy, query = look_back(door, subject, policy, query, operation.as_of, searched=searched)
        planned = door.lists.plan(query, operation.query, policy)
    query, values = planned.query, planned.query.values
    binding = planned.binding + repr(caller.id).encode()
    if query.cursor is not None:
        values += decode_cursor(door.cursor_keys, binding, query.cursor)
    offset = query.offset or None
    binds = Binds(values, caller.values, asker.now, limit=query.limit + 1, offset=offset, epoch=operation.epoch)
    return PlannedRead(subject, policy, query, planned.plan, binds, binding)


def _methods(operation: Read) -> tuple[Method, ...]:
    """Returns what a list asks for beside itself."""
    searched: tuple[Method, ...] = ("search",) if operation.query.searches else ()
    return searched if operation.as_of is None else (*searched, "history")


async def answer_read(door: Door, operation: Read, caller: Caller, unit: Unit | None) -> Page:
    """Returns a page of the records that the caller may see and that satisfy the query."""
    now = door.clock()
    planned = plan_read(door, operation, caller, viewpoint(door, caller, now))
    policy, query, plan = planned.policy, planned.query, planned.plan
    if policy.query_budget is not None:
        await door.budgets.require(planned.question(), now)
    fetch = fetcher(door.store, unit)
    pages = planned.pages
    rows = await fetch(pages[0], planned.binds)
    for other in pages[1:]:
        if len(rows) <= query.limit:
            rows += (await fetch(other, planned.binds))[: query.limit + 1 - len(rows)]
    cursor = None
    if len(rows) > query.limit:
        del rows[query.limit :]
        last = tuple(rows[-1][place] for place in plan.key_places)
        cursor = encode_cursor(door.cursor_keys, planned.binding, last)
    whole = query.cursor is None and cursor is None
    total = known_total(query.offset, len(rows), whole=whole) if query.count else None
    if total is None and query.count:
        total = (await fetch(plan.count, planned.count_binds))[0][0]
    ids = [row[plan.key_places[-1]] for row in rows] if query.expand else []
    width = len(plan.columns)
    if rows and len(rows[0]) > width:
        rows = [row[:width] for row in rows]
    if not query.expand:
        return Page(planned.subject.name, plan.columns, rows, query.limit, total, cursor)
    expander = Expander(door, caller, now, fetch, query.expanding)
    rows = await expander.expand(plan.columns, rows, ids, query.expand)
    names = with_lists(plan.columns, query.expand)
    return Page(planned.subject.name, names, rows, query.limit, total, cursor, query.expand)


async def answer_get(door: Door, operation: Get, caller: Caller, unit: Unit | None) -> Record:
    """Returns one record; raises NotFound alike for an absent and for an invisible one."""
    past: tuple[Method, ...] = () if operation.as_of is None else ("history",)
    subject, policy = enter(door, caller, operation.object, "get", besides=past)
    now = door.clock()
    query: Query | None = None
    if operation.fields is not UNSET or operation.expand is not UNSET:
        document = QueryDocument(fields=operation.fields, expand=operation.expand)
        query = door.lists.parse(document, subject, policy, viewpoint(door, caller, now))
    columns = None if query is None else query.columns
    values: tuple[str, ...] = (operation.id,)
    if operation.as_of is None:
        plan = door.plans.record(policy, columns)
    else:
        require_history(subject)
        refuse_expansion(() if query is None else query.expand)
        plan = door.plans.record(door.policies.past(policy), columns, ID_THEN)
        values = (operation.id, operation.as_of)
    if not is_id(operation.id):
        raise absent(operation.object, operation.id)
    fetch = fetcher(door.store, unit)
    rows = await fetch(plan.statement, Binds(values, caller.values, now, epoch=operation.epoch))
    if not rows:
        raise absent(operation.object, operation.id)
    version = rows[0][plan.version_place]
    width = len(plan.columns)
    if len(rows[0]) > width:
        rows = [rows[0][:width]]
    if query is None or not query.expand:
        return Record(subject.name, plan.columns, rows[0], version)
    expander = Expander(door, caller, now, fetch, query.expanding)
    rows = await expander.expand(plan.columns, rows, (operation.id,), query.expand)
    return Record(subject.name, with_lists(plan.columns, query.expand), rows[0], version, query.expand)


def known_total(offset: int, fetched: int, *, whole: bool) -> int | None:
    """Returns the total where a page itself tells it; `whole` says that there is nothing beside it but what it passed over."""
    return offset + fetched if whole and (fetched > 0 or offset == 0) else None
