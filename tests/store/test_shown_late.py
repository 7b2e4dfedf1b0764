"""A page of PostgreSQL is found, sorted and passed over to before what it shows is computed; both databases show the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fieldstone.query.ast import EVERYTHING, And, CallerValue, Filter, Literal, OrderKey, Select, Term
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from fieldstone.store.statement import ReadStatement
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

ITEM = """name: item
ownership: none
fields: {state: {type: text}, rank: {type: number, scale: 0, index: true}, note: {type: text}, due: {type: date}}
indexes: [{fields: [state, due]}]
"""
WALL = Term("organization_id", "eq", CallerValue("organization_id"))
OPEN = Term("state", "eq", Literal("open"))
COLUMNS = ("note", "due", "created_at")
ROWS = [
    (
        *system_values(f"{place:026d}"),
        "o",
        "open" if place % 3 else "done",
        place * 7 % 20,
        f"n{place * 11 % 20:02d}",
        day,
    )
    for place in range(20)
    for day in (f"2026-01-{1 + place * 13 % 20:02d}",)
]
PLACES = {"id": 0, "rank": 6, "note": 7, "due": 8}
CREATED, STATE, NOTE, DUE = 1, 5, 7, 8


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, ITEM), database_url, Limits(statement_seconds=5)) as opened:
        async with opened.transaction() as transaction:
            await transaction.insert("item", (*SYSTEM, "organization_id", "state", "rank", "note", "due"), ROWS)
        yield opened


@pytest.mark.parametrize(
    ("where", "order", "offset", "late"),
    [
        (WALL, "id", None, False),
        (WALL, "rank", None, False),
        (WALL, "note", None, True),
        (WALL, "due", None, True),
        (And((WALL, OPEN)), "due", None, False),
        (WALL, "rank", 3, True),
        (And((WALL, OPEN)), "note", 3, True),
        (EVERYTHING, "rank", None, True),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
async def test_what_is_computed_for_a_page_is_computed_for_its_rows_alone(
    store: SqlStore, where: Filter, order: str, offset: int | None, late: bool, descending: bool
) -> None:
    key = OrderKey(order, descending=descending)
    keys = (key,) if order == "id" else (key, OrderKey("id"))
    select = Select("item", COLUMNS, where, keys, limited=True, shifted=offset is not None, flags=(OPEN,))
    statement = store.prepare(select)
    assert isinstance(statement, ReadStatement)
    assert (" AS page" in statement.sql.text) == (late and store.dialect.name == "postgresql")
    found = await store.fetch(statement, Binds(caller={"organization_id": "o"}, limit=5, offset=offset))
    rows = sorted((row for row in ROWS if where != And((WALL, OPEN)) or row[STATE] == "open"), key=lambda row: row[0])
    rows.sort(key=lambda row: row[PLACES[order]], reverse=descending)
    expected = [(row[NOTE], row[DUE], row[CREATED], row[STATE] == "open") for row in rows[offset or 0 :][:5]]
    assert found == expected


async def test_a_single_record_and_a_whole_list_are_shown_as_they_are_found(store: SqlStore) -> None:
    for select in (Select("item", COLUMNS, WALL), Select("item", COLUMNS, WALL, (OrderKey("note"), OrderKey("id")))):
        statement = store.prepare(select)
        assert isinstance(statement, ReadStatement)
        assert " AS page" not in statement.sql.text
