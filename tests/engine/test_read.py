"""Lists and single records: only what the caller may see, counted and paged under the same policy."""

import pytest

from fieldstone.access.caller import SYSTEM, system_in
from fieldstone.engine.operation import Get, Read
from fieldstone.errors import Invalid, MethodNotAllowed, NotFound, PermissionDenied
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def filled(office: Office) -> None:
    """Writes notes of ann (a0 to a6), bob (b0, b1) and eve (e0)."""
    for name, count in (("ann", 7), ("bob", 2), ("eve", 1)):
        caller = office.caller(name, "note_chief")
        rows = ({"title": f"{name[0]}{n}", "level": n % 3, "secret": f"{name}{n}"} for n in range(count))
        await office.create(caller, "note", *rows)


async def test_a_list_holds_what_the_caller_may_see_and_counts_no_more(office: Office) -> None:
    await filled(office)
    page = await office.page(office.caller("bob", "note_reader"), "note", limit=1, order_by="title")
    assert (page.total, page.limit, len(page.rows)) == (2, 1, 1)
    assert await office.titles(office.caller("bob", "note_reader"), "note") == ["b0", "b1"]
    assert len(await office.titles(office.caller("bob", "note_overseer"), "note")) == 9
    assert await office.titles(office.caller("eve", "note_overseer"), "note") == ["e0"]
    assert await office.count("note") == 10


async def test_a_condition_narrows_and_never_widens(office: Office) -> None:
    await filled(office)
    bob = office.caller("bob", "note_reader")
    assert await office.titles(bob, "note", where={"title": {"$startsWith": "a"}}) == []
    assert await office.titles(bob, "note", where={"$or": [{"title": "a0"}, {"title": "b1"}]}) == ["b1"]
    assert await office.titles(bob, "note", where={"$not": {"title": "b0"}}) == ["b1"]
    assert (await office.page(bob, "note", where={"level": {"$gte": 0}}, limit=1)).total == 2


@pytest.mark.parametrize("query", [{}, {"order_by": "-level,title"}, {"order_by": "secret"}])
async def test_cursors_go_through_all_visible_records_once(office: Office, query: dict[str, str]) -> None:
    await filled(office)
    ann = office.caller("ann", "note_reader")
    whole = await office.page(ann, "note", fields=["title"], **query)
    page = await office.page(ann, "note", fields=["title"], limit=2, **query)
    seen, pages = page.rows, 1
    while page.cursor is not None:
        page = await office.page(ann, "note", fields=["title"], limit=2, cursor=page.cursor, **query)
        assert (page.total, page.columns) == (7, ("title",))
        seen, pages = seen + page.rows, pages + 1
    assert (seen, pages) == (whole.rows, 4)


async def test_a_cursor_is_of_its_caller_conditions_and_order(office: Office) -> None:
    await filled(office)
    ann = office.caller("ann", "note_overseer")
    cursor = (await office.page(ann, "note", limit=2, where={"level": 1})).cursor
    assert len((await office.page(ann, "note", limit=1, where={"level": 1}, cursor=cursor)).rows) == 1
    for caller, query in (
        (office.caller("bob", "note_overseer"), {"where": {"level": 1}}),
        (ann, {"where": {"level": 2}}),
        (ann, {"where": {"level": {"$gte": 1}}}),
        (ann, {"where": {"level": 1}, "order_by": "-id"}),
    ):
        with pytest.raises(Invalid) as refused:
            await office.page(caller, "note", cursor=cursor, **query)
        assert refused.value.details["reason"] == "INVALID_CURSOR"


async def test_the_total_is_the_same_on_every_page_and_left_out_when_not_wanted(office: Office) -> None:
    await filled(office)
    ann = office.caller("ann", "note_reader")
    for offset in (0, 3, 5, 7, 100):
        assert (await office.page(ann, "note", limit=3, offset=offset)).total == 7
    assert (await office.page(ann, "note", limit=3, count=False)).total is None
    assert (await office.page(ann, "note", where={"title": "none"})).total == 0


async def test_the_page_size_is_bounded_by_the_object(office: Office) -> None:
    for _ in range(5):
        await office.make("rate", title=office.here)
    ann = office.caller("ann", "public_worker")
    for query in ({}, {"limit": 100}, {"limit": 3}):
        page = await office.page(ann, "rate", where={"title": office.here}, **query)
        assert (page.limit, len(page.rows), page.total) == (3, 3, 5)


async def test_hidden_fields_are_in_no_answer_and_no_question(office: Office) -> None:
    await filled(office)
    clerk = office.caller("ann", "note_clerk")
    page = await office.page(clerk, "note")
    assert "secret" not in page.columns
    assert "price" in page.columns
    for name in ("secret", "sekret"):
        for query in ({"fields": [name]}, {"where": {name: "x"}}, {"order_by": name}, {"equals": {name: "x"}}):
            with pytest.raises(Invalid) as refused:
                await office.page(clerk, "note", **query)
            assert refused.value.message == f"No field `{name}` on `note`."
            assert "secret" not in str(refused.value.details.get("hint"))
    assert (await office.page(office.caller("ann", "note_reader"), "note", where={"secret": "ann3"})).total == 1


