"""Exports: bit by bit, all of one moment, and only what those sets let out that do not deny it."""

from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from fieldstone.access.caller import Caller
from fieldstone.engine.export import ROWS_AT_ONCE
from fieldstone.engine.operation import Export
from fieldstone.errors import Invalid, PermissionDenied
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def titles(office: Office, caller: Caller, *, paged: bool = False, **query: Any) -> list[str]:
    """Returns the titles of the notes that a caller takes out, in order."""
    exported = await office.door.execute(Export("note", QueryDocument(fields=["title"], **query), paged), caller)
    return sorted([row[0] async for rows in exported.batches for row in rows])


async def test_what_a_set_shows_and_does_not_let_out_stays(office: Office) -> None:
    for name, title in (("ann", "of ann"), ("bob", "of bob")):
        await office.create(office.caller(name, "note_chief"), "note", {"title": title})
    onlooker = office.caller("ann", "note_onlooker")
    assert await office.titles(onlooker, "note") == ["of ann", "of bob"]
    with pytest.raises(PermissionDenied) as refused:
        await titles(office, onlooker)
    assert refused.value.details == {"permission": "note:export", "reason": "EXPORT_NOT_PERMITTED"}
    assert await titles(office, office.caller("ann", "note_onlooker", "note_reader")) == ["of ann"]
    assert await titles(office, office.caller("ann", "note_overseer", "note_onlooker")) == ["of ann", "of bob"]
    with pytest.raises(PermissionDenied) as refused:
        await titles(office, office.caller("ann"))
    assert refused.value.details == {"permission": "note:read"}


async def test_an_export_is_of_one_moment_and_comes_bit_by_bit(office: Office) -> None:
    ann = office.caller("ann", "note_chief")
    rows = [{"title": f"{number:05}"} for number in range(2 * ROWS_AT_ONCE + 7)]
    await office.create(ann, "note", *rows)
    exported = await office.door.execute(Export("note", QueryDocument(fields=["title"], order_by="title")), ann)
    await office.create(ann, "note", {"title": "99999 too late"})
    sizes, found = [], []
    async with aclosing(exported.batches) as batches:
        async for batch in batches:
            sizes.append(len(batch))
            found += [row[0] for row in batch]
    assert sizes == [ROWS_AT_ONCE, ROWS_AT_ONCE, 7]
    assert found == [row["title"] for row in rows]
    assert len(await titles(office, ann, limit=3)) == 3


async def test_an_export_that_is_given_up_makes_room_for_others(office: Office) -> None:
    ann = office.caller("ann", "note_chief")
    await office.create(ann, "note", *[{"title": str(number)} for number in range(ROWS_AT_ONCE + 1)])
    for _ in range(10):
        exported = await office.door.execute(Export("note", QueryDocument()), ann)
        assert len(await anext(exported.batches)) == ROWS_AT_ONCE
        await exported.batches.aclose()
    assert len(await titles(office, ann)) == ROWS_AT_ONCE + 1


async def test_a_reference_goes_with_the_name_of_what_it_points_to(office: Office) -> None:
    chief = office.caller("ann", "project_worker")
    project = await office.make("project", chief, title="The bridge")
    await office.make("task", chief, title="Paint it", project=project)
    exported = await office.door.execute(Export("task", QueryDocument(fields=["title", "project"])), chief)
    ((row,),) = [batch async for batch in exported.batches]
    assert row[:2] == ("Paint it", project)
    named = office.door.catalog.objects["project"].declaration.name_field
    assert [row[place] for place in exported.titles.values()] == (["The bridge"] if named else [])


async def test_more_than_a_file_holds_is_refused_and_counted_as_the_caller_sees(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = msgspec.structs.replace(office.door.limits, export_paged_rows=3, export_rows=4)
    monkeypatch.setattr(office.door, "limits", limits)
    for name, count in (("ann", 3), ("bob", 2)):
        await office.create(
            office.caller(name, "note_chief"), "note", *[{"title": f"{name} {n}"} for n in range(count)]
        )
    everything, own = office.caller("ann", "note_overseer"), office.caller("ann", "note_reader")
    assert len(await titles(office, own, paged=True)) == 3
    assert len(await titles(office, everything, paged=True, limit=3)) == 3
    assert len(await titles(office, everything, where={"title": {"$contains": "bob"}})) == 2
    for paged, most, hint in ((True, 3, "take them out as a table, or say"), (False, 4, "or say")):
        for more in ({}, {"limit": 5}):
            with pytest.raises(Invalid) as refused:
                await titles(office, everything, paged=paged, **more)
            assert refused.value.message == f"These are 5 records, and such a file holds at most {most}."
            assert refused.value.details["reason"] == "TOO_MANY_RECORDS"
            assert hint in refused.value.details["hint"]
