"""What the data API offers of an object: every method is refused where it is not listed, and taken where it is."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fieldstone.engine.operation import Aggregate, Batch, Clone, Delete, Get, Operation, Read, ReadHistory, Restore
from fieldstone.errors import MethodNotAllowed
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = [{"function": "count", "alias": "n"}]
NOW = "2999-01-01T00:00:00.000Z"

BESIDE: Mapping[str, Callable[[str, str], Operation]] = {
    "upsert": lambda name, _: Batch(name, "upsert", ({"externalId": "AB-1", "data": {"title": "t"}},)),
    "aggregate": lambda name, _: Aggregate(name, QueryDocument(aggregations=COUNT)),
    "history": ReadHistory,
    "search": lambda name, _: Read(name, QueryDocument(search="word")),
    "restore": Restore,
    "purge": lambda name, there: Delete(name, there, purge=True),
    "clone": lambda name, there: Clone(name, there, {"title": "another"}),
}
LOOKS_BACK: tuple[Callable[[str, str], Operation], ...] = (
    lambda name, there: Get(name, there, as_of=NOW),
    lambda name, _: Read(name, QueryDocument(), as_of=NOW),
    lambda name, there: Restore(name, there, 1),
    lambda name, _: Aggregate(name, QueryDocument(aggregations=COUNT, search="word")),
)
CHANGES: Mapping[str, Callable[[str, str], Operation]] = {
    "delete": Delete,
    **{method: BESIDE[method] for method in ("restore", "purge")},
}


async def refused(office: Office, operation: Operation) -> dict[str, Any]:
    """Returns the details of the refusal of an operation that is not offered."""
    with pytest.raises(MethodNotAllowed) as caught:
        await office.door.execute(operation, office.caller("ann", "everything_of_the_offered"))
    return caught.value.details


@pytest.mark.parametrize("method", BESIDE)
async def test_what_is_not_listed_is_refused_and_else_taken(office: Office, method: str) -> None:
    there, asked = await office.make("exhibit", title="a word"), BESIDE[method]
    details = await refused(office, asked("exhibit", there))
    assert details["method"] == method
    assert details["offered"] == ["get", "list", "create", "update", "delete", "bulk"]
    claim = await office.make("claim", title="a word")
    ann = office.caller("ann", "everything_of_the_offered")
    if method in ("restore", "purge"):
        await office.delete(ann, "claim", claim)
    await office.door.execute(asked("claim", claim), ann)


@pytest.mark.parametrize("asked", LOOKS_BACK)
async def test_the_past_and_searched_groups_are_not_offered_either(
    office: Office, asked: Callable[[str, str], Operation]
) -> None:
    there = await office.make("exhibit", title="a word")
    assert (await refused(office, asked("exhibit", there)))["method"] in ("history", "restore", "aggregate")


@pytest.mark.parametrize("method", CHANGES)
async def test_what_is_only_added_to_is_not_changed(office: Office, method: str) -> None:
    there = await office.make("daybook", title="a")
    assert (await refused(office, CHANGES[method]("daybook", there)))["method"] == method
    ann = office.caller("ann", "everything_of_the_offered")
    with pytest.raises(MethodNotAllowed):
        await office.update(ann, "daybook", there, title="b")
    await office.create(ann, "daybook", {"title": "a"}, {"title": "b"})
    assert await office.count("daybook") == 3


async def test_what_the_engine_keeps_is_only_read(office: Office) -> None:
    there = await office.make("gauge", title="a")
    ann = office.caller("ann", "everything_of_the_offered")
    assert (await office.get(ann, "gauge", there))["title"] == "a"
    with pytest.raises(MethodNotAllowed) as caught:
        await office.create(ann, "gauge", {"title": "b"})
    assert caught.value.details["offered"] == ["get", "list", "aggregate", "history", "search", "export"]
