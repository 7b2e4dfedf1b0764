"""Query budgets: what reads more than its caller may is refused before it runs, and told how it would become cheap."""

from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from fieldstone.engine.budget import Budgets, Question, Run
from fieldstone.engine.operation import Aggregate
from fieldstone.errors import QueryTooExpensive
from fieldstone.query.ast import EVERYTHING
from fieldstone.query.document import QueryDocument
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Statement
from fieldstone.store.plan import PlanReading, StatementPlan
from fieldstone.store.sql_store import SqlStore
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTES = 400
BUDGET = 100
"""Of the set `note_bounded`."""

COUNT = [{"function": "count", "alias": "n"}]
CHEAP: list[dict[str, Any]] = [
    {"where": {"code": "c3"}},
    {"where": {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "count": False},
]
EXPENSIVE: list[tuple[dict[str, Any], list[str] | None, str]] = [
    ({"order_by": "level"}, ["level"], "An index of `note` over `level` would make it cheap."),
    ({"where": {"level": 3}, "order_by": "-price"}, ["level", "price"], "over `level`, `price` would make it cheap."),
    ({"where": {"state": {"$in": ["open"]}, "level": {"$gt": 1}}}, ["state", "level"], "over `state`, `level` would"),
    ({"where": {"$or": [{"level": 3}, {"level": 4}]}}, None, "Compare a field that has an index with a value"),
    ({"where": {"title": {"$contains": "x"}}}, None, "Compare a field that has an index with a value"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(store: SqlStore, store_url: str) -> Office:
    """An office with as many notes, of which the database knows."""
    office = await Office.founded(store)
    rows = ({"title": f"n{n}", "level": n, "code": f"c{n}"} for n in range(NOTES))
    await office.create(office.caller("ann", "note_chief"), "note", *rows)
    if store_url.startswith("postgres"):
        connection = await asyncpg.connect(store_url)
        await connection.execute("ANALYZE note")
        await connection.close()
    return office


async def test_a_query_over_the_budget_is_refused_and_names_its_index(filled: Office) -> None:
    bounded, free = filled.caller("ann", "note_bounded"), filled.caller("ann", "note_overseer")
    for query, index, hint in EXPENSIVE:
        with pytest.raises(QueryTooExpensive) as refused:
            await filled.page(bounded, "note", **query)
        details = refused.value.details
        assert (details["budget"], details["object"], details.get("index")) == (BUDGET, "note", index)
        assert hint in details["hint"]
        await filled.page(free, "note", **query)
    for query in CHEAP:
        await filled.page(bounded, "note", **query)


async def test_groups_are_bounded_too(filled: Office) -> None:
    document = QueryDocument(group_by=["state"], aggregations=COUNT)
    with pytest.raises(QueryTooExpensive):
        await filled.door.execute(Aggregate("note", document), filled.caller("ann", "note_bounded"))
    groups = await filled.door.execute(Aggregate("note", document), filled.caller("ann", "note_overseer"))
    assert groups.rows[0][1] == NOTES


async def test_another_set_only_ever_widens_the_budget(filled: Office) -> None:
    for more in ("note_bounded_wider", "note_reader"):
        await filled.page(filled.caller("ann", "note_bounded", more), "note", order_by="level")
    for more in ("public_worker", "note_creator"):
        with pytest.raises(QueryTooExpensive):
            await filled.page(filled.caller("ann", "note_bounded", more), "note", order_by="level")


async def test_a_plan_is_asked_for_once_a_minute_and_the_size_of_the_page_counts(office: Office) -> None:
    policy = office.door.policies.policy(office.caller("ann", "note_bounded"), "note", "read")
    subject, binds = office.door.catalog.objects["note"], Binds()
    statement = office.door.plans.record(policy, None).statement

    class Planner:
        """Stands for a store whose plans read two rows for each answer, up to a thousand."""

        asked = 0

        async def explain(self, _statement: Statement, _binds: Binds) -> StatementPlan:
            self.asked += 1
            return StatementPlan("", (), PlanReading(None, 1000, 0, 2.0))

    planner: Any = Planner()
    budgets = Budgets(planner)
    for most, now, fits, asked in (
        (50, "2026-03-05T10:20:00.000Z", True, 1),
        (50, "2026-03-05T10:20:59.999Z", True, 1),
        (51, "2026-03-05T10:20:59.999Z", False, 1),
        (None, "2026-03-05T10:20:59.999Z", False, 1),
        (50, "2026-03-05T10:21:00.000Z", True, 2),
    ):
        question = Question(subject, policy, EVERYTHING, (), (Run("page", statement, binds, most),))
        try:
            await budgets.require(question, now)
            kept = True
        except QueryTooExpensive:
            kept = False
        assert (kept, planner.asked) == (fits, asked)
