"""Summaries and numbers that are declared over stored records: computed and given out when the database is opened, once."""

from pathlib import Path
from typing import Any

from fieldstone.query.ast import EVERYTHING, Match, OrderKey, Select, Slot
from fieldstone.query.search import terms_of
from fieldstone.store.binds import Binds
from fieldstone.store.counter import counter_of
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import NOW, catalog_of, store_of, system_values

TOP = "name: top\nownership: none\ntenancy: none\nfields:\n  name: {type: text}\n"
BOX = (
    "name: box\nownership: none\ntenancy: none\nfields:\n  top: {type: lookup, reference: top}\n  name: {type: text}\n"
)
PART = (
    "name: part\nownership: none\ntenancy: none\nfields:\n  box: {type: lookup, reference: box}\n"
    "  weight: {type: number, scale: 1}\n  state: {type: text}\n"
)
WEIGHT = "  weight: {type: summary, summaryOperations: {object: part, function: sum, field: weight%s}}\n"
LIGHT = WEIGHT % ", filter: {state: new}"
TOTAL = "  total: {type: summary, summaryOperations: {object: box, function: sum, field: weight}}\n"
SYSTEM = ("id", "created_at", "updated_at", "version")


async def opened(folder: Path, url: str, *objects: str, field: str, of: str) -> list[Any]:
    """Opens the database with these objects and returns a field of all records of one, in the order of their ids."""
    async with store_of(catalog_of(folder, *objects), url) as store:
        return await values_of(store, of, field)


async def values_of(store: SqlStore, of: str, field: str) -> list[Any]:
    select = Select(of, (field,), EVERYTHING, (OrderKey("id"),))
    return [row[0] for row in await store.fetch(store.prepare(select), Binds())]


async def fill(folder: Path, url: str) -> None:
    """Makes two boxes in one top, with three parts in the first."""
    async with store_of(catalog_of(folder, TOP, BOX, PART), url) as store, store.transaction() as transaction:
        await transaction.insert("top", SYSTEM, [system_values("t")])
        boxes = [(*system_values(name), "t", name) for name in ("a", "b")]
        await transaction.insert("box", (*SYSTEM, "top", "name"), boxes)
        parts = [
            (*system_values(str(place)), "a", place, state) for place, state in ((1, "new"), (2, "old"), (3, "new"))
        ]
        await transaction.insert("part", (*SYSTEM, "box", "weight", "state"), parts)


async def add_part(store: SqlStore, record_id: str, box: str, weight: int) -> None:
    async with store.transaction() as transaction:
        row = (*system_values(record_id), box, weight, "new")
        await transaction.insert("part", (*SYSTEM, "box", "weight", "state"), [row])


async def test_a_new_summary_is_computed_for_every_record_and_kept_from_then_on(
    tmp_path: Path, database_url: str
) -> None:
    await fill(tmp_path, database_url)
    objects = (TOP + TOTAL, BOX + WEIGHT % "", PART)
    async with store_of(catalog_of(tmp_path, *objects), database_url) as store:
        assert await values_of(store, "box", "weight") == [6, 0]
        assert await values_of(store, "top", "total") == [6]
        await add_part(store, "4", "b", 4)
        assert await values_of(store, "box", "weight") == [6, 4]
        assert await values_of(store, "top", "total") == [10]
    assert await opened(tmp_path, database_url, *objects, field="total", of="top") == [10]


async def test_one_that_is_computed_otherwise_is_computed_anew_and_all_that_are_over_it(
    tmp_path: Path, database_url: str
) -> None:
    await fill(tmp_path, database_url)
    for weight, total in ((WEIGHT % "", [6]), (LIGHT, [4]), (WEIGHT % "", [6])):
        objects = (TOP + TOTAL, BOX + weight, PART)
        assert await opened(tmp_path, database_url, *objects, field="total", of="top") == total


async def test_one_over_a_formula_is_computed_anew_when_the_formula_changes(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path, database_url)
    box = BOX + "  heavy: {type: summary, summaryOperations: {object: part, function: sum, field: cost}}\n"
    for expression, heavy in (("weight * 2.0", [12, 0]), ("weight * 3.0", [18, 0])):
        part = PART + f"  cost: {{type: formula, expression: '{expression}', returnType: number, scale: 1}}\n"
        assert await opened(tmp_path, database_url, TOP, box, part, field="heavy", of="box") == heavy


