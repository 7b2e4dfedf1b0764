"""Groups over the door: of what a list would answer and of nothing else, named by what the caller may read."""

from typing import Any

import pytest

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Aggregate, Read
from fieldstone.engine.outcome import Groups
from fieldstone.errors import Invalid, NotFound, PermissionDenied
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")
COUNT = {"function": "count", "alias": "n"}


async def groups(office: Office, caller: Caller, object_name: str, **query: Any) -> Groups:
    """Returns a page of groups."""
    return await office.door.execute(Aggregate(object_name, QueryDocument(**query)), caller)


async def filled(office: Office) -> None:
    """Writes notes of ann (levels 0 to 5), bob (levels 1 and 2) and eve (level 9)."""
    for name, levels in (("ann", range(6)), ("bob", (1, 2)), ("eve", (9,))):
        rows = ({"title": f"{name}{level}", "level": level, "secret": f"{name} {level % 2}"} for level in levels)
        await office.create(office.caller(name, "note_chief"), "note", *rows)


async def test_only_what_the_caller_may_see_is_counted_and_computed(office: Office) -> None:
    await filled(office)
    measures = [COUNT, *({"function": name, "field": "level", "alias": name} for name in ("sum", "min", "max"))]
    for name, held, expected in (
        ("ann", "note_reader", (6, 15, 0, 5)),
        ("bob", "note_reader", (2, 3, 1, 2)),
        ("bob", "note_overseer", (8, 18, 0, 5)),
        ("eve", "note_overseer", (1, 9, 9, 9)),
        ("ann", "note_clerk", (4, 14, 2, 5)),
    ):
        page = await groups(office, office.caller(name, held), "note", aggregations=measures)
        assert (page.columns, page.rows, page.total) == (("n", "sum", "min", "max"), [expected], 1)


async def test_a_condition_and_a_filter_reach_no_further_than_a_list(office: Office) -> None:
    await filled(office)
    bob = office.caller("bob", "note_reader")
    anything = {"$not": {"title": "nothing"}}
    page = await groups(office, bob, "note", where=anything, aggregations=[COUNT | {"filter": anything}])
    assert page.rows == [(2,)]
    page = await groups(office, bob, "note", group_by=["title"], having=anything, order_by="-title")
    assert page.rows == [("bob2",), ("bob1",)]
    page = await groups(office, bob, "note", where={"title": "ann1"}, group_by=["title"])
    assert (page.rows, page.total) == ([], 0)


async def test_a_hidden_field_is_refused_as_an_unknown_one_wherever_it_is_named(office: Office) -> None:
    await filled(office)
    ann, clerk = office.caller("ann", "note_reader"), office.caller("ann", "note_clerk")
    for query in (
        lambda name: {"group_by": [name]},
        lambda name: {"group_by": [{"field": name, "alias": "g"}]},
        lambda name: {"distinct": True, "fields": [name]},
        lambda name: {"aggregations": [{"function": "min", "field": name, "alias": "m"}]},
        lambda name: {"aggregations": [{"function": "sum", "field": name, "alias": "m"}]},
        lambda name: {"aggregations": [COUNT | {"filter": {name: {"$null": False}}}]},
        lambda name: {"aggregations": [COUNT], "where": {name: "x"}},
        lambda name: {"aggregations": [COUNT], "having": {name: "x"}},
        lambda name: {"aggregations": [COUNT], "having": {"n": {"$gt": {"$field": name}}}},
        lambda name: {"aggregations": [COUNT], "order_by": name},
    ):
        refusals = []
        for name in ("secret", "sekret"):
            with pytest.raises(Invalid) as refused:
                await groups(office, clerk, "note", **query(name))
            hint = refused.value.details.get("hint") or ""
            assert "secret" not in hint.replace(name, "")
            refusals.append((refused.value.message.replace(name, "*"), refused.value.details["reason"], hint))
        assert refusals[0] == refusals[1]
    page = await groups(office, ann, "note", group_by=["secret"], aggregations=[COUNT])
    assert page.rows == [("ann 0", 3), ("ann 1", 3)]


async def test_a_path_leads_to_what_the_caller_may_see_and_else_to_nothing(office: Office) -> None:
    ann = office.caller("ann", "project_worker")
    mine = await office.make("project", ann, title="mine")
    await office.create(ann, "task", {"project": mine, "title": "a"}, {"project": mine, "title": "b"})
    names = {"group_by": ["project.title", "project.owner_id"], "aggregations": [COUNT]}
    assert (await groups(office, ann, "task", **names)).rows == [("mine", office.ids["ann"], 2)]
    page = await groups(office, office.caller("bob", "project_worker"), "task", **names)
    assert (page.rows, page.total) == ([], 0)

    with pytest.raises(Invalid) as refused:
        await groups(office, office.caller("ann", "note_reader"), "note", group_by=["wiki.title"])
    assert refused.value.message == "No field `wiki.title` on `note`."


