"""Opening a store on a database of earlier declarations: what is added, and what is refused with its place."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.errors import Conflict, DeclarationError, SettingsError, UniqueViolation
from fieldstone.query.ast import EVERYTHING, OrderKey, Select
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.open import open_store
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

HEAD = "name: thing\nownership: none\nfields:\n"
OTHER = "name: other\nownership: none\ntenancy: none\nfields: {name: {type: text}}\n"
FIRST = f"{HEAD}  name: {{type: text}}\n  price: {{type: currency}}\n"
WITHOUT_AUDIT = "systemFields: {audit: false}\n"


async def refusals(folder: Path, url: str, *objects: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        await open_store(catalog_of(folder, *objects), url, synchronous="normal", limits=Limits())
    return [f"{fault.place.line} {fault.code} {fault.message}" for fault in caught.value.faults]


async def open_and_close(folder: Path, url: str, *objects: str) -> None:
    async with store_of(catalog_of(folder, *objects), url):
        pass


async def test_a_new_field_an_index_and_an_object_are_added_and_records_stay(tmp_path: Path, database_url: str) -> None:
    async with store_of(catalog_of(tmp_path, FIRST), database_url) as store, store.transaction() as transaction:
        await transaction.insert("thing", (*SYSTEM, "name"), [(*system_values("a"), "A")])
    more = FIRST.replace("price: {type: currency}", "price: {type: currency, index: true}")
    more += "  size: {type: number, index: true}\n  link: {type: lookup, reference: other}\n"
    async with store_of(catalog_of(tmp_path, more, OTHER), database_url) as store:
        async with store.transaction() as transaction:
            await transaction.insert("other", SYSTEM, [system_values("o")])
            await transaction.insert("thing", (*SYSTEM, "size", "link"), [(*system_values("b"), 5, "o")])
        select = Select("thing", ("id", "name", "size", "link"), EVERYTHING, (OrderKey("id"),))
        rows = await store.fetch(store.prepare(select), Binds())
    assert rows == [("a", "A", None, None), ("b", None, 5, "o")]


async def test_a_field_that_is_gone_and_back_again_holds_what_it_held(tmp_path: Path, database_url: str) -> None:
    async with store_of(catalog_of(tmp_path, FIRST), database_url) as store, store.transaction() as transaction:
        await transaction.insert("thing", (*SYSTEM, "name"), [(*system_values("a"), "A")])
    await open_and_close(tmp_path, database_url, f"{HEAD}  price: {{type: currency}}\n")
    await open_and_close(tmp_path, database_url, OTHER)
    changed = FIRST.replace("name: {type: text}", "name: {type: boolean}")
    assert await refusals(tmp_path, database_url, changed) == [
        "4 NEEDS_MIGRATION `thing.name` changes from text to boolean in 1 record: 1 of them holds a value that cannot be converted (`a`)."
    ]
    async with store_of(catalog_of(tmp_path, FIRST), database_url) as store:
        assert await store.fetch(store.prepare(Select("thing", ("name",), EVERYTHING)), Binds()) == [("A",)]


async def test_a_renamed_field_keeps_what_it_held_with_its_index_and_its_reference(
    tmp_path: Path, database_url: str
) -> None:
    first = (
        f"{HEAD}  name: {{type: text, unique: global, searchable: true}}\n  link: {{type: lookup, reference: other}}\n"
    )
    async with store_of(catalog_of(tmp_path, first, OTHER), database_url) as store, store.transaction() as transaction:
        await transaction.insert("other", SYSTEM, [system_values("o")])
        row = (*system_values("a"), "A", "o")
        await transaction.insert("thing", (*SYSTEM, "name", "link"), [row])
    renamed = (
        f"{HEAD}  title: {{type: text, unique: global, searchable: true, renamedFrom: name}}\n"
        "  target: {type: lookup, reference: other, renamedFrom: link}\n"
    )
    for _ in range(2):
        async with store_of(catalog_of(tmp_path, renamed, OTHER), database_url) as store:
            select = Select("thing", ("title", "target"), EVERYTHING)
            assert await store.fetch(store.prepare(select), Binds()) == [("A", "o")]
            with pytest.raises(UniqueViolation) as caught:
                async with store.transaction() as transaction:
                    await transaction.insert("thing", (*SYSTEM, "title"), [(*system_values("b"), "A")])
            assert "title" in caught.value.details["fields"]
            with pytest.raises(Conflict):
                async with store.transaction() as transaction:
                    await transaction.insert("thing", (*SYSTEM, "target"), [(*system_values("c"), "nobody")])


async def test_every_change_of_stored_values_is_refused_and_nothing_is_changed(
    tmp_path: Path, database_url: str
) -> None:
    await open_and_close(tmp_path, database_url, FIRST)
    changed = (
        f"{HEAD}  new: {{type: text}}\n  name: {{type: number, scale: 0}}\n  price: {{type: currency, scale: 3}}\n"
    )
    expected = [
        "5 NEEDS_MIGRATION `thing.name` changes from text to number.",
        "6 NEEDS_MIGRATION `thing.price` changes from decimal(18,2) to decimal(18,3).",
    ]
    assert await refusals(tmp_path, database_url, changed) == expected
    assert await refusals(tmp_path, database_url, changed) == expected
    await open_and_close(tmp_path, database_url, FIRST)


@pytest.mark.parametrize("before", ["", WITHOUT_AUDIT])
async def test_system_fields_are_neither_left_out_nor_taken_back_beside_records(
    tmp_path: Path, database_url: str, before: str
) -> None:
    after = "" if before else WITHOUT_AUDIT
    await open_and_close(tmp_path, database_url, f"{FIRST}{before}")
    refused = await refusals(tmp_path, database_url, f"{FIRST}{after}")
    assert [message.split("`")[1] for message in refused] == ["thing.created_at", "thing.updated_at"]
    assert {message.split()[1] for message in refused} == {"NEEDS_MIGRATION"}
    await open_and_close(tmp_path, database_url, f"{FIRST}{before}")


async def test_a_reference_to_another_object_is_refused(tmp_path: Path, database_url: str) -> None:
    linked = f"{HEAD}  link: {{type: lookup, reference: other}}\n"
    await open_and_close(tmp_path, database_url, linked, OTHER)
    again = f"{HEAD}  link: {{type: lookup, reference: thing}}\n"
    expected = [
        "4 NEEDS_MIGRATION `thing.link` loses its foreign key to `other`.",
        "4 NEEDS_MIGRATION `thing.link` gets a foreign key to `thing`.",
    ]
    assert await refusals(tmp_path, database_url, again, OTHER) == expected


async def test_a_unique_key_over_records_that_clash_is_refused_and_one_that_is_gone_no_longer_binds(
    tmp_path: Path, database_url: str
) -> None:
    async def add(record_id: str, text: str) -> None:
        async with store_of(catalog_of(tmp_path, text), database_url) as store, store.transaction() as transaction:
            await transaction.insert("thing", (*SYSTEM, "name"), [(*system_values(record_id), "same")])

    unique = FIRST.replace("{type: text}", "{type: text, unique: global}")
    await add("a", unique)
    await add("b", FIRST)
    assert await refusals(tmp_path, database_url, unique) == [
        "1 NEEDS_MIGRATION `thing` gets a unique key over `name`: 2 records (`a`, `b`) have the same values."
    ]
    await add("c", FIRST)


async def test_two_stores_may_open_an_empty_database_at_once(tmp_path: Path, database_url: str) -> None:
    catalog = catalog_of(tmp_path, FIRST, OTHER)
    stores = await asyncio.gather(
        *(open_store(catalog, database_url, synchronous="normal", limits=Limits()) for _ in range(3))
    )
    try:
        assert [await store.epoch() for store in stores] == [1, 1, 1]
    finally:
        for store in stores:
            await store.close()


async def test_objects_that_refer_to_each_other_are_made(tmp_path: Path, database_url: str) -> None:
    left = "name: left\nownership: none\nfields: {right: {type: lookup, reference: right}}\n"
    right = "name: right\nownership: none\nfields: {left: {type: lookup, reference: left}}\n"
    await open_and_close(tmp_path, database_url, left, right)
    await open_and_close(tmp_path, database_url, left, right)


async def test_many_objects_are_made_and_found_again(tmp_path: Path, database_url: str) -> None:
    objects = [FIRST.replace("name: thing", f"name: thing_{number}") for number in range(90)]
    await open_and_close(tmp_path, database_url, *objects)
    await open_and_close(tmp_path, database_url, *objects)


async def test_names_that_are_words_of_sql_or_long_are_as_good_as_any(tmp_path: Path, database_url: str) -> None:
    long = "a" * 60
    text = f"name: select\nownership: none\nfields:\n  from: {{type: text, unique: true}}\n  {long}: {{type: text, index: true}}\n"
    text += f"  {long}b: {{type: text, index: true}}\nindexes: [{{fields: [{long}, {long}b], unique: true}}]\n"
    async with store_of(catalog_of(tmp_path, text), database_url) as store:
        async with store.transaction() as transaction:
            await transaction.insert("select", (*SYSTEM, "from", long), [(*system_values("a"), "x", "y")])
        rows = await store.fetch(store.prepare(Select("select", ("from", long), EVERYTHING)), Binds())
    assert rows == [("x", "y")]


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///", "sqlite:///:memory:", "postgresql://127.0.0.1:1/nothing"])
async def test_an_address_that_cannot_be_opened_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError):
        await open_store(catalog_of(tmp_path, FIRST), url, synchronous="normal", limits=Limits())


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database at all, but more than a hundred bytes of text " * 100)
    with pytest.raises(SettingsError):
        await open_store(catalog_of(tmp_path, FIRST), f"sqlite:///{path}", synchronous="full", limits=Limits())
