"""Searching: words narrow a list to what holds them, in fields that the caller may read and records that he may see."""

from typing import Any

import pytest

from fieldstone.engine.operation import Aggregate
from fieldstone.errors import Invalid
from fieldstone.query.document import QueryDocument
from fieldstone.settings import Limits
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def filled(office: Office) -> None:
    """Writes notes: of ann `red apple` and `green apple`, of bob `red pear`; the secret of each names its owner."""
    for name, title, level in (("ann", "Red apple", 2), ("ann", "Green apple", 0), ("bob", "Red pear", 3)):
        note = {"title": title, "secret": f"Grown by {name}", "level": level}
        await office.create(office.caller(name, "note_chief"), "note", note)


async def test_a_search_narrows_what_the_caller_sees(office: Office) -> None:
    await filled(office)
    ann, bob = office.caller("ann", "note_reader"), office.caller("bob", "note_reader")
    assert await office.titles(ann, "note", search="red") == ["Red apple"]
    assert await office.titles(bob, "note", search="red") == ["Red pear"]
    assert await office.titles(bob, "note", search="apple") == []
    both = office.caller("bob", "note_overseer")
    assert await office.titles(both, "note", search="RE app") == ["Red apple"]
    assert await office.titles(both, "note", search="red", where={"level": {"$gt": 2}}) == ["Red pear"]
    assert await office.titles(both, "note", search="red", equals={"level": "2"}) == ["Red apple"]
    assert (await office.page(both, "note", search="red", limit=1)).total == 2


async def test_a_hidden_field_never_matches_and_is_named_as_one_that_cannot_be_searched(office: Office) -> None:
    await filled(office)
    clerk, reader = office.caller("ann", "note_clerk"), office.caller("ann", "note_reader")
    assert await office.titles(reader, "note", search="grown") == ["Green apple", "Red apple"]
    assert await office.titles(reader, "note", search="grown red") == ["Red apple"]
    assert await office.titles(clerk, "note", search="red") == ["Red apple"]
    assert await office.titles(clerk, "note", search="grown") == []
    assert await office.titles(reader, "note", search="ann", search_fields=["secret"], limit=1) == ["Green apple"]
    assert await office.titles(reader, "note", search="ann", search_fields=["title"]) == []
    for name in ("secret", "sekret", "level", "code"):
        with pytest.raises(Invalid) as refused:
            await office.page(clerk, "note", search="ann", search_fields=[name])
        assert refused.value.message == f"No field `{name}` of `note` can be searched."
        details = {"reason": "INVALID_FIELD", "path": "searchFields.0"}
        assert refused.value.details == details


async def test_cursors_belong_to_their_search(office: Office) -> None:
    await filled(office)
    ann = office.caller("ann", "note_overseer")
    first = await office.page(ann, "note", search="red", limit=1, fields=["title"])
    second = await office.page(ann, "note", search="red", limit=1, fields=["title"], cursor=first.cursor)
    assert [*first.rows, *second.rows] == [("Red apple",), ("Red pear",)]
    assert second.cursor is None
    for other in ({"search": "apple"}, {}, {"search": "red", "search_fields": ["title"]}):
        with pytest.raises(Invalid) as refused:
            await office.page(ann, "note", limit=1, cursor=first.cursor, **other)
        assert refused.value.details["reason"] == "INVALID_CURSOR"


async def test_words_follow_updates_and_deletions(office: Office) -> None:
    ann = office.caller("ann", "note_chief", "project_worker")
    note = await office.make("note", ann, title="before")
    await office.update(ann, "note", note, title="after")
    assert [await office.titles(ann, "note", search=text) for text in ("before", "after")] == [[], ["after"]]
    await office.delete(ann, "note", note)
    assert await office.titles(ann, "note", search="after") == []
    project = await office.make("project", ann, title="p")
    await office.make("task", ann, title="gone with its project", project=project)
    assert await office.titles(ann, "task", search="gone") == ["gone with its project"]
    await office.delete(ann, "project", project)
    assert await office.titles(ann, "task", search="gone") == []


async def test_groups_are_of_what_is_found(office: Office) -> None:
    await filled(office)
    counted = QueryDocument(search="red", aggregations=[{"function": "count", "alias": "n"}])
    for name, expected in (("note_overseer", 2), ("note_reader", 1)):
        groups = await office.door.execute(Aggregate("note", counted), office.caller("ann", name))
        assert groups.rows == [(expected,)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"search": ""}, "`search` holds no letter or digit to look for."),
        ({"search": "*** --"}, "`search` holds no letter or digit to look for."),
        ({"search": 7}, "`search` is a text."),
        ({"search": None}, "`search` is a text."),
        ({"search": "a\0b"}, "`search` is a text."),
        ({"search": "\ud800"}, "`search` is a text."),
        ({"search": {"query": "a", "field": "title"}}, '`search` is a text or {"query": ..., "fields": [...]}.'),
        ({"search": {"fields": ["title"]}}, '`search` is a text or {"query": ..., "fields": [...]}.'),
        ({"search_fields": ["title"]}, "`searchFields` goes with `search`."),
        ({"search": "a", "search_fields": "title"}, "`searchFields` is a list of names."),
        ({"search": "a", "search_fields": []}, "`searchFields` is a list of names."),
        ({"search": "a b c d"}, "`search` takes at most 3 words."),
        ({"search": "a-b-c d"}, "`search` takes at most 3 words."),
        ({"search": "a" * 193}, "`search` takes at most 192 characters."),
        (
            {"search": {"query": "a", "fields": ["title"]}, "search_fields": ["secret"]},
            "`search.fields` and `searchFields` are the same and differ.",
        ),
    ],
)
async def test_what_cannot_be_searched_is_refused(office: Office, query: dict[str, Any], message: str) -> None:
    ann, strict = office.caller("ann", "note_reader"), office.rebuilt(limits=Limits(search_words=3))
    with pytest.raises(Invalid) as refused:
        await strict.page(ann, "note", **query)
    assert (refused.value.message, refused.value.details["reason"]) == (message, "INVALID_QUERY")
    assert (await strict.page(ann, "note", search={"query": "a b c", "fields": ["title"]})).rows == []


async def test_an_object_without_a_field_to_search_is_told_as_one_whose_fields_are_hidden(office: Office) -> None:
    with pytest.raises(Invalid) as refused:
        await office.page(office.caller("ann", "public_worker"), "wiki", search="a")
    assert refused.value.message == "`wiki` has no field that can be searched."
