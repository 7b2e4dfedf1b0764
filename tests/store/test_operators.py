"""Operators and orders in SQL: every case of the shared table, as in memory, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldstone.query.ast import EVERYTHING, OrderKey, Select
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.query.operator_cases import CASES, FIELDS, ORDERS, ROWS
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

PROBE = f"name: probe\nownership: none\ntenancy: none\nfields: {msgspec.json.encode(FIELDS).decode()}\n"


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, PROBE), database_url) as opened:
        columns = (*SYSTEM, *FIELDS)
        rows = [(*system_values(row["id"]), *(row.get(name) for name in FIELDS)) for row in ROWS]
        async with opened.transaction() as transaction:
            await transaction.insert("probe", columns, rows)
        yield opened


async def test_every_case_selects_the_rows_that_it_selects_in_memory(store: SqlStore) -> None:
    shape = store.catalog.objects["probe"].shape
    wrong: list[str] = []
    for case in CASES:
        query = parse_query(QueryDocument(where=case.where), shape, Limits(), max_page=200, default_page=50)
        binds = Binds(values=query.values)
        select = Select("probe", ("id",), query.where, (OrderKey("id"),))
        found = "".join(row[0] for row in await store.fetch(store.prepare(select), binds))
        counted = await store.fetch(store.prepare_count("probe", query.where), binds)
        flagged = Select("probe", ("id",), EVERYTHING, (OrderKey("id"),), flags=(query.where,))
        flags = await store.fetch(store.prepare(flagged), binds)
        agree = found == case.ids and counted == [(len(case.ids),)] and {type(flag) for _, flag in flags} == {bool}
        if not agree or "".join(row_id for row_id, flag in flags if flag) != case.ids:
            wrong.append(f"{case.where}: {found}, not {case.ids}; counted {counted}, flagged {flags}")
    assert wrong == []


@pytest.mark.parametrize("order", ORDERS)
async def test_every_order_is_the_order_in_memory(store: SqlStore, order: str) -> None:
    keys, values = parsed_order(store, order)
    select = Select("probe", ("id",), EVERYTHING, keys)
    rows = await store.fetch(store.prepare(select), Binds(values=values))
    assert "".join(row[0] for row in rows) == ORDERS[order]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("page", [1, 3, 50])
async def test_paging_by_key_visits_every_row_once_and_in_order(store: SqlStore, order: str, page: int) -> None:
    keys, _ = parsed_order(store, order)
    columns = tuple(key.field for key in keys)
    visited: list[str] = []
    place: tuple[Any, ...] = ()
    while len(visited) <= len(ROWS):
        select = Select("probe", columns, EVERYTHING, keys, after=0 if place else None, limited=True)
        rows = await store.fetch(store.prepare(select), Binds(values=place, limit=page))
        visited.extend(row[columns.index("id")] for row in rows)
        if len(rows) < page:
            break
        place = rows[-1]
    assert "".join(visited) == ORDERS[order]


def parsed_order(store: SqlStore, order: str) -> tuple[tuple[OrderKey, ...], tuple[Any, ...]]:
    shape = store.catalog.objects["probe"].shape
    query = parse_query(QueryDocument(order_by=order), shape, Limits(), max_page=200, default_page=50)
    return query.order, query.values
