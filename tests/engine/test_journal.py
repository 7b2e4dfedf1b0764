"""The journal: an event for every change that is committed, in the order of the changes, and none for what was undone."""

from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Delete, Restore, Update
from fieldstone.errors import Conflict, FieldstoneError
from fieldstone.services.sweeping import sweep_outbox
from fieldstone.settings import Limits
from fieldstone.store.outbox import EVENT_TABLE
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")
_ALL = (
    f"SELECT object, record_id, action, version, actor, changed, organization_id FROM {EVENT_TABLE}"
    " WHERE position > {} ORDER BY position"
)


class Watch:
    """The events since it began."""

    def __init__(self, office: Office, start: int) -> None:
        self._office = office
        self._start = start

    @classmethod
    async def begun(cls, office: Office) -> "Watch":
        ((last,),) = await office.store._database.read(
            f"SELECT coalesce(max(position), 0) FROM {EVENT_TABLE}", (), bounded=False
        )
        return cls(office, last)

    async def events(self) -> list[tuple[Any, ...]]:
        """Returns object, record, action, version, actor and changed fields of each event."""
        rows = await self._office.store._database.read(_ALL.format(self._start), (), bounded=False)
        found = [tuple(row) for row in rows]
        assert {row[6] for row in found} <= {self._office.here, None}
        return [row[:6] for row in found]


async def test_every_change_is_an_event(office: Office) -> None:
    ann = office.caller("ann", "folder_worker")
    watch = await Watch.begun(office)
    made = await office.make("folder", ann, title="a", secret="x")
    await office.update(ann, "folder", made, title="b", secret="x")
    await office.update(ann, "folder", made, title="b")
    await office.delete(ann, "folder", made)
    keeper = office.caller("ann", "folder_keeper")
    await office.door.execute(Restore("folder", made), keeper)
    await office.delete(ann, "folder", made)
    await office.door.execute(Delete("folder", made, purge=True), keeper)
    assert await watch.events() == [
        ("folder", made, "created", 1, ann.id, "title,secret,state"),
        ("folder", made, "updated", 2, ann.id, "title"),
        ("folder", made, "deleted", 3, ann.id, ""),
        ("folder", made, "restored", 4, ann.id, ""),
        ("folder", made, "deleted", 5, ann.id, ""),
        ("folder", made, "purged", 5, ann.id, ""),
    ]


async def test_what_goes_along_and_what_lets_go_are_events_too(office: Office) -> None:
    company = await office.make("company", title="c")
    branch = await office.make("branch", title="b", company=company)
    visit = await office.make("visit", title="v", company=company)
    ann = office.caller("ann", "company_remover")
    watch = await Watch.begun(office)
    await office.delete(ann, "company", company)
    events = await watch.events()
    assert sorted(event[:4] for event in events) == sorted(
        [("company", company, "deleted", 1), ("branch", branch, "deleted", 1), ("visit", visit, "updated", 2)]
    )
    assert [event[5] for event in events if event[0] == "visit"] == ["company"]


async def test_what_is_undone_leaves_no_event(office: Office) -> None:
    async def write_and_refuse(context: Context, change: Change) -> None:
        await context.execute(Update("note", change.id, {"code": None}), SYSTEM)
        if change.values.get("title") == "no":
            raise Conflict("No.")

    ann = office.caller("ann", "note_writer")
    hooked = office.rebuilt(Hook("refuse", "note", "after_create", write_and_refuse))
    watch = await Watch.begun(office)
    with pytest.raises(FieldstoneError):
        await hooked.make("note", ann, title="no")
    rows = [{"data": {"title": title, "code": f"{office.here[-6:]}{title}"}} for title in ("yes", "no", "also")]
    result = await hooked.batch(ann, "note", "create", rows)
    await hooked.batch(ann, "note", "create", rows, atomic=True)
    made = [row.id for row in result.rows if row.error is None]
    events = [event[1:4] for event in await watch.events()]
    assert [event for event in events if event[1] == "created"] == [(record_id, "created", 1) for record_id in made]
    assert sorted(event for event in events if event[1] == "updated") == sorted(
        (record_id, "updated", 2) for record_id in made
    )


async def test_a_record_with_five_thousand_children_goes_with_them(office: Office) -> None:
    top = await office.make("folder", title="top", owner_id=office.ids["ann"])
    children = [{"data": {"title": str(number), "above": top}} for number in range(5000)]
    await office.batch(office.caller("ann", "everything"), "folder", "create", children)
    watch = await Watch.begun(office)
    await office.delete(office.caller("ann", "folder_worker"), "folder", top)
    assert [event[2] for event in await watch.events()] == ["deleted"] * 5001
    assert await office.count("folder") == 0
    await office.door.execute(Restore("folder", top), office.caller("ann", "folder_keeper"))
    assert await office.count("folder") == 5001


async def test_a_sweep_takes_what_is_too_old_and_what_is_too_much(office: Office) -> None:
    watch = await Watch.begun(office)
    made = [await office.make("note", title=str(number)) for number in range(5)]
    kept = Limits(outbox_days=1, outbox_events=10**9)
    assert [event[1] for event in await watch.events()] == made
    await sweep_outbox(office.store, kept, office.door.clock)
    assert [event[1] for event in await watch.events()] == made
    await sweep_outbox(office.store, Limits(outbox_events=3), office.door.clock)
    assert [event[1] for event in await watch.events()] == made[2:]
    await sweep_outbox(office.store, kept, lambda: later(office.door.clock(), 2 * 86_400))
    assert await watch.events() == []
