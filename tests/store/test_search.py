"""Searches in the store: the words of a record go with it through every write, and both databases match what memory matches."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fieldstone.query.ast import EVERYTHING, Match, Not, OrderKey, Select, Slot, Term
from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.query.search import LONGEST_WORD, SEARCHED_CHARACTERS, terms_of
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, USER, catalog_of, store_of, system_values

FIELDS = ("title", "body", "rank")
NOTE = """name: note
ownership: none
tenancy: none
fields:
  title: {type: text, searchable: true}
  body: {type: textarea, searchable: true}
  rank: {type: select, searchable: true, options: [{value: low}, {value: high}]}
  plain: {type: text}
  part_of: {type: lookup, reference: note, deleteBehavior: cascade}
"""


async def insert(store: SqlStore, *records: dict[str, Any]) -> None:
    """Inserts records of `note`."""
    columns = (*FIELDS, "plain", "part_of")
    async with store.transaction() as transaction:
        rows = [(*system_values(record["id"]), *(record.get(name) for name in columns)) for record in records]
        await transaction.insert("note", (*SYSTEM, *columns), rows)


async def found(store: SqlStore, text: str, fields: Sequence[str] = FIELDS) -> list[str]:
    """Returns the ids of the notes that a search finds; all others are those that its complement finds."""
    terms = terms_of(text)
    search = Match(Slot(0), len(terms), tuple(fields))
    binds = Binds(values=(terms,))
    select = Select("note", ("id",), EVERYTHING, (OrderKey("id"),), flags=(search, Not(search)))
    flagged = await store.fetch(store.prepare(select), binds)
    assert all(positive is not negative for _, positive, negative in flagged)
    rows = await store.fetch(store.prepare(Select("note", ("id",), search, (OrderKey("id"),))), binds)
    assert rows == [(record_id,) for record_id, positive, _ in flagged if positive]
    return [row[0] for row in rows]


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, NOTE), database_url) as opened:
        yield opened


async def test_every_term_must_occur_in_some_field_at_the_beginning_of_a_word(store: SqlStore) -> None:
    await insert(
        store,
        {"id": "a", "title": "The printer is on fire", "body": "Paper jam, tray 2", "rank": "high"},
        {"id": "b", "title": "Paper for the printers", "plain": "fire"},
        {"id": "c", "body": "STRASSE Straße ΣΟΦΟΣ, follow-up; 東京タワー, e\u0301te\u0301"},
        {"id": "d"},
    )
    for text, ids in {
        "print": "ab", "PRINTER paper": "ab", "printer fire": "a", "rinter": "", '"printer"': "a", '"on fire"': "a",
        '"fire on"': "", '"on fi"': "", "high jam": "a", "straße": "c", "strasse": "c", "σοφος": "c", "follow-u": "c",
        "up-follow": "", "京タ": "c", "タ東": "", "été": "c", "et": "", "tray2": "", "2": "a", "or": "", "fire AND": "",
        'fire"': "a", "NEAR(fire": "", "{title}": "", "a*": "", "'fire'": "a", "fire:*": "a",
    }.items():  # fmt: skip
        assert (text, "".join(await found(store, text))) == (text, ids)
    assert await found(store, "paper", ["title"]) == ["b"]
    assert await found(store, "paper", ["rank", "title"]) == ["b"]


async def test_the_words_of_a_record_go_with_it(store: SqlStore) -> None:
    await insert(store, {"id": "a", "title": "apple"}, {"id": "b", "title": "pear", "part_of": "a"})
    here = Binds(values=("a",))
    async with store.transaction() as transaction:
        changed = await transaction.update("note", {"title": "cherry", "plain": "x"}, Term("id", "eq", Slot(0)), here)
        assert changed == 1
        assert await transaction.update("note", {"title": "none"}, Term("id", "eq", Slot(0)), Binds(("?",))) == 0
    assert [await found(store, text) for text in ("apple", "cherry", "pear", "none")] == [[], ["a"], ["b"], []]
    async with store.transaction() as transaction:
        await transaction.update("note", {"body": "apple"}, Term("title", "null", Slot(0)), Binds((True,)), bump=False)
        await transaction.update("note", {"title": None, "body": "plum"}, EVERYTHING, Binds())
    assert [await found(store, text) for text in ("cherry", "pear", "plum")] == [[], [], ["a", "b"]]
    async with store.transaction() as transaction:
        await transaction.delete("note", Term("part_of", "eq", Slot(0)), here)
    assert await found(store, "plum") == ["a"]
    async with store.transaction() as transaction:
        assert await transaction.delete("note", EVERYTHING, Binds()) == 1
    assert await found(store, "plum") == []


async def test_what_is_rolled_back_is_not_found(store: SqlStore) -> None:
    await insert(store, {"id": "a", "title": "apple"})
    with suppress(ZeroDivisionError):
        async with store.transaction() as transaction:
            await transaction.update("note", {"title": "pear"}, EVERYTHING, Binds())
            await transaction.insert("note", (*SYSTEM, "title"), [(*system_values("b"), "pear")])
            raise ZeroDivisionError
    async with store.transaction() as transaction:
        with suppress(ZeroDivisionError):
            async with transaction.savepoint():
                await transaction.delete("note", EVERYTHING, Binds())
                raise ZeroDivisionError
    assert [await found(store, text) for text in ("apple", "pear")] == [["a"], []]


async def test_long_texts_and_long_words_are_searched_as_far_as_in_memory(store: SqlStore) -> None:
    word = "x" * (LONGEST_WORD + 10)
    far = " ".join(f"w{number}" for number in range(SEARCHED_CHARACTERS // 4))
    record = {"id": "a", "title": word, "body": f"{far} end"}
    await insert(store, record)
    for text in (word, word[:LONGEST_WORD], f"{word}y", "w15000", '"w99 w100"', '"w9 w99"', far[-5:], "end"):
        condition = Match(Slot(0), 1, FIELDS)
        expected = ["a"] if matches(condition, record, Surroundings(values=(terms_of(text),))) else []
        assert (text, await found(store, text)) == (text, expected)
    assert (await found(store, "w15000"), await found(store, "end")) == (["a"], [])


OLD = f"{USER}".replace("sys_user", "note").replace(
    "{email: {type: email, unique: global}}", "{title: {type: text}, body: {type: textarea}}"
)


async def test_stored_records_are_found_when_a_field_becomes_searchable(tmp_path: Path, database_url: str) -> None:
    rows = [(*system_values(f"{number:04}"), f"title {number}", f"body {number % 7}") for number in range(1200)]
    async with store_of(catalog_of(tmp_path, OLD), database_url) as store, store.transaction() as transaction:
        await transaction.insert("note", (*SYSTEM, "title", "body"), rows)
    titled = OLD.replace("title: {type: text}", "title: {type: text, searchable: true}")
    async with store_of(catalog_of(tmp_path, titled), database_url) as store:
        assert await found(store, '"title 1199"', ["title"]) == ["1199"]
    both = titled.replace("type: textarea", "type: textarea, searchable: true")
    async with store_of(catalog_of(tmp_path, both), database_url) as store:
        assert await found(store, '"title 7" body', ["title", "body"]) == ["0007"]
        assert len(await found(store, '"body 3"', ["body"])) == 171
    async with store_of(catalog_of(tmp_path, OLD), database_url) as store, store.transaction() as transaction:
        await transaction.insert("note", (*SYSTEM, "title"), [(*system_values("new"), "title new")])
    async with store_of(catalog_of(tmp_path, titled), database_url) as store:
        assert await found(store, "new", ["title"]) == ["new"]


LETTERS = [*"abAB7ßςΣéİǆ東ー_-\"'&*:\n ", "e\u0301", "\u00b2", "\U0001d51e", " ", " "]


async def test_generated_searches_find_what_they_find_in_memory(store: SqlStore) -> None:
    chance = random.Random(7)

    def text(most: int) -> str:
        return "".join(chance.choices(LETTERS, k=chance.randint(0, most)))

    records = [
        {"id": f"{number:04}", "title": text(8), "body": None if number % 5 == 0 else text(20)} for number in range(300)
    ]
    await insert(store, *records)
    hits = []
    for _ in range(300):
        search, fields = text(5), chance.choice([("title",), ("body",), ("title", "body")])
        search = f'"{search}"' if chance.random() < 0.3 else search
        terms = terms_of(search)
        if terms:
            condition = Match(Slot(0), len(terms), fields)
            around = Surroundings(values=(terms,))
            expected = [record["id"] for record in records if matches(condition, record, around)]
            assert (search, await found(store, search, fields)) == (search, expected)
            hits.append(len(expected))
    assert hits.count(0) < len(hits) / 2
    assert max(hits) < len(records) / 2
    assert sum(1 < count < 20 for count in hits) > 20
