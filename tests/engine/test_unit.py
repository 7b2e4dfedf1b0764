"""Units: hooks write within them, everything in them stands or falls together, and rights that change are told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.door import PAUSES
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.operation import Create, Get, Update
from fieldstone.engine.outcome import Record
from fieldstone.errors import Conflict, Invalid, PermissionDenied, SerializationFailure
from fieldstone.settings import Limits
from tests.engine.office import Office, codes, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
AFTER: tuple[Event, ...] = ("after_create", "after_update")


async def test_a_before_hook_changes_values_before_they_are_validated(office: Office) -> None:
    async def name_it(_context: Context, change: Change) -> None:
        change.values.setdefault("title", "by the hook")
        change.values["level"] = None if change.values.get("level") == 0 else change.values.get("level")

    async def forget(_context: Context, change: Change) -> None:
        change.values["title"] = None

    ann = office.caller("ann", "note_writer")
    hooked = office.rebuilt(
        Hook("name", "note", "before_create", name_it), Hook("forget", "note", "before_update", forget)
    )
    record = record_of(await hooked.create(ann, "note", {"level": 0}))
    assert (record["title"], record["level"]) == ("by the hook", None)
    with pytest.raises(Invalid) as refused:
        await hooked.update(ann, "note", record["id"], level=3)
    assert codes(refused.value) == {"title": "required"}


async def test_an_after_hook_sees_what_was_written_and_its_change_is_in_the_answer(office: Office) -> None:
    seen: list[Any] = []

    async def rename(context: Context, change: Change) -> None:
        if context.caller.system:
            return
        record = await context.execute(Get("note", change.id))
        assert isinstance(record, Record)
        seen.append((record.version, change.previous and change.previous["title"]))
        await context.execute(Update("note", change.id, {"secret": "by the hook"}), SYSTEM)

    hooked = office.rebuilt(*(Hook("rename", "note", event, rename) for event in AFTER))
    ann = office.caller("ann", "note_writer")
    written = await hooked.create(ann, "note", {"title": "a"})
    assert (record_of(written)["secret"], written.versions) == ("by the hook", (2,))
    await office.update(ann, "note", written.ids[0], secret=None)
    written = await hooked.update(ann, "note", written.ids[0], title="b")
    assert (record_of(written)["secret"], written.versions) == ("by the hook", (5,))
    assert seen == [(1, None), (4, "a")]


async def test_an_after_hook_cannot_leave_a_row_that_the_check_refuses(office: Office) -> None:
    async def lift(context: Context, change: Change) -> None:
        if not context.caller.system:
            await context.execute(Update("note", change.id, {"level": 9}), SYSTEM)

    hooked = office.rebuilt(*(Hook("lift", "note", event, lift) for event in AFTER))
    clerk = office.caller("ann", "note_clerk")
    with pytest.raises(PermissionDenied):
        await hooked.create(clerk, "note", {"title": "a", "level": 3})
    assert await office.count("note") == 0
    editor = office.caller("ann", "note_editor_of_open")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=3)
    with pytest.raises(PermissionDenied):
        await hooked.update(editor, "note", made, level=4)
    assert (await office.stored("note", made))["level"] == 3


async def test_a_failing_hook_undoes_everything_of_its_unit(office: Office) -> None:
    async def write_and_fail(context: Context, _change: Change) -> None:
        await context.execute(Create("wiki", ({"title": "beside"},)), office.caller("ann", "public_worker"))
        raise Conflict("No.")

    hooked = office.rebuilt(Hook("fail", "note", "after_create", write_and_fail))
    with pytest.raises(Conflict, match="No"):
        await hooked.make("note", office.caller("ann", "note_writer"), title="a")
    assert (await office.count("note"), await office.count("wiki")) == (0, 0)


async def test_an_operation_within_a_unit_that_fails_takes_only_its_own_with_it(office: Office) -> None:
    ann = office.caller("ann", "note_writer", "public_worker")

    async def try_two(context: Context, _change: Change) -> None:
        await context.execute(Create("wiki", ({"title": "good"},)))
        with pytest.raises(Invalid):
            await context.execute(Create("wiki", ({"title": "good too"}, {"title": None})))

    hooked = office.rebuilt(Hook("try", "note", "after_create", try_two))
    await hooked.make("note", ann, title="a")
    assert await office.titles(ann, "wiki") == ["good"]


async def test_hooks_that_write_in_circles_end(office: Office) -> None:
    depths: list[int] = []

    async def another(context: Context, _change: Change) -> None:
        depths.append(len(depths))
        await context.execute(Create("note", ({"title": "again"},)))

    hooked = office.rebuilt(Hook("again", "note", "after_create", another), limits=Limits(operation_depth=5))
    with pytest.raises(Conflict) as refused:
        await hooked.make("note", office.caller("ann", "note_writer"), title="a")
    assert refused.value.details["depth"] == 5
    assert len(depths) == 5
    assert await office.count("note") == 0


async def test_hooks_are_called_in_the_order_of_their_table(office: Office) -> None:
    called: list[str] = []

    def named(name: str) -> Callable[[Context, Change], Awaitable[None]]:
        async def call(_context: Context, _change: Change) -> None:
            called.append(name)

        return call

    hooked = office.rebuilt(*(Hook(name, "note", "before_create", named(name)) for name in ("b", "a", "c")))
    await hooked.make("note", office.caller("ann", "note_writer"), title="x")
    assert called == ["b", "a", "c"]


async def test_one_instant_holds_for_all_of_a_unit(office: Office) -> None:
    instants: list[str] = []

    async def note(context: Context, change: Change) -> None:
        await asyncio.sleep(0.005)
        instants.append(context.now)
        if change.object == "note":
            await context.execute(Create("wiki", ({"title": "w"},)))

    hooked = office.rebuilt(Hook("n", "note", "after_create", note), Hook("w", "wiki", "after_create", note))
    made = await hooked.make("note", office.caller("ann", "note_writer", "public_worker"), title="x")
    assert set(instants) == {(await office.stored("note", made))["created_at"]}


async def test_a_unit_that_cannot_be_serialised_is_tried_again_and_not_for_ever(office: Office) -> None:
    tries: list[int] = []

    async def fail(_context: Context, change: Change) -> None:
        tries.append(1)
        if len(tries) < 3 or change.values["title"] == "never":
            raise SerializationFailure("again")

    hooked = office.rebuilt(Hook("fail", "note", "after_create", fail))
    ann = office.caller("ann", "note_writer")
    await hooked.make("note", ann, title="a")
    assert (len(tries), await office.count("note")) == (3, 1)
    tries.clear()
    with pytest.raises(SerializationFailure):
        await hooked.make("note", ann, title="never")
    assert (len(tries), await office.count("note")) == (len(PAUSES) + 1, 1)


async def test_a_member_made_by_a_hook_brings_a_new_user_inside_the_wall(office: Office) -> None:
    async def join(context: Context, change: Change) -> None:
        member = {"user_id": change.id, "organization_id": context.caller.organization_id, "role": "member"}
        await context.execute(Create("sys_member", (member,)), SYSTEM)

    admin = office.caller("ann", "admin_full_access")
    body = {"name": "new", "email": f"{admin.id}@new.example.org"}
    with pytest.raises(PermissionDenied):
        await office.create(admin, "sys_user", body)
    hooked = office.rebuilt(Hook("join", "sys_user", "after_create", join))
    assert record_of(await hooked.create(admin, "sys_user", body))["name"] == "new"


async def test_the_epoch_rises_with_what_feeds_rights_and_with_nothing_else(office: Office) -> None:
    bob, admin = office.ids["bob"], office.caller("ann", "admin_full_access")
    epoch = await office.store.epoch()

    async def rises(by: int) -> None:
        nonlocal epoch
        before, epoch = epoch, await office.store.epoch()
        assert epoch - before == by

    await office.make("note", title="a")
    await office.make("sys_user", name="x", email=f"{office.here}@x.example.org")
    await rises(0)
    grant = await office.make("sys_user_permission_set", user_id=bob, permission_set="note_reader")
    await rises(1)
    await office.update(admin, "sys_user_permission_set", grant, permission_set="note_writer")
    await rises(1)
    await office.update(admin, "sys_user_permission_set", grant, permission_set="note_writer")
    await rises(0)
    with pytest.raises(Invalid):
        await office.update(admin, "sys_user_permission_set", grant, permission_set=None)
    await rises(0)
    await office.update(SYSTEM, "sys_user", bob, name="Bob")
    await rises(1)
    await office.delete(SYSTEM, "sys_user", bob)
    await rises(1)
