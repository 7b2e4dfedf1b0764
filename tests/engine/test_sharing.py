"""Shares of records: what they open, who grants and revokes them, and what becomes of them with their record and their recipient."""

import asyncio
import re
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.engine.operation import (
    Create,
    Delete,
    Explain,
    Read,
    ReadShares,
    Restore,
    ShareRecord,
    UnshareRecord,
    Update,
)
from fieldstone.engine.outcome import Explanation
from fieldstone.errors import Conflict, FieldstoneError, Invalid, NotFound, PermissionDenied
from fieldstone.identity.hooks import identity_hooks
from fieldstone.ids import new_id
from fieldstone.query.document import QueryDocument
from fieldstone.store.outbox import EVENT_TABLE
from tests.engine.office import Office, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARES = "sys_record_share"


async def share(office: Office, caller: Caller, object_name: str, record_id: str, name: str, **more: Any) -> str:
    """Shares a record with somebody; returns the share's id."""
    operation = ShareRecord(object_name, record_id, "user", office.ids[name], **more)
    return (await office.door.execute(operation, caller)).ids[0]


async def shares(office: Office, caller: Caller, object_name: str, record_id: str) -> list[dict[str, Any]]:
    """Returns the shares of a record as somebody is told of them."""
    page = await office.door.execute(ReadShares(object_name, record_id, QueryDocument()), caller)
    assert page.total == len(page.rows)
    return page.records()


async def unshare(office: Office, caller: Caller, object_name: str, record_id: str, share_id: str) -> None:
    await office.door.execute(UnshareRecord(object_name, record_id, share_id), caller)


async def all_shares(office: Office) -> int | None:
    """Returns how many shares there are in the office."""
    return (await office.page(SYSTEM, SHARES, where={"organization_id": office.here})).total


async def told(asked: Any) -> str:
    """Returns what a refusal tells, ids taken out."""
    with pytest.raises(FieldstoneError) as refused:
        await asked
    return f"{refused.value.code} {refused.value.message} {refused.value.details}"


