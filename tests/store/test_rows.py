"""Rows: what is written in wire form comes back in wire form, whatever the storage class and the database."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.query.ast import EVERYTHING, Literal, OrderKey, Select, Slot, Term
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import NOW, SYSTEM, catalog_of, store_of, system_values

SAMPLE = """name: order
ownership: none
fields:
  select: {type: text}
  whole: {type: number, scale: 0}
  exact: {type: number, scale: 6}
  money: {type: currency}
  double: {type: number, approximate: true}
  at: {type: datetime}
  day: {type: date}
  time: {type: time}
  done: {type: boolean}
  data: {type: json}
  tags: {type: multiselect, options: [{value: a}, {value: b}]}
"""
FIELDS = ("select", "whole", "exact", "money", "double", "at", "day", "time", "done", "data", "tags")
D = Decimal
EXTREMES = (
    ("", -(2**63), D("-999999999999.999999"), D("-9999999999999999.99"), -1.5e300, "0001-01-01T00:00:00.000Z"),
    ("x" * 100_000, 2**63 - 1, D("999999999999.999999"), D("9999999999999999.99"), 5e-324, "9999-12-31T23:59:59.999Z"),
    ('\'; DROP TABLE "order"; --', 0, 0, D("0.00"), 0.0, "2026-02-28T23:59:59.999Z"),
    ("ÄÖ ß 漢字 \U0001f600 \u202e %_\\", 7, D("0.5"), D("0.10"), 0.1, "1969-12-31T23:59:59.001Z"),
    ("$1 :name ?", 1, 12, D("12.00"), 1.0, "2026-03-05T10:20:30.450Z"),
)
DAYS = ("0001-01-01", "9999-12-31", "2024-02-29", "1969-12-31", "2026-03-05")
JSON: tuple[Any, ...] = ({}, [1, "a", None, {"b": [True, 1.5]}], "text", False, {"ü": "\U0001f600"})


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, SAMPLE), database_url) as opened:
        yield opened


async def insert(store: SqlStore, columns: tuple[str, ...], *rows: tuple[Any, ...]) -> None:
    async with store.transaction() as transaction:
        await transaction.insert("order", columns, rows)


async def read(store: SqlStore, *columns: str) -> list[tuple[Any, ...]]:
    rows = await store.fetch(store.prepare(Select("order", columns, EVERYTHING, (OrderKey("id"),))), Binds())
    return [tuple(msgspec.json.decode(v) if isinstance(v, msgspec.Raw) else v for v in row) for row in rows]


async def test_values_of_every_class_come_back_as_they_were_written(store: SqlStore) -> None:
    rows = [
        (*extremes, day, "23:59:59.999", index % 2 == 0, JSON[index], ["a", "b"][:index])
        for index, (extremes, day) in enumerate(zip(EXTREMES, DAYS, strict=True))
    ]
    await insert(store, (*SYSTEM, *FIELDS), *[(*system_values(f"r{index}"), *row) for index, row in enumerate(rows)])
    found = await read(store, *FIELDS)
    assert found == rows
    assert [[type(value) for value in row] for row in found] == [[type(value) for value in row] for row in rows]


async def test_money_keeps_its_digits_and_other_decimals_lose_their_zeros(store: SqlStore) -> None:
    await insert(store, (*SYSTEM, "money", "exact"), (*system_values("a"), D("1.50"), D("1.500000")))
    assert str(await read(store, "money", "exact")) == "[(Decimal('1.50'), Decimal('1.5'))]"


async def test_absent_values_come_back_as_none_in_every_class(store: SqlStore) -> None:
    await insert(store, (*SYSTEM, *FIELDS), (*system_values("a"), *(None for _ in FIELDS)))
    await insert(store, SYSTEM, system_values("b"))
    assert await read(store, *FIELDS) == [tuple(None for _ in FIELDS)] * 2


async def test_an_update_writes_every_class(store: SqlStore) -> None:
    await insert(store, SYSTEM, system_values("a"), system_values("b"))
    values = dict(zip(FIELDS, (*EXTREMES[3], "2026-01-02", "01:02:03.004", True, {"a": 1}, ["b"]), strict=True))
    async with store.transaction() as transaction:
        assert await transaction.update("order", values, Term("id", "eq", Slot(0)), Binds(values=("a",))) == 1
    assert await read(store, *FIELDS, "version", "created_at") == [
        (*values.values(), 2, NOW),
        (*(None for _ in FIELDS), 1, NOW),
    ]
    async with store.transaction() as transaction:
        await transaction.update("order", dict.fromkeys(FIELDS), EVERYTHING, Binds(), bump=False)
    assert await read(store, *FIELDS, "version") == [(*(None for _ in FIELDS), 2), (*(None for _ in FIELDS), 1)]


async def test_many_rows_are_written_at_once(store: SqlStore) -> None:
    rows = [(*system_values(f"{number:05}"), number) for number in range(3000)]
    await insert(store, (*SYSTEM, "whole"), *rows)
    assert await read(store, "whole") == [(number,) for number in range(3000)]


async def test_a_text_that_cannot_be_stored_is_refused_without_a_word_of_the_database(store: SqlStore) -> None:
    with pytest.raises(FieldstoneError) as caught:
        await insert(store, (*SYSTEM, "select"), (*system_values("a"), "half \ud800"))
    assert caught.value.code == "VALIDATION_ERROR"
    assert caught.value.message == "A value cannot be stored, or compared with what is stored."
    statement = store.prepare(Select("order", ("id",), Term("select", "eq", Slot(0))))
    with pytest.raises(Invalid):
        await store.fetch(statement, Binds(values=("half \ud800",)))
    assert await read(store, "id") == []


async def test_flags_stand_behind_the_columns(store: SqlStore) -> None:
    await insert(store, (*SYSTEM, "done"), (*system_values("a"), True), (*system_values("b"), None))
    flags = (Term("done", "eq", Literal(True)), Term("id", "eq", Slot(0)))
    select = Select("order", ("id",), EVERYTHING, (OrderKey("id"),), flags=flags)
    rows = await store.fetch(store.prepare(select), Binds(values=("b",)))
    assert rows == [("a", True, False), ("b", False, True)]


async def test_limit_and_offset_are_bound(store: SqlStore) -> None:
    await insert(store, SYSTEM, *[system_values(name) for name in "abcde"])
    select = Select("order", ("id",), EVERYTHING, (OrderKey("id", descending=True),), limited=True, shifted=True)
    statement = store.prepare(select)
    assert await store.fetch(statement, Binds(limit=2, offset=1)) == [("d",), ("c",)]
    assert await store.fetch(statement, Binds(limit=9, offset=4)) == [("a",)]


async def test_one_shape_is_compiled_once(store: SqlStore) -> None:
    first = store.prepare(Select("order", ("id",), Term("id", "eq", Slot(0))))
    assert store.prepare(Select("order", ("id",), Term("id", "eq", Slot(0)))) is first
    assert store.prepare(Select("order", ("id",), Term("id", "ne", Slot(0)))) is not first
