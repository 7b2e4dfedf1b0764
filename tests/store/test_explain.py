"""Explaining: a plan tells how a read would be run, about how many rows that takes, and none of its values."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from fieldstone.query.ast import (
    EVERYTHING,
    And,
    CallerValue,
    Exists,
    FieldValue,
    Filter,
    Hop,
    Match,
    OrderKey,
    Select,
    Slot,
    Term,
    conjunction,
)
from fieldstone.query.search import terms_of
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Statement
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

CUSTOMER = "name: customer\nownership: none\ntenancy: none\nfields: {region: {type: text}}\n"
TICKET = """name: ticket
ownership: none
fields:
  title: {type: text, searchable: true}
  number: {type: text, unique: true}
  status: {type: text, index: true}
  size: {type: number, scale: 0}
  customer: {type: lookup, reference: customer}
"""
ROWS = 3000
LIMIT = 20
OURS = Term("organization_id", "eq", CallerValue("organization_id"))
SECRET = "secret 4711"
TICKET_COLUMNS = ("organization_id", "title", "number", "status", "size", "customer")


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, TICKET, CUSTOMER), database_url) as opened:
        async with opened.transaction() as transaction:
            customers = [(*system_values(f"c{number}"), "north") for number in range(50)]
            await transaction.insert("customer", (*SYSTEM, "region"), customers)
            rows = [
                (*system_values(f"t{n:05}"), "o", f"word{n % 100}", str(n), f"s{n % 1000}", n % 7, f"c{n % 50}")
                for n in range(ROWS)
            ]
            await transaction.insert("ticket", (*SYSTEM, *TICKET_COLUMNS), rows)
        if database_url.startswith("postgres"):
            await run(database_url, "ANALYZE")
        yield opened


async def run(url: str, *texts: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    """Runs statements on PostgreSQL past the store; returns the rows of the last one."""
    connection = await asyncpg.connect(url)
    try:
        for text in texts[:-1]:
            await connection.execute(text)
        return list(await connection.fetch(texts[-1], *parameters))
    finally:
        await connection.close()


def page(store: SqlStore, where: Filter, *order: OrderKey, columns: tuple[Any, ...] = ("id",)) -> Statement:
    """Returns the statement of a page of tickets."""
    return store.prepare(Select("ticket", columns, conjunction(OURS, where), (*order, OrderKey("id")), limited=True))


async def test_the_rows_that_are_read_are_told_about_right(store: SqlStore) -> None:
    by_id, region = Term("id", "eq", Slot(0)), FieldValue("region", (Hop("customer", "customer", EVERYTHING),))
    below = Exists("customer", "customer", "id", Term("region", "eq", Slot(2)))
    few, many = range(1, 300), range(ROWS // 2, 100 * ROWS)
    for statement, expected in (
        (page(store, EVERYTHING), few),
        (page(store, by_id), few),
        (page(store, Term("status", "eq", Slot(0))), few),
        (page(store, Term("number", "eq", Slot(0))), few),
        (page(store, EVERYTHING, OrderKey("size")), many),
        (page(store, EVERYTHING, OrderKey("region", through=region.through)), many),
        (store.prepare_count("ticket", And((OURS, Term("size", "gt", Slot(1))))), many),
        (store.prepare_count("ticket", And((OURS, below))), many),
        (store.prepare_count("ticket", EVERYTHING), many),
    ):
        binds = Binds(("t00001", 3, "north"), {"organization_id": "o"}, limit=LIMIT)
        plan = await store.explain(statement, binds)
        assert plan.rows_read(LIMIT) in expected, plan


async def test_no_value_is_in_a_plan(store: SqlStore) -> None:
    condition = And((Term("title", "contains", Slot(0)), Term("size", "eq", Slot(1)), Match(Slot(2), 1, ("title",))))
    binds = Binds((SECRET, 4711, terms_of(SECRET)), {"organization_id": "secret"}, limit=4711)
    for statement in (page(store, condition), store.prepare_count("ticket", condition)):
        plan = await store.explain(statement, binds)
        assert not [word for word in ("secret", "4711") if word in f"{plan.sql} {msgspec.json.encode(plan).decode()}"]
        assert {"text", "integer"} <= set(plan.binds) <= {"text", "integer", "boolean", "null"}
        assert "ticket" in msgspec.json.encode(plan.reading.plan).decode()


async def test_a_search_goes_by_its_index(store: SqlStore, database_url: str) -> None:
    statement = page(store, Match(Slot(0), 2, ("title",)))
    plan = await store.explain(statement, Binds((terms_of("word7 word"),), {"organization_id": "o"}, limit=LIMIT))
    if database_url.startswith("sqlite"):
        assert "SCAN ticket.search VIRTUAL TABLE" in str(plan.reading.plan)
        return
    values = ("o", "'word7':*", False, " word7", "'word':*", False, " word", None, LIMIT)
    rows = await run(database_url, "SET enable_seqscan = off", f"EXPLAIN {plan.sql}", parameters=values)
    assert 'Bitmap Index Scan on "ticket.search"' in str(rows)
