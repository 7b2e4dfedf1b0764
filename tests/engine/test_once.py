"""Writes that are done once: their key, what is kept, and what of it is shown again."""

import asyncio
from typing import Any

import pytest

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.engine.operation import Batch, Create, Delete, Once
from fieldstone.engine.outcome import BatchResult, Kept, Written
from fieldstone.errors import Conflict, IdempotencyKeyReused, Invalid, PermissionDenied
from fieldstone.ids import new_id
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _twice(office: Office, caller: Caller, later: Caller, once: Once) -> tuple[Kept, Kept]:
    first = await office.door.execute(once, caller)
    second = await office.door.execute(once, later)
    assert (first.replayed, second.replayed) == (False, True)
    return first, second


async def test_what_is_kept_is_every_kind_of_value(office: Office) -> None:
    ann = office.caller("ann", "everything")
    body = {"title": "a é", "level": 3, "price": 10, "extra": {"x": [1.50, None, "t"]}}
    first, second = await _twice(office, ann, ann, Once(new_id(), "f", Create("note", (body,))))
    assert isinstance(first.outcome, Written)
    assert isinstance(second.outcome, Written)
    assert (first.outcome.ids, first.outcome.columns) == (second.outcome.ids, second.outcome.columns)
    assert await office.count("note") == 1


async def test_a_right_that_is_taken_away_takes_the_replay_with_it(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    once = Once(new_id(), "f", Create("note", ({"title": "a", "level": 3, "secret": "s"},)))
    await office.door.execute(once, ann)
    with pytest.raises(PermissionDenied):
        await office.door.execute(once, office.caller("ann", "note_reader"))
    with pytest.raises(Invalid):
        await office.door.execute(once, office.caller("ann", "note_clerk"))


async def test_a_field_that_is_hidden_by_now_leaves_the_id_alone(office: Office) -> None:
    once = Once(new_id(), "f", Create("note", ({"title": "a", "level": 3},)))
    first, second = await _twice(office, office.caller("ann", "note_writer"), office.caller("ann", "note_clerk"), once)
    assert isinstance(second.outcome, Written)
    assert isinstance(first.outcome, Written)
    assert (second.outcome.ids, second.outcome.rows) == (first.outcome.ids, (None,))


async def test_a_batch_is_cut_row_by_row_to_what_is_seen_now(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    records: tuple[dict[str, Any], ...] = ({"data": {"title": "a"}}, {"data": {"title": "b"}}, {"data": {}})
    once = Once(new_id(), "f", Batch("note", "create", records, return_records=True))
    first = (await office.door.execute(once, ann)).outcome
    assert isinstance(first, BatchResult)
    await office.door.execute(Delete("note", str(first.rows[0].id)), ann)
    second = (await office.door.execute(once, ann)).outcome
    assert isinstance(second, BatchResult)
    assert [row.id for row in second.rows] == [row.id for row in first.rows]
    assert [row.record is None for row in second.rows] == [True, False, True]
    before, after = first.rows[2].error, second.rows[2].error
    assert before is not None
    assert after is not None
    assert (after.code, after.message, after.details) == (before.code, before.message, before.details)


async def test_a_batch_that_undoes_itself_leaves_its_key_free(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    once = Once(new_id(), "f", Batch("note", "create", ({"data": {"title": "a"}}, {"data": {}}), atomic=True))
    for _ in range(2):
        assert (await office.door.execute(once, ann)).replayed is False
    assert await office.count("note") == 0


async def test_many_at_once_do_it_once(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    once = Once(new_id(), "f", Create("note", ({"title": "a"},)))
    kept = await asyncio.gather(*(office.door.execute(once, ann) for _ in range(30)))
    assert sum(one.replayed for one in kept) == 29
    assert await office.count("note") == 1


async def test_another_request_and_nobody_are_refused(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    key = new_id()
    await office.door.execute(Once(key, "f", Create("note", ({"title": "a"},))), ann)
    with pytest.raises(IdempotencyKeyReused):
        await office.door.execute(Once(key, "g", Create("note", ({"title": "a"},))), ann)
    with pytest.raises(Invalid):
        await office.door.execute(Once(key, "f", Create("note", ({"title": "a"},))), ANONYMOUS)
    assert issubclass(IdempotencyKeyReused, Conflict)
