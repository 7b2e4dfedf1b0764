"""The trash: out of everybody's sight, back with all that went there, or gone for good."""

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.operation import Delete, Read, Restore
from fieldstone.errors import ConcurrentUpdate, Conflict, Invalid, NotFound, PermissionDenied, UniqueViolation
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def in_trash(office: Office, name: str, *sets: str) -> list[str]:
    """Returns the titles of the folders that somebody sees in the trash."""
    query = QueryDocument(order_by="title", fields=["title"])
    page = await office.door.execute(Read("folder", query, trash=True), office.caller(name, *sets))
    assert page.total == len(page.rows)
    return [row[0] for row in page.rows]


async def test_what_is_in_the_trash_is_absent_on_every_way(office: Office) -> None:
    ann = office.caller("ann", "folder_worker")
    gone, stays = [await office.make("folder", ann, title=title, code=office.here + title) for title in "ab"]
    pointing = await office.make("label", ann, title="l", folder=gone)
    await office.delete(ann, "folder", gone)
    for caller in (ann, office.caller("bob", "everything"), SYSTEM):
        with pytest.raises(NotFound, match=f"No `folder` record `{gone}`"):
            await office.get(caller, "folder", gone)
        with pytest.raises(NotFound):
            await office.update(caller, "folder", gone, title="c")
        with pytest.raises(NotFound):
            await office.delete(caller, "folder", gone)
    assert await office.titles(ann, "folder") == ["b"]
    assert (await office.page(ann, "folder", where={"id": gone})).total == 0
    assert (await office.get(ann, "label", pointing, expand=["folder"]))["folder"] == gone
    with pytest.raises(Invalid) as refused:
        await office.make("label", ann, folder=gone)
    assert refused.value.faults[0].code == "reference_not_found"
    assert (await office.get(ann, "folder", stays))["deleted_at"] is None


async def test_a_unique_key_stays_with_its_record_in_the_trash(office: Office) -> None:
    ann = office.caller("ann", "folder_worker")
    gone = await office.make("folder", ann, title="a", code=office.here)
    await office.delete(ann, "folder", gone)
    with pytest.raises(UniqueViolation):
        await office.make("folder", ann, title="b", code=office.here)


async def test_only_holders_of_the_right_look_into_the_trash_and_only_at_their_rows(office: Office) -> None:
    for name in ("ann", "bob"):
        made = await office.make("folder", office.caller(name, "folder_worker"), title=f"of {name}")
        await office.delete(office.caller(name, "folder_worker"), "folder", made)
    assert await in_trash(office, "ann", "folder_keeper") == ["of ann"]
    assert await in_trash(office, "eve", "folder_keeper") == []
    assert await in_trash(office, "bob", "everything", "folder_keeper") == ["of bob"]
    with pytest.raises(PermissionDenied) as refused:
        await in_trash(office, "ann", "folder_worker")
    assert refused.value.details["permission"] == "folder:restore"
    trash = Read("note", QueryDocument(), trash=True)
    with pytest.raises(Invalid, match="`note` has no trash"):
        await office.door.execute(trash, office.caller("ann", "note_writer"))


async def test_a_record_comes_back_with_what_went_with_it_and_nothing_else(office: Office) -> None:
    ann, keeper = office.caller("ann", "folder_worker"), office.caller("ann", "folder_keeper")
    top = await office.make("folder", ann, title="top")
    inner = await office.make("folder", ann, title="inner", above=top)
    before = await office.make("folder", ann, title="gone before", above=top)
    sheet = await office.make("sheet", ann, title="s", folder=inner)
    pointing = await office.make("label", ann, folder=inner)
    await office.delete(ann, "folder", before)
    await office.delete(ann, "folder", top)
    assert await office.titles(SYSTEM, "sheet", where={"organization_id": office.here}) == []
    assert (await office.stored("label", pointing))["folder"] == inner
    with pytest.raises(Conflict, match="in the trash"):
        await office.door.execute(Restore("folder", inner), keeper)
    written = await office.door.execute(Restore("folder", top), keeper)
    assert (record_of(written)["deleted_at"], written.versions) == (None, (3,))
    assert await office.titles(ann, "folder") == ["inner", "top"]
    assert (await office.stored("sheet", sheet))["version"] == 3
    assert await in_trash(office, "ann", "folder_keeper") == ["gone before"]
    await office.door.execute(Restore("folder", before), keeper)
    with pytest.raises(NotFound):
        await office.door.execute(Restore("folder", before), keeper)


