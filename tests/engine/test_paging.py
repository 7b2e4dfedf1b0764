"""Pages by cursor while others write: every record that was there all along is shown once, and in order."""

import asyncio
from random import Random
from typing import Any

import pytest

from fieldstone.errors import Invalid
from tests.engine.office import Office
from tests.statements import noted_statements

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def filled(office: Office, count: int) -> list[str]:
    """Writes wiki pages of three regions, some of none, and a note of ann's for each; returns the ids of the notes."""
    ann = office.caller("ann", "note_chief", "public_worker")
    regions = ("north", "south", None)
    pages = [{"title": f"w{number}", "region": regions[number % 3]} for number in range(6)]
    wiki = (*(await office.create(ann, "wiki", *pages)).ids, None)
    rows = [{"title": f"n{number:02}", "level": number % 4, "wiki": wiki[number % 7]} for number in range(count)]
    return list((await office.create(ann, "note", *rows)).ids)


@pytest.mark.parametrize("order", ["title", "-level,-title", "wiki.region,-level", "-wiki.region,title", "wiki.title"])
async def test_each_surviving_record_is_shown_once_whatever_others_write(office: Office, order: str) -> None:
    ids = await filled(office, 40)
    ann = office.caller("ann", "note_chief", "public_worker")
    random = Random(order)
    victims = random.sample(ids, 8)
    stop = asyncio.Event()
    writes: list[str] = []

    async def write() -> None:
        """Makes and deletes records, and changes what is not sorted by, until the pages are through."""
        while not stop.is_set():
            made = (
                await office.create(ann, "note", {"title": f"n{random.random()}", "level": random.randrange(4)})
            ).ids[0]
            if victims:
                await office.delete(ann, "note", victims.pop())
            if random.random() < 0.5:
                await office.delete(ann, "note", made)
            writes.append(made)
            await asyncio.sleep(0)

    going = set(ids) - set(victims)
    query = {"order_by": order, "fields": ["id", "title"], "limit": 3}
    before = [row[0] for row in (await office.page(ann, "note", **query | {"limit": 200})).rows if row[0] in going]
    writer = asyncio.create_task(write())
    page = await office.page(ann, "note", **query)
    shown = [row[0] for row in page.rows]
    while page.cursor is not None and len(shown) < 1000:
        await asyncio.sleep(0.002)
        page = await office.page(ann, "note", cursor=page.cursor, **query)
        shown += [row[0] for row in page.rows]
        if len(shown) > 60:
            stop.set()
    stop.set()
    await writer
    assert len(writes) >= 3
    assert len(shown) == len(set(shown))
    assert [row_id for row_id in shown if row_id in going] == before


@pytest.mark.parametrize("order", ["level", "-level", "level,-title", "-level,title"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_pages_hold_the_records_without_a_value_in_their_place(office: Office, order: str, limit: int) -> None:
    ann = office.caller("ann", "note_chief", "public_worker")
    rows = [{"title": f"n{number:02}", "level": (None, 2, 1, None, 2)[number % 5]} for number in range(13)]
    await office.create(ann, "note", *rows)
    whole = [row[0] for row in (await office.page(ann, "note", order_by=order, fields=["title"], limit=50)).rows]
    page = await office.page(ann, "note", order_by=order, fields=["title"], limit=limit)
    shown, pages = [row[0] for row in page.rows], 1
    while page.cursor is not None:
        page = await office.page(ann, "note", order_by=order, fields=["title"], limit=limit, cursor=page.cursor)
        assert len(page.rows) == limit or page.cursor is None
        shown += [row[0] for row in page.rows]
        pages += 1
    assert shown == whole
    assert len(shown) == len(rows)
    assert pages == -(-len(rows) // limit)


@pytest.mark.parametrize(("order", "statements"), [("title", [1, 1, 2]), ("-title", [1, 1, 1])])
async def test_a_page_goes_to_the_database_once_until_those_without_a_value_may_come(
    office: Office, monkeypatch: pytest.MonkeyPatch, order: str, statements: list[int]
) -> None:
    ann = office.caller("ann", "note_chief", "public_worker")
    await office.create(ann, "note", *({"title": f"n{number}"} for number in range(7)))
    texts = noted_statements(monkeypatch, outside=True)
    cursor: dict[str, Any] = {}
    counts = []
    for _ in statements:
        texts.clear()
        page = await office.page(ann, "note", order_by=order, fields=["title"], limit=3, count=False, **cursor)
        counts.append(sum("note" in text for text in texts))
        cursor = {"cursor": page.cursor}
    assert counts == statements


async def test_a_cursor_goes_on_where_its_record_was_when_that_is_gone(office: Office) -> None:
    ids = await filled(office, 6)
    ann = office.caller("ann", "note_chief", "public_worker")
    first = await office.page(ann, "note", order_by="title", fields=["title"], limit=3)
    await office.delete(ann, "note", ids[2])
    await office.create(ann, "note", {"title": "n011"}, {"title": "n021"})
    rest = await office.page(ann, "note", order_by="title", fields=["title"], limit=9, cursor=first.cursor)
    assert [row[0] for row in (*first.rows, *rest.rows)] == ["n00", "n01", "n02", "n021", "n03", "n04", "n05"]
    assert rest.cursor is None


@pytest.mark.parametrize(
    "other",
    [
        {"where": {"level": {"$gte": 1}}},
        {"where": {"$and": [{"level": {"$gte": 0}}, {"title": {"$ne": "x"}}]}},
        {"equals": {"level": "1"}},
        {"order_by": "title"},
        {"order_by": "-wiki.region"},
        {"order_by": "wiki.title"},
        {"order_by": "wiki.region,title"},
    ],
)
async def test_a_cursor_is_refused_under_another_query(office: Office, other: dict[str, Any]) -> None:
    await filled(office, 6)
    ann, bob = office.caller("ann", "note_chief", "public_worker"), office.caller("bob", "note_chief", "public_worker")
    query: dict[str, Any] = {"where": {"level": {"$gte": 0}}, "order_by": "wiki.region", "limit": 2}
    cursor = (await office.page(ann, "note", **query)).cursor
    assert cursor is not None
    again = await office.page(ann, "note", **query | {"limit": 1, "fields": ["title"], "cursor": cursor})
    assert len(again.rows) == 1
    for caller, asked in ((ann, query | other), (bob, query)):
        with pytest.raises(Invalid) as refused:
            await office.page(caller, "note", **asked, cursor=cursor)
        assert refused.value.details["reason"] == "INVALID_CURSOR"
