"""The order of a search: both databases give each record the points that it has in memory, and read no other record for it."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.query.ast import EVERYTHING, Filter, Match, Ranking, Select, Slot, Term, conjunction
from fieldstone.query.search import points_of, terms_of
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

NOTE = """name: note
ownership: none
tenancy: none
fields:
  title: {type: text, searchable: true}
  body: {type: textarea, searchable: true}
  hidden: {type: text, searchable: true}
  kind: {type: text}
"""
COLUMNS = (*SYSTEM, "title", "body", "hidden", "kind")
SEEN = ("title", "body")


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, NOTE), database_url) as opened:
        yield opened


async def insert(store: SqlStore, records: list[dict[str, Any]]) -> None:
    """Inserts records of `note`."""
    async with store.transaction() as transaction:
        rows = [(*system_values(record["id"]), *(record.get(name) for name in COLUMNS[4:])) for record in records]
        await transaction.insert("note", COLUMNS, rows)


async def best(
    store: SqlStore, text: str, rows: Filter = EVERYTHING, *, limit: int = 100, most: int = 1000, **around: Any
) -> list[tuple[str, int, int]]:
    """Returns the best of the notes that a search finds: the id of each, its points, and how many were found."""
    terms = terms_of(text)
    match = Match(Slot(0), len(terms), around.pop("fields", SEEN))
    ranking = Ranking(match, around.pop("first", "title"), most)
    select = Select("note", ("id",), conjunction(rows, match), limited=True, ranking=ranking)
    found = await store.fetch(store.prepare(select), Binds(values=(terms, *around.pop("values", ())), limit=limit))
    return [(record_id, points, total) for record_id, points, total in found]


def expected(records: list[dict[str, Any]], text: str) -> list[tuple[str, int, int]]:
    """Returns what `best` must answer."""
    terms = terms_of(text)
    told = [(points_of({name: record[name] for name in SEEN}, "title", terms), record["id"]) for record in records]
    points = [(found, record_id) for found, record_id in told if found is not None]
    return [(record_id, found, len(points)) for found, record_id in sorted(points, reverse=True)]


async def test_a_term_counts_for_more_in_the_first_field_and_as_a_whole_word(store: SqlStore) -> None:
    await insert(
        store,
        [
            {"id": "a", "title": "Nothing of that kind", "body": "the printers"},
            {"id": "b", "title": "A printer"},
            {"id": "c", "title": "Printer"},
            {"id": "d", "title": "Other", "body": "a printer"},
            {"id": "e", "title": "Two printers", "body": "printer printer"},
            {"id": "f", "title": "Printers of all kinds"},
            {"id": "g", "title": "Printer"},
        ],
    )
    ranked = await best(store, "printer")
    assert [(record_id, points) for record_id, points, _ in ranked] == [
        ("g", 6), ("c", 6), ("f", 5), ("b", 4), ("e", 3), ("d", 2), ("a", 1),
    ]  # fmt: skip
    assert {total for _, _, total in ranked} == {7}
    assert await best(store, "printer", limit=2) == [("g", 6, 7), ("c", 6, 7)]
    assert await best(store, "printer kinds") == [("f", 9, 1)]
    assert await best(store, '"of all"') == [("f", 4, 1)]
    assert await best(store, "printer", first=None, fields=("body",)) == [("e", 2, 3), ("d", 2, 3), ("a", 1, 3)]


async def test_of_more_records_than_are_ranked_the_newest_that_may_be_seen_are(store: SqlStore) -> None:
    await insert(store, [{"id": f"{number}", "title": "apple", "kind": f"{number % 2}"} for number in range(10)])
    even = Term("kind", "eq", Slot(1))
    assert await best(store, "apple", even, most=3, values=("0",)) == [("8", 6, 3), ("6", 6, 3), ("4", 6, 3)]
    assert await best(store, "apple", even, most=3, limit=1, values=("1",)) == [("9", 6, 3)]


async def test_what_is_hidden_changes_neither_points_nor_numbers(store: SqlStore) -> None:
    seen = [{"id": "b", "title": "red apple", "kind": "mine"}, {"id": "c", "body": "apples", "kind": "mine"}]
    mine = Term("kind", "eq", Slot(1))
    await insert(store, seen)
    before = await best(store, "apple", mine, values=("mine",))
    others = [{"id": f"x{n}", "title": "apple apple", "body": "apple", "kind": "theirs"} for n in range(50)]
    await insert(store, others)
    async with store.transaction() as transaction:
        await transaction.update("note", {"hidden": "apple"}, EVERYTHING, Binds())
    assert await best(store, "apple", mine, values=("mine",)) == before == [("b", 4, 2), ("c", 1, 2)]


LETTERS = [*"abAB7ßΣςİ東ー_-\"' ", "e\u0301", "é", "\U0001d51e", " ", " "]


async def test_generated_searches_are_ranked_as_in_memory(store: SqlStore) -> None:
    chance = random.Random(11)

    def text(most: int) -> str:
        return "".join(chance.choices(LETTERS, k=chance.randint(0, most)))

    records = [
        {"id": f"{number:04}", "title": text(8), "body": None if number % 5 == 0 else text(20)} for number in range(300)
    ]
    await insert(store, records)
    told: list[set[int]] = []
    for _ in range(200):
        search = text(5)
        search = f'"{search}"' if chance.random() < 0.3 else search
        if terms_of(search):
            found = await best(store, search, limit=300)
            assert (search, found) == (search, expected(records, search))
            told.append({points for _, points, _ in found})
    assert sum(len(points) > 2 for points in told) > 30