async def test_a_path_to_a_record_that_is_not_there_for_the_caller_leads_to_nothing(office: Office) -> None:
    ann = office.caller("ann", "note_writer", "of_region")
    pages = [await office.make("wiki", title=region, region=region) for region in ("ann@example.org", "elsewhere")]
    await office.create(ann, "note", *({"title": "x", "wiki": page, "level": 2} for page in (pages[0], None)))
    await office.make("note", title="x", wiki=pages[1], owner_id=office.ids["ann"])
    for measure, of_mine, of_others in (
        (COUNT, 1, 2),
        ({"function": "count", "field": "wiki.title", "alias": "n"}, 1, 0),
        ({"function": "max", "field": "wiki.region", "alias": "n"}, "ann@example.org", None),
        (COUNT | {"filter": {"wiki.title": {"$ne": "ann@example.org"}}}, 0, 2),
    ):
        page = await groups(office, ann, "note", group_by=["wiki.title"], aggregations=[measure])
        assert page.rows == [("ann@example.org", of_mine), (None, of_others)]
    page = await groups(office, ann, "note", group_by=["wiki.title"], having={"wiki.title": None})
    assert (page.rows, page.total) == ([(None,)], 1)


async def test_groups_are_paged_by_offset_and_counted_whole(office: Office) -> None:
    await filled(office)
    ann = office.caller("ann", "note_reader")
    seen = []
    for offset in range(0, 8, 2):
        page = await groups(office, ann, "note", group_by=["title"], limit=2, offset=offset)
        assert (page.total, page.limit, page.cursor) == (6, 2, None)
        seen += [row[0] for row in page.rows]
    assert seen == [f"ann{level}" for level in range(6)]
    page = await groups(office, ann, "note", group_by=["level"], having={"level": {"$gt": 1}}, limit=1, offset=100)
    assert (page.rows, page.total) == ([], 4)
    page = await groups(office, ann, "note", group_by=["level"], limit=1, count=False)
    assert (page.rows, page.total) == ([(0,)], None)
    assert (await groups(office, ann, "note", distinct=True, fields=["state"])).rows == [("open",)]


async def test_the_page_size_is_bounded_by_the_object(office: Office) -> None:
    for number in range(5):
        await office.make("rate", title=f"{office.here} {number}")
    page = await groups(
        office,
        office.caller("ann", "public_worker"),
        "rate",
        where={"title": {"$startsWith": office.here}},
        group_by=["title"],
        limit=100,
    )
    assert (page.limit, len(page.rows), page.total) == (3, 3, 5)


async def test_days_begin_in_the_time_zone_of_the_organisation_unless_the_query_names_another(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    await office.create(ann, "note", {"title": "late", "opened_at": "2026-03-05T23:30:00Z"})
    of_day = {"group_by": [{"field": "opened_at", "dateGranularity": "day", "alias": "on"}]}
    in_paris = Caller(ann.sets, {**ann.values, "timezone": "Europe/Paris"})
    assert (await groups(office, ann, "note", **of_day)).rows == [("2026-03-05",)]
    assert (await groups(office, in_paris, "note", **of_day)).rows == [("2026-03-06",)]
    assert (await groups(office, in_paris, "note", **of_day, timezone="America/New_York")).rows == [("2026-03-05",)]
    assert (await groups(office, in_paris, "note", **of_day, timezone="UTC")).rows == [("2026-03-05",)]


async def test_the_gate_is_that_of_a_list(office: Office) -> None:
    query = QueryDocument(aggregations=[COUNT])
    for object_name, caller, refusal in (
        ("note", office.caller("ann"), PermissionDenied),
        ("engine_room", office.caller("ann", "public_worker"), NotFound),
        ("nothing", office.caller("ann", "everything"), NotFound),
    ):
        with pytest.raises(refusal) as by_groups:
            await office.door.execute(Aggregate(object_name, query), caller)
        with pytest.raises(refusal) as by_list:
            await office.door.execute(Read(object_name, QueryDocument()), caller)
        assert (by_groups.value.message, by_groups.value.details) == (by_list.value.message, by_list.value.details)


async def test_a_list_of_records_answers_no_groups(office: Office) -> None:
    with pytest.raises(Invalid):
        await office.page(office.caller("ann", "note_reader"), "note", group_by=["title"])
