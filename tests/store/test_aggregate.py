"""Groups in SQL: whatever is grouped and computed comes to what plain Python makes of the same rows, on both databases."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.ast import EVERYTHING, Column, GroupQuery, Literal, Term
from fieldstone.query.buckets import BUCKETS, DATED
from fieldstone.query.document import QueryDocument
from fieldstone.query.evaluate import Surroundings
from fieldstone.query.measures import MEASURES
from fieldstone.query.storage import StorageClass
from fieldstone.query.viewpoint import NOWHERE, Related
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values
from tests.store.generated_aggregations import DATA, FIELDS, ROWS, SHOPS, generated
from tests.store.groups_in_memory import groups_in_memory, label

SALE = """name: sale
ownership: none
tenancy: none
fields:
  stage: {type: text}
  amount: {type: currency}
  qty: {type: number, scale: 0}
  rate: {type: number}
  ratio: {type: number, approximate: true}
  at: {type: datetime}
  due: {type: date}
  start: {type: time}
  done: {type: boolean}
  data: {type: json}
  shop: {type: lookup, reference: shop}
"""
SHOP = """name: shop
ownership: none
tenancy: none
fields:
  region: {type: text}
  open: {type: boolean}
  opened: {type: date}
  rent: {type: currency}
  head: {type: lookup, reference: shop}
"""
RECORDS: Mapping[str, list[dict[str, Any]]] = {"shop": SHOPS, "sale": ROWS}
DOCUMENTS = [generated(Random(seed)) for seed in range(300)]
FAMILIES = {kind.name: kind.family for kind in (*FIELDS, DATA)}


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, SALE, SHOP), database_url) as opened:
        await write(opened, RECORDS)
        yield opened


async def write(store: SqlStore, records: Mapping[str, list[dict[str, Any]]]) -> None:
    """Writes records, all in one transaction, so that they may refer to each other."""
    async with store.transaction() as transaction:
        for name, rows in records.items():
            fields = [field for field in rows[0] if field != "id"]
            values = [(*system_values(row["id"]), *(row[field] for field in fields)) for row in rows]
            await transaction.insert(name, (*SYSTEM, *fields), values)


def parsed(catalog: Catalog, **document: Any) -> GroupQuery:
    """Returns the query of somebody who sees all sales, and of the shops the open ones."""

    def related(name: str) -> Related | None:
        rows = Term("open", "eq", Literal(value=True)) if name == "shop" else EVERYTHING
        return Related(catalog.objects[name].shape, rows, 200)

    asker = msgspec.structs.replace(NOWHERE, related=related)
    shape = catalog.objects["sale"].shape
    return parse_groups(QueryDocument(**document), shape, Limits(), asker, max_page=1000, default_page=1000)


async def answered(store: SqlStore, query: GroupQuery) -> list[tuple[Any, ...]]:
    """Returns the groups of a query."""
    binds = Binds(query.values, limit=query.limit, offset=query.offset or None)
    return await store.fetch(store.prepare_groups(query.aggregation), binds)


async def counted(store: SqlStore, query: GroupQuery) -> int:
    """Returns how many groups there are."""
    rows = await store.fetch(store.prepare_group_count(query.aggregation), Binds(query.values))
    return int(rows[0][0])


def in_memory(catalog: Catalog, query: GroupQuery) -> list[tuple[Any, ...]]:
    """Returns the groups of a query as plain Python has them."""

    def scale(column: Column) -> int | None:
        name = column if isinstance(column, str) else column.field
        shapes = catalog.objects["sale" if isinstance(column, str) else "shop"].shape.fields
        storage = shapes[name].storage
        return None if storage.kind == StorageClass.DOUBLE else storage.scale

    around = Surroundings(values=query.values, related=lambda name: RECORDS[name])
    return groups_in_memory(query, ROWS, around, scale)


async def test_groups_are_those_of_plain_python(store: SqlStore) -> None:
    wrong = []
    for document in DOCUMENTS:
        query = parsed(store.catalog, **document)
        expected = in_memory(store.catalog, query)
        found = await answered(store, query)
        count = await counted(store, query)
        if found != expected or count != len(expected):
            wrong.append((document, found, expected, count))
    assert wrong == []


def test_the_documents_ask_for_everything_that_can_be_asked() -> None:
    asked = {pair for document in DOCUMENTS for pair in pairs_of(document)}
    possible = {
        (name, family) for name, function in MEASURES.items() for family in function.families & set(FAMILIES.values())
    }
    possible |= {(bucket, family) for bucket in BUCKETS for family in DATED}
    possible |= {("group", family) for family in FAMILIES.values() if family != "json"}
    assert possible - asked == set()


def pairs_of(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields what a document asks for, each with the family of the field that it asks it of."""
    for entry in document.get("aggregations", ()):
        if "field" in entry:
            yield entry["function"], FAMILIES[entry["field"]]
    for entry in document.get("group_by", ()):
        name = entry if isinstance(entry, str) else entry["field"]
        bucket = None if isinstance(entry, str) else entry.get("dateGranularity")
        yield bucket or "group", FAMILIES[name]


async def test_labels_of_days_around_each_new_year_are_those_of_the_calendar(tmp_path: Path, database_url: str) -> None:
    first = date(1995, 12, 20)
    days = [first.replace(year=year) + timedelta(days=day) for year in range(1995, 2030) for day in range(22)]
    empty = dict.fromkeys(ROWS[0])
    rows = [empty | {"id": day.isoformat(), "due": day.isoformat(), "at": f"{day}T12:00:00.000Z"} for day in days]
    async with store_of(catalog_of(tmp_path, SALE, SHOP), database_url) as store:
        await write(store, {"sale": rows})
        for field in ("due", "at"):
            names = [{"field": field, "dateGranularity": bucket, "alias": bucket} for bucket in BUCKETS]
            found = await answered(store, parsed(store.catalog, group_by=names))
            assert found == [tuple(label(day.isoformat(), bucket) for bucket in BUCKETS) for day in days]


async def test_a_sum_beyond_all_doubles_is_refused(tmp_path: Path, database_url: str) -> None:
    rows = [dict.fromkeys(ROWS[0]) | {"id": record_id, "ratio": 1.7e308} for record_id in "ab"]
    async with store_of(catalog_of(tmp_path, SALE, SHOP), database_url) as store:
        await write(store, {"sale": rows})
        for function in ("sum", "avg"):
            query = parsed(store.catalog, aggregations=[{"function": function, "field": "ratio", "alias": "x"}])
            with pytest.raises(Invalid, match="beyond what its kind of number can hold"):
                await answered(store, query)
