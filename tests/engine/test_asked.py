"""Lists that are asked again in the same words: their plan is kept, and answers nobody what it would not have answered him anew."""

from typing import Any

import pytest

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Asked, Read
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office, door_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def titles(office: Office, caller: Caller, asked: Asked) -> list[str]:
    page = await office.door.execute(Read("note", asked.document, asked=asked), caller)
    return [row[0] for row in page.rows]


def asked(**query: Any) -> Asked:
    return Asked(QueryDocument(order_by="title", fields=["title"], **query))


async def filled(office: Office) -> None:
    for name in ("ann", "bob", "eve"):
        chief = office.caller(name, "note_chief")
        await office.create(chief, "note", {"title": f"{name} 1", "level": 1}, {"title": f"{name} 2", "level": 2})


async def test_the_same_words_are_answered_to_each_under_his_own_policy(office: Office) -> None:
    await filled(office)
    words = asked(where={"level": {"$gte": 2}})
    for _ in range(2):
        assert await titles(office, office.caller("ann", "note_reader"), words) == ["ann 2"]
        assert await titles(office, office.caller("bob", "note_reader"), words) == ["bob 2"]
        assert await titles(office, office.caller("bob", "note_overseer"), words) == ["ann 2", "bob 2"]
        assert await titles(office, office.caller("eve", "note_overseer"), words) == ["eve 2"]


async def test_a_cursor_of_words_that_are_kept_is_one_of_the_same_words_anew(office: Office) -> None:
    await filled(office)
    ann = office.caller("ann", "note_overseer")
    words = asked(limit=1)
    first = await office.door.execute(Read("note", words.document, asked=words), ann)
    second = await office.page(ann, "note", order_by="title", fields=["title"], limit=1, cursor=first.cursor)
    assert [*first.rows, *second.rows] == [("ann 1",), ("ann 2",)]


async def test_what_depends_on_who_asks_is_made_anew_for_each(office: Office) -> None:
    await filled(office)
    words = asked(where={"owner_id": "{current_user_id}"})
    for name in ("ann", "bob", "ann"):
        assert await titles(office, office.caller(name, "note_overseer"), words) == [f"{name} 1", f"{name} 2"]


async def test_what_depends_on_the_time_is_made_anew_each_time(office: Office) -> None:
    await filled(office)
    later = door_of(office.store)
    later.clock = lambda: "2040-01-01T00:00:00.000Z"
    ann = office.caller("ann", "note_reader")
    words = asked(where={"created_at": {"$gt": "{1_days_ago}"}})
    operation = Read("note", words.document, asked=words)
    assert len((await office.door.execute(operation, ann)).rows) == 2
    later.lists = office.door.lists
    assert (await later.execute(operation, ann)).rows == []


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"where": {"level": 1}}, True),
        ({"search": "ann"}, True),
        ({"where": {"owner_id": "{current_user_id}"}}, False),
        ({"where": {"created_at": {"$gt": "{today}"}}}, False),
        ({"where": {"level": {"$cel": "1 + 1"}}}, False),
        ({"where": {"owner_id.name": "ann"}}, False),
        ({"expand": ["owner_id"]}, False),
        ({"where": {"nothing": 1}}, False),
    ],
)
async def test_a_plan_is_kept_where_it_depends_on_the_policy_alone(
    office: Office, query: dict[str, Any], kept: bool
) -> None:
    subject = office.door.catalog.objects["note"]
    policy = office.door.policies.policy(office.caller("ann", "note_reader"), "note", "read")
    words = asked(**query)
    plan = office.door.lists.kept(words, subject, policy)
    assert (plan is not None) == kept
    assert office.door.lists.kept(words, subject, policy) is plan