async def test_one_that_was_not_declared_for_a_while_is_computed_anew(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path, database_url)
    objects = (TOP, BOX + WEIGHT % "", PART)
    assert await opened(tmp_path, database_url, *objects, field="weight", of="box") == [6, 0]
    async with store_of(catalog_of(tmp_path, TOP, BOX, PART), database_url) as store:
        await add_part(store, "5", "b", 5)
    assert await opened(tmp_path, database_url, *objects, field="weight", of="box") == [6, 5]


async def test_more_records_than_are_computed_at_once(tmp_path: Path, database_url: str) -> None:
    async with (
        store_of(catalog_of(tmp_path, TOP, BOX, PART), database_url) as store,
        store.transaction() as transaction,
    ):
        boxes = [(*system_values(f"{place:04}"), str(place)) for place in range(1200)]
        await transaction.insert("box", (*SYSTEM, "name"), boxes)
        parts = [(*system_values(f"p{place:04}"), f"{place:04}", place) for place in range(1200)]
        await transaction.insert("part", (*SYSTEM, "box", "weight"), parts)
    numbered = BOX + (WEIGHT % "") + "  number: {type: autonumber, format: 'B{0}'}\n"
    async with store_of(catalog_of(tmp_path, TOP, numbered, PART), database_url) as store:
        assert await values_of(store, "box", "weight") == list(range(1200))
        assert await values_of(store, "box", "number") == [f"B{place}" for place in range(1, 1201)]


async def test_stored_records_are_numbered_in_the_order_of_their_ids(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path, database_url)
    numbered = BOX + "  number: {type: autonumber, format: '{name}-{YYYY}-{00}', startAt: 7, searchable: true}\n"
    async with store_of(catalog_of(tmp_path, TOP, numbered, PART), database_url) as store:
        assert await values_of(store, "box", "number") == [f"a-{NOW[:4]}-07", f"b-{NOW[:4]}-07"]
        async with store.transaction() as transaction:
            assert await transaction.reserve(counter_of("box", "number", None, (f"a-{NOW[:4]}-", "")), 2, 7) == 8
            assert await transaction.reserve(counter_of("box", "number", None, ("c-", "")), 2, 7) == 7
            assert await transaction.reserve(counter_of("box", "number", None, ("c-", "")), 1, 100) == 100


async def test_numbers_that_are_there_stay_and_are_counted_on_from(tmp_path: Path, database_url: str) -> None:
    text = BOX + "  number: {type: text, unique: true, searchable: true}\n"
    async with (
        store_of(catalog_of(tmp_path, TOP, text, PART), database_url) as store,
        store.transaction() as transaction,
    ):
        held = {"a": "B-3", "b": None, "c": "x", "d": "B-10", "e": None}
        rows = [(*system_values(record_id), number) for record_id, number in held.items()]
        await transaction.insert("box", (*SYSTEM, "number"), rows)
    for form in ("B-{0}", "B-{000}", "C-{0}"):
        numbered = BOX + f"  number: {{type: autonumber, format: '{form}', searchable: true}}\n"
        async with store_of(catalog_of(tmp_path, TOP, numbered, PART), database_url) as store:
            assert await values_of(store, "box", "number") == ["B-3", "B-11", "x", "B-10", "B-12"]
            async with store.transaction() as transaction:
                frame = (form.partition("{")[0], "")
                following = await transaction.reserve(counter_of("box", "number", None, frame), 0, 1)
                assert following == (1 if form == "C-{0}" else 13)


async def test_a_numbered_record_is_found_by_its_number(tmp_path: Path, database_url: str) -> None:
    text = BOX + "  number: {type: text, searchable: true}\n"
    async with store_of(catalog_of(tmp_path, TOP, text, PART), database_url) as store, store.transaction() as writing:
        await writing.insert("box", SYSTEM, [system_values("a")])
    numbered = BOX + "  number: {type: autonumber, format: 'NR {0000}', searchable: true}\n"
    async with store_of(catalog_of(tmp_path, TOP, numbered, PART), database_url) as store:
        terms = terms_of("nr 0001")
        search = Select("box", ("number",), Match(Slot(0), len(terms), ("number",)))
        assert await store.fetch(store.prepare(search), Binds((terms,))) == [("NR 0001",)]