async def test_a_missing_right_is_an_open_refusal(office: Office) -> None:
    made = await office.make("note", title="a")
    for operation in (Read("note", QueryDocument()), Get("note", made)):
        with pytest.raises(PermissionDenied) as refused:
            await office.door.execute(operation, office.caller("ann"))
        assert refused.value.details["permission"] == "note:read"


async def test_absent_invisible_and_senseless_ids_are_told_in_the_same_words(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    mine = await office.make("note", ann, title="a")
    assert (await office.get(ann, "note", mine))["title"] == "a"
    for record_id in (mine, NOWHERE, "x", "", "a\0b", "\ud800", mine.lower()):
        with pytest.raises(NotFound) as refused:
            await office.get(bob, "note", record_id)
        shown = record_id.encode("utf-8", "backslashreplace").decode()
        assert refused.value.message == f"No `note` record `{shown}`."
        assert refused.value.details == {}


async def test_a_record_shows_the_fields_that_are_asked_for(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a", level=3)
    record = await office.door.execute(Get("note", made, fields=["level", "title"]), ann)
    assert (record.columns, record.row, record.version) == (("level", "title"), (3, "a"), 1)
    with pytest.raises(Invalid):
        await office.get(ann, "note", made, fields=["nonsense"])


async def test_what_is_not_offered_is_not_answered(office: Office) -> None:
    made = await office.make("engine_room", title="x")
    ann = office.caller("ann", "public_worker")
    with pytest.raises(NotFound):
        await office.get(ann, "engine_room", made)
    with pytest.raises(NotFound):
        await office.page(ann, "engine_room")
    assert (await office.get(SYSTEM, "engine_room", made))["title"] == "x"
    with pytest.raises(MethodNotAllowed):
        await office.delete(ann, "journal", NOWHERE)
    assert (await office.page(ann, "journal")).rows == []


async def test_an_expanded_reference_is_the_record_as_the_caller_may_read_it(office: Office) -> None:
    ours = await office.make("wiki", title="ours", region="north")
    theirs = await office.make("wiki", system_in(office.elsewhere), title="theirs")
    ids = [await office.make("note", title=str(n), wiki=wiki) for n, wiki in enumerate((ours, theirs, None, ours))]
    ann = office.caller("ann", "note_overseer", "public_worker")
    page = await office.page(ann, "note", fields=["title"], expand=["wiki"], order_by="title")
    assert page.columns == ("title", "wiki")
    first, second, third, fourth = (row[1] for row in page.rows)
    assert (first["id"], first["title"], first["region"], first["version"]) == (ours, "ours", "north", 1)
    assert (second, third, fourth) == (theirs, None, first)
    assert (await office.get(ann, "note", ids[0], expand=["wiki"]))["wiki"] == first
    blind = office.caller("ann", "note_overseer")
    assert (await office.get(blind, "note", ids[0], expand=["wiki"]))["wiki"] == ours


async def test_an_expanded_record_is_masked(office: Office) -> None:
    made = await office.make("note", title="a", reviewer=office.ids["bob"])
    ann = office.caller("ann", "note_overseer")
    reviewer = (await office.get(ann, "note", made, expand=["reviewer"]))["reviewer"]
    assert reviewer["name"] == "bob"
    assert not {"email", "password"} & reviewer.keys()
    foreign = await office.make("note", title="b", reviewer=office.ids["eve"])
    assert (await office.get(ann, "note", foreign, expand=["reviewer"]))["reviewer"] == office.ids["eve"]


async def test_an_object_that_is_not_offered_is_not_reached_by_expanding(office: Office) -> None:
    room = await office.make("engine_room", title="x")
    made = await office.make("company", title="a", keeper=room)
    ann = office.caller("ann", "company_worker", "public_worker")
    assert (await office.get(ann, "company", made, expand=["keeper"]))["keeper"] == room
    assert (await office.get(SYSTEM, "company", made, expand=["keeper"]))["keeper"]["title"] == "x"


@pytest.mark.parametrize("names", [["title"], ["nonsense"], ["wiki.owner_id"], "wiki"])
async def test_what_cannot_be_expanded_is_refused(office: Office, names: object) -> None:
    with pytest.raises(Invalid):
        await office.page(office.caller("ann", "note_reader"), "note", expand=names)


async def test_children_are_listed_with_their_parents(office: Office) -> None:
    ann, bob = office.caller("ann", "project_worker"), office.caller("bob", "project_worker")
    for caller in (ann, bob):
        project = await office.make("project", caller, title="p")
        task = await office.make("task", caller, title=f"task of {caller.id}", project=project)
        await office.make("step", caller, title=f"step of {caller.id}", task=task)
    assert await office.titles(ann, "step") == [f"step of {ann.id}"]
    assert await office.titles(ann, "task") == [f"task of {ann.id}"]
    assert len(await office.titles(office.caller("ann", "project_watcher"), "step")) == 2
    assert await office.titles(office.caller("ann", "step_worker"), "step") == []
