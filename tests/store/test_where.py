"""Filters beyond a caller's where: the caller's values, other objects, and what is missing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.query.ast import And, CallerHas, CallerValue, Exists, Filter, Not, OrderKey, Select, Slot, Term
from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.registry.rules import compile_filter, scope_of
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import NOW, SYSTEM, catalog_of, store_of, system_values

CUSTOMER = "name: customer\nownership: none\ntenancy: none\nfields: {region: {type: text}}\n"
TICKET = """name: ticket
ownership: none
tenancy: none
fields: {customer: {type: lookup, reference: customer}, follows: {type: lookup, reference: ticket}, rank: {type: text}}
"""
CUSTOMERS: list[dict[str, Any]] = [{"id": "n", "region": "north"}, {"id": "s", "region": "south"}, {"id": "x"}]
TICKETS: list[dict[str, Any]] = [
    {"id": "1", "customer": "n", "rank": "a"},
    {"id": "2", "customer": "s", "follows": "1", "rank": "b"},
    {"id": "3", "customer": "x", "follows": "2"},
    {"id": "4"},
]
NORTH: Filter = Exists("customer", "customer", "id", Term("region", "eq", CallerValue("region")))
CASES: list[tuple[Filter, dict[str, Any], str]] = [
    (NORTH, {"region": "north"}, "1"),
    (NORTH, {"region": None}, ""),
    (NORTH, {}, ""),
    (Not(NORTH), {"region": "north"}, "234"),
    (Exists("customer", "customer", "id", Not(Term("region", "eq", CallerValue("region")))), {}, "123"),
    (Exists("ticket", "id", "follows", And(())), {}, "12"),
    (Exists("ticket", "id", "follows", Exists("ticket", "id", "follows", And(()))), {}, "1"),
    (Exists("ticket", "follows", "id", NORTH), {"region": "north"}, "2"),
    (CallerHas("region"), {"region": ""}, "1234"),
    (CallerHas("region"), {}, ""),
    (Not(CallerHas("region")), {}, "1234"),
    (Term("rank", "in", CallerValue("ranks")), {"ranks": ["a", "c"]}, "1"),
    (Term("rank", "in", CallerValue("ranks")), {"ranks": []}, ""),
    (Term("rank", "in", CallerValue("ranks")), {}, ""),
    (Term("rank", "nin", CallerValue("ranks")), {"ranks": ["a"]}, "234"),
    (Term("rank", "nin", CallerValue("ranks")), {}, "1234"),
    (Term("rank", "ne", CallerValue("rank")), {}, "1234"),
    (Term("rank", "contains", CallerValue("rank")), {"rank": "A"}, "1"),
    (And((Term("rank", "eq", Slot(0)), Term("id", "ne", Slot(0)))), {}, "2"),
]


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, CUSTOMER, TICKET), database_url) as opened:
        async with opened.transaction() as transaction:
            for name, fields, rows in (
                ("ticket", ("customer", "follows", "rank"), TICKETS),
                ("customer", ("region",), CUSTOMERS),
            ):
                values = [(*system_values(row["id"]), *(row.get(field) for field in fields)) for row in rows]
                await transaction.insert(name, (*SYSTEM, *fields), values)
        yield opened


async def test_sql_selects_what_is_selected_in_memory(store: SqlStore) -> None:
    related = {"customer": CUSTOMERS, "ticket": TICKETS}
    for condition, caller, expected in CASES:
        around = Surroundings(values=("b",), caller=caller, related=lambda name: related[name])
        statement = store.prepare(Select("ticket", ("id",), condition, (OrderKey("id"),)))
        found = await store.fetch(statement, Binds(values=("b",), caller=caller))
        in_memory = "".join(row["id"] for row in TICKETS if matches(condition, row, around))
        assert ("".join(row[0] for row in found), in_memory) == (expected, expected), (condition, caller)


RULES = (
    'rank == "a"',
    'rank != "a"',
    "rank == null",
    'rank != null && rank.startsWith("a")',
    '!(rank == "a")',
    "customer in current_user.positions",
    "!(customer in current_user.positions)",
    'rank in ["a", "b"] || follows == "2"',
    'rank == "a" ? customer == "n" : follows != null',
    "current_user.email == null || rank == current_user.email",
    'size(rank) == 1 && rank < "b"',
    'created_at < now() && created_at > now() - duration("30d")',
    'current_user.roles.exists(role, role == "agent") && customer != null',
    'upper(rank) == "A"',
)
CALLERS: tuple[dict[str, Any], ...] = (
    {},
    {"email": "a", "positions": ["n", "x"], "roles": ["agent"]},
    {"email": "b", "positions": [], "roles": []},
)


async def test_rules_written_as_expressions_select_what_they_select_in_memory(store: SqlStore) -> None:
    scope = scope_of(store.catalog.objects["ticket"])
    for text in RULES:
        for condition in (compile_filter(text, scope), Not(compile_filter(text, scope))):
            statement = store.prepare(Select("ticket", ("id",), condition, (OrderKey("id"),), flags=(condition,)))
            for caller in CALLERS:
                around = Surroundings(caller=caller, now="2026-03-20T00:00:00.000Z")
                records = [{"created_at": NOW, **row} for row in TICKETS]
                expected = [(row["id"], True) for row in records if matches(condition, row, around)]
                found = await store.fetch(statement, Binds(caller=caller, now=around.now))
                assert found == expected, (text, condition, caller)