async def test_restoring_asks_for_its_right_and_its_version(office: Office) -> None:
    ann = office.caller("ann", "folder_worker")
    gone = await office.make("folder", ann, title="a")
    await office.delete(ann, "folder", gone)
    with pytest.raises(PermissionDenied):
        await office.door.execute(Restore("folder", gone), ann)
    with pytest.raises(NotFound):
        await office.door.execute(Restore("folder", gone), office.caller("bob", "folder_keeper"))
    with pytest.raises(ConcurrentUpdate):
        await office.door.execute(Restore("folder", gone, expected_version=1), office.caller("ann", "folder_keeper"))
    await office.door.execute(Restore("folder", gone, expected_version=2), office.caller("ann", "folder_keeper"))


async def test_a_purge_ends_what_is_in_the_trash_and_nothing_else(office: Office) -> None:
    ann, keeper = office.caller("ann", "folder_worker"), office.caller("ann", "folder_keeper")
    top = await office.make("folder", ann, title="top")
    sheet = await office.make("sheet", ann, title="s", folder=top)
    pointing = await office.make("label", ann, folder=top)
    with pytest.raises(NotFound):
        await office.door.execute(Delete("folder", top, purge=True), keeper)
    await office.delete(ann, "folder", top)
    with pytest.raises(PermissionDenied) as refused:
        await office.door.execute(Delete("folder", top, purge=True), ann)
    assert refused.value.details["permission"] == "folder:purge"
    await office.door.execute(Delete("folder", top, purge=True), keeper)
    assert (await office.stored("label", pointing))["folder"] is None
    with pytest.raises(NotFound):
        await office.door.execute(Restore("folder", top), keeper)
    with pytest.raises(NotFound):
        await office.stored("sheet", sheet)


async def test_hooks_hear_of_the_way_there_and_of_the_way_back(office: Office) -> None:
    heard: list[tuple[Event, str, str | None]] = []

    def listener(event: Event) -> Hook:
        async def hear(context: Context, change: Change) -> None:
            assert change.previous is not None
            heard.append((event, change.previous["title"], context.caller.id))

        return Hook("hear", "folder", event, hear)

    watched = office.rebuilt(listener("before_delete"), listener("after_delete"), listener("after_update"))
    ann = office.caller("ann", "folder_worker")
    top = await office.make("folder", ann, title="top")
    await office.make("folder", ann, title="inner", above=top)
    await watched.delete(ann, "folder", top)
    await watched.door.execute(Restore("folder", top), office.caller("ann", "folder_keeper"))
    events: tuple[Event, ...] = ("before_delete", "after_delete", "after_update")
    expected = [(event, title, who) for event in events for title, who in (("top", ann.id), ("inner", None))]
    assert sorted(heard, key=str) == sorted(expected, key=str)


async def test_who_may_not_know_of_the_reference_is_told_of_no_field_when_what_it_belongs_to_is_gone(
    office: Office,
) -> None:
    ann = office.caller("ann", "folder_worker")
    top = await office.make("folder", ann, title="top")
    inner = await office.make("folder", ann, title="inner", above=top)
    await office.delete(ann, "folder", inner)
    await office.delete(ann, "folder", top)
    for held, told in (("folder_keeper", {"above"}), ("folder_restorer", set())):
        with pytest.raises(Conflict) as refused:
            await office.door.execute(Restore("folder", inner), office.caller("ann", held))
        assert {refused.value.details["field"]} == told if told else "field" not in refused.value.details