async def test_a_share_opens_one_record_for_reading_and_a_revoked_one_does_not(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    note, other = [await office.make("note", ann, title=title) for title in "ab"]
    made = await share(office, ann, "note", note, "bob")
    assert await office.titles(bob, "note") == ["a"]
    assert (await office.get(bob, "note", note))["title"] == "a"
    assert (await office.page(bob, "note", where={"title": "a"}, limit=1)).total == 1
    for operation in (Update("note", note, {"title": "c"}), Delete("note", note)):
        with pytest.raises(PermissionDenied):
            await office.door.execute(operation, bob)
    with pytest.raises(NotFound):
        await office.get(bob, "note", other)
    await unshare(office, ann, "note", note, made)
    with pytest.raises(NotFound):
        await office.get(bob, "note", note)
    assert await office.titles(bob, "note") == []


async def test_a_share_to_edit_opens_reading_and_changing_and_never_deleting_or_handing_over(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer", "note_giver")
    note = await office.make("note", ann, title="a")
    await share(office, ann, "note", note, "bob", access_level="edit")
    assert record_of(await office.update(bob, "note", note, title="b"))["title"] == "b"
    with pytest.raises(PermissionDenied):
        await office.delete(bob, "note", note)
    assert await office.titles(office.caller("eve", "note_writer"), "note") == []


async def test_a_share_opens_nothing_beyond_the_object_right_and_the_policies_of_its_set(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    low, high = [await office.make("note", ann, title=f"{level}", level=level) for level in (1, 2)]
    for note in (low, high):
        await share(office, ann, "note", note, "bob", access_level="edit")
    assert await office.titles(office.caller("bob", "note_clerk"), "note") == ["2"]
    assert await office.titles(office.caller("bob", "note_reader"), "note") == ["1", "2"]
    with pytest.raises(PermissionDenied, match="update `note` records"):
        await office.update(office.caller("bob", "note_reader"), "note", high, title="c")
    with pytest.raises(PermissionDenied, match="read `note` records"):
        await office.get(office.caller("bob"), "note", high)


async def test_what_belongs_to_a_shared_record_is_reached_as_it_is_at_any_depth(office: Office) -> None:
    ann, bob = office.caller("ann", "project_worker"), office.caller("bob", "project_worker")
    project = await office.make("project", ann, title="p")
    task = await office.make("task", ann, project=project, title="t")
    step = await office.make("step", ann, task=task, title="s")
    made = await share(office, ann, "project", project, "bob")
    assert await office.titles(bob, "step") == ["s"]
    read = await office.get(bob, "step", step, expand={"task": {"expand": ["project"]}})
    assert read["task"]["project"]["title"] == "p"
    with pytest.raises(PermissionDenied):
        await office.update(bob, "step", step, title="u")
    with pytest.raises(PermissionDenied):
        await office.make("step", bob, task=task, title="mine")
    assert await share(office, ann, "project", project, "bob", access_level="edit") == made
    assert record_of(await office.update(bob, "step", step, title="u"))["title"] == "u"
    await office.make("step", bob, task=task, title="mine")
    await unshare(office, ann, "project", project, made)
    assert await office.titles(bob, "step") == await office.titles(bob, "task") == []


async def test_granting_again_changes_the_share_that_is_there(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    first = await share(office, ann, "note", note, "bob", access_level="edit", reason="for the audit")
    assert await share(office, ann, "note", note, "bob") == first
    (row,) = await shares(office, ann, "note", note)
    told = {name: row[name] for name in ("object_name", "record_id", "recipient_type", "recipient_id", "reason")}
    assert told == {
        "object_name": "note",
        "record_id": note,
        "recipient_type": "user",
        "recipient_id": office.ids["bob"],
        "reason": None,
    }
    assert (row["access_level"], row["source"], row["granted_by"]) == ("read", "manual", office.ids["ann"])
    assert (row["created_by"], row["organization_id"]) == (office.ids["ann"], office.here)


async def test_shares_granted_at_once_are_one(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    made = await asyncio.gather(*(share(office, ann, "note", note, "bob") for _ in range(6)))
    assert len(set(made)) == 1
    assert len(await shares(office, ann, "note", note)) == 1


async def test_only_who_sees_a_record_learns_that_it_can_be_shared(office: Office) -> None:
    note = await office.make("note", office.caller("ann", "note_writer"), title="a")
    bob = office.caller("bob", "note_writer", "sharing_manager")
    for asked in (
        lambda record_id: share(office, bob, "note", record_id, "bob"),
        lambda record_id: shares(office, bob, "note", record_id),
        lambda record_id: unshare(office, bob, "note", record_id, new_id()),
    ):
        absent = new_id()
        assert (await told(asked(note))).replace(note, "") == (await told(asked(absent))).replace(absent, "")


async def test_the_shares_of_a_record_are_up_to_its_owner_and_those_above_him(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    note = await office.make("note", ann, title="a")
    mine = await share(office, ann, "note", note, "bob", access_level="edit")
    for operation in (
        ShareRecord("note", note, "user", office.ids["bob"]),
        ReadShares("note", note, QueryDocument()),
        UnshareRecord("note", note, mine),
    ):
        with pytest.raises(PermissionDenied, match="up to its owner"):
            await office.door.execute(operation, bob)
    for allowed in (office.caller("bob", "note_chief"), office.caller("bob", "note_writer", "sharing_manager"), SYSTEM):
        assert [row["id"] for row in await shares(office, allowed, "note", note)] == [mine]


async def test_nobody_shares_more_than_he_holds(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    made = await share(office, ann, "note", note, "bob")
    reader = office.caller("ann", "note_reader")
    manager = office.caller("bob", "note_writer", "sharing_manager")
    for caller in (reader, manager):
        await share(office, caller, "note", note, "bob")
        with pytest.raises(PermissionDenied, match="Nobody shares more than he holds"):
            await share(office, caller, "note", note, "bob", access_level="edit")
    assert (await office.stored(SHARES, made))["access_level"] == "read"
    await share(office, ann, "note", note, "bob", access_level="edit")
    await share(office, manager, "note", note, "bob", access_level="edit")


async def test_a_recipient_elsewhere_is_told_as_one_who_is_not_there(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    told = []
    for recipient in (office.ids["eve"], new_id(), "nobody"):
        with pytest.raises(Invalid) as refused:
            await office.door.execute(ShareRecord("note", note, "user", recipient), ann)
        told.append((refused.value.message, refused.value.details))
    assert told[0] == told[1] == told[2]
    assert told[0][1]["fields"][0]["code"] == "reference_not_found"
    assert await all_shares(office) == 0


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"recipient_type": "guest"}, "recipient_type"),
        ({"recipient_type": "robot"}, "recipient_type"),
        ({"access_level": "delete"}, "access_level"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
async def test_what_is_no_share_is_refused(office: Office, sent: dict[str, str], field: str) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    values = {"object": "note", "id": note, "recipient_type": "user", "recipient_id": office.ids["bob"], **sent}
    with pytest.raises(Invalid) as refused:
        await office.door.execute(ShareRecord(**values), ann)
    assert [fault.field for fault in refused.value.faults] == [field]


@pytest.mark.parametrize(
    ("object_name", "hint"), [("step", "to which it belongs"), ("wiki", "sees all"), ("rate", "no organisation")]
)
async def test_an_object_whose_records_are_not_shared_one_by_one_says_so(
    office: Office, object_name: str, hint: str
) -> None:
    everything = office.caller("ann", "everything")
    operations = (
        ReadShares(object_name, new_id(), QueryDocument()),
        ShareRecord(object_name, new_id(), "user", office.ids["bob"]),
        UnshareRecord(object_name, new_id(), new_id()),
    )
    for operation in operations:
        with pytest.raises(Invalid) as refused:
            await office.door.execute(operation, everything)
        assert refused.value.details["reason"] == "NOT_SHAREABLE"
        assert hint in refused.value.details["hint"]


async def test_shares_go_with_their_record(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    gone, stays = [await office.make("note", ann, title=title) for title in "ab"]
    for note in (gone, stays):
        await share(office, ann, "note", note, "bob")
    await office.delete(ann, "note", gone)
    assert await all_shares(office) == 1
    assert len(await shares(office, ann, "note", stays)) == 1


async def test_shares_wait_in_the_trash_with_their_record_and_end_with_a_purge(office: Office) -> None:
    ann, bob = office.caller("ann", "folder_worker", "folder_keeper"), office.caller("bob", "folder_worker")
    keeper = office.caller("bob", "folder_worker", "folder_keeper")
    folder = await office.make("folder", ann, title="a")
    await share(office, ann, "folder", folder, "bob", access_level="edit")
    await office.delete(ann, "folder", folder)
    assert await office.titles(bob, "folder") == []
    assert (await office.door.execute(Read("folder", QueryDocument(), trash=True), keeper)).total == 0
    for refused in (Restore("folder", folder), Delete("folder", folder, purge=True)):
        with pytest.raises(NotFound):
            await office.door.execute(refused, keeper)
    await office.door.execute(Restore("folder", folder), ann)
    assert await office.titles(bob, "folder") == ["a"]
    await office.delete(ann, "folder", folder)
    await office.door.execute(Delete("folder", folder, purge=True), ann)
    assert await all_shares(office) == 0


async def test_shares_end_with_the_membership_of_their_recipient(office: Office) -> None:
    hooked = office.rebuilt(*identity_hooks(office.store.catalog))
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    await share(office, ann, "note", note, "bob")
    where = {"user_id": office.ids["bob"], "organization_id": office.here}
    (member,) = (await office.page(SYSTEM, "sys_member", where=where)).records()
    await hooked.delete(system_in(office.here), "sys_member", member["id"])
    assert await all_shares(office) == 0


async def test_a_share_that_a_rule_keeps_is_not_revoked_by_hand(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    row = {"object_name": "note", "record_id": note, "recipient_type": "user", "recipient_id": office.ids["bob"]}
    (kept,) = (await office.create(system_in(office.here), SHARES, {**row, "source": "rule"})).ids
    mine = await share(office, ann, "note", note, "bob", access_level="edit")
    assert {row["id"]: row["source"] for row in await shares(office, ann, "note", note)} == {
        kept: "rule",
        mine: "manual",
    }
    with pytest.raises(Conflict, match="not granted by hand"):
        await unshare(office, ann, "note", note, kept)
    await unshare(office, ann, "note", note, mine)
    assert await office.titles(office.caller("bob", "note_reader"), "note") == ["a"]


async def test_a_share_of_another_record_is_none_of_this_one(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note, other = [await office.make("note", ann, title=title) for title in "ab"]
    made = await share(office, ann, "note", other, "bob")
    assert (await told(unshare(office, ann, "note", note, made))).replace(made, "") == (
        await told(unshare(office, ann, "note", note, note))
    ).replace(note, "")
    assert await all_shares(office) == 1


@pytest.mark.parametrize("sets", [("note_writer",), ("everything",)])
async def test_nobody_reaches_the_rows_of_shares_by_another_road(office: Office, sets: tuple[str, ...]) -> None:
    ann = office.caller("ann", *sets)
    note = await office.make("note", ann, title="a")
    made = await share(office, ann, "note", note, "bob")
    row = {"object_name": "note", "record_id": note, "recipient_id": office.ids["bob"], "access_level": "edit"}
    for operation in (
        Create(SHARES, (row,)),
        Delete(SHARES, made),
        Read(SHARES, QueryDocument()),
    ):
        with pytest.raises(NotFound, match="No object"):
            await office.door.execute(operation, ann)


async def test_what_is_done_to_shares_is_told_as_the_callers(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    note = await office.make("note", ann, title="a")
    made = await share(office, ann, "note", note, "bob")
    await share(office, ann, "note", note, "bob", access_level="edit")
    await unshare(office, ann, "note", note, made)
    text = f"SELECT action, actor FROM {EVENT_TABLE} WHERE record_id = '{made}' ORDER BY position"
    events = await office.store._database.read(text, (), bounded=False)
    assert [tuple(event) for event in events] == [
        (action, office.ids["ann"]) for action in ("created", "updated", "deleted")
    ]


async def test_what_is_shared_is_gathered_once_and_not_looked_for_record_by_record(office: Office) -> None:
    explainer = office.caller("ann", "note_reader", "query_explainer")
    explained = await office.door.execute(Explain(Read("note", QueryDocument())), explainer)
    assert isinstance(explained, Explanation)
    plan = str(explained.statements[0].plan)
    assert re.search(
        r"SEARCH sys_record_share\w* USING COVERING INDEX|'Subplan Name': 'InitPlan 1'.*sys_record_share", plan
    )
