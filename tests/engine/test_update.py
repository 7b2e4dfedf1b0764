"""Changing records: only what differs, only at the version that was named, only by whom it may be."""

import asyncio
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Update
from fieldstone.errors import ConcurrentUpdate, Invalid, NotFound, PermissionDenied, UniqueViolation
from tests.engine.office import Office, codes, plain, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def test_a_change_raises_the_version_and_says_who_and_when(office: Office) -> None:
    ann, chief = office.caller("ann", "note_writer"), office.caller("bob", "note_chief")
    made = await office.make("note", ann, title="a", level=1)
    written = await office.update(chief, "note", made, title="b")
    record = record_of(written)
    assert (record["title"], record["level"], record["version"], written.versions) == ("b", 1, 2, (2,))
    assert (record["owner_id"], record["created_by"], record["updated_by"]) == (ann.id, ann.id, chief.id)
    assert record["updated_at"] >= record["created_at"]
    assert await office.get(ann, "note", made) == record


async def test_null_clears(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a", level=1)
    assert record_of(await office.update(ann, "note", made, level=None, state=None))["level"] is None
    assert (await office.stored("note", made))["state"] is None


async def test_a_change_of_nothing_changes_nothing(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    extra = {"b": [1, 2.50, None], "a": "x"}
    made = await office.make(
        "note", ann, title="a", price=2, extra=extra, day="2020-01-01", opened_at="2020-01-01T00:00:00Z"
    )
    before = await office.stored("note", made)
    same = {"price": 2.0, "extra": {"a": "x", "b": [1, 2.5, None]}, "opened_at": "2020-01-01T02:00:00+02:00"}
    nothing: list[dict[str, Any]] = [{}, {"title": "a"}, {"level": None}, {"day": "2020-01-01"}, same]
    for values in nothing:
        written = await office.update(ann, "note", made, **values)
        assert written.versions == (1,)
        assert record_of(written) == await office.get(ann, "note", made)
    assert await office.stored("note", made) == before
    something: list[dict[str, Any]] = [{"price": 2.01}, {"extra": {"a": "x", "b": [True, 2.5, None]}}]
    for version, values in enumerate(something, start=2):
        assert (await office.update(ann, "note", made, **values)).versions == (version,)


async def test_a_json_value_is_replaced_as_a_whole(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a", extra={"a": 1})
    assert plain(record_of(await office.update(ann, "note", made, extra=[1]))["extra"]) == [1]


async def test_absent_and_invisible_records_are_refused_in_the_same_words(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    made = await office.make("note", ann, title="a")
    for record_id in (made, NOWHERE, "x"):
        with pytest.raises(NotFound, match=f"No `note` record `{record_id}`"):
            await office.update(bob, "note", record_id, title="b")
    assert (await office.stored("note", made))["title"] == "a"


async def test_who_may_not_read_may_not_change(office: Office) -> None:
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", price=1)
    with pytest.raises(NotFound):
        await office.update(office.caller("ann", "price_writer"), "note", made, price=2)
    seeing = office.caller("ann", "price_writer", "note_reader")
    assert (await office.update(seeing, "note", made, price=2)).versions == (2,)


async def test_what_is_seen_and_not_to_be_changed_is_an_open_refusal(office: Office) -> None:
    ann, bob = office.caller("ann", "public_worker"), office.caller("bob", "public_worker")
    made = await office.make("board", ann, title="a")
    with pytest.raises(PermissionDenied) as refused:
        await office.update(bob, "board", made, title="b")
    assert refused.value.details == {"permission": "board:update"}
    assert (await office.update(ann, "board", made, title="b")).versions == (2,)


async def test_a_row_rule_for_changing_and_its_check(office: Office) -> None:
    ann = office.caller("ann", "note_editor_of_open")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=3)
    assert (await office.update(ann, "note", made, level=5)).versions == (2,)
    with pytest.raises(PermissionDenied):
        await office.update(ann, "note", made, level=6)
    assert (await office.stored("note", made))["level"] == 5
    assert (await office.update(ann, "note", made, state="done")).versions == (3,)
    with pytest.raises(PermissionDenied):
        await office.update(ann, "note", made, state="open")


async def test_a_record_may_be_changed_out_of_ones_sight(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk", "note_editor_of_open")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=3)
    assert record_of(await office.update(clerk, "note", made, level=2))["level"] == 2


async def test_a_change_that_the_read_rules_bound_cannot_leave_them(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=3)
    with pytest.raises(PermissionDenied):
        await office.update(clerk, "note", made, level=1)
    assert record_of(await office.update(clerk, "note", made, level=2))["level"] == 2


async def test_all_faults_come_at_once_and_leave_the_record_alone(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a")
    body: dict[str, Any] = {"title": None, "level": -1, "wiki": NOWHERE, "nonsense": 1, "version": 7}
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "note", made, **body)
    assert codes(refused.value) == {
        "title": "required",
        "level": "min_value",
        "wiki": "reference_not_found",
        "nonsense": "unknown_field",
        "version": "invalid_value",
    }
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "note", made, title=None, wiki=NOWHERE)
    assert codes(refused.value) == {"title": "required", "wiki": "reference_not_found"}
    assert (await office.stored("note", made))["version"] == 1


@pytest.mark.parametrize("name", ["id", "version", "created_at", "updated_by", "organization_id"])
async def test_the_systems_fields_are_refused_in_a_change(office: Office, name: str) -> None:
    ann = office.caller("ann", "note_chief", "note_giver")
    made = await office.make("note", ann, title="a")
    with pytest.raises(Invalid) as refused:
        await office.door.execute(Update("note", made, {name: office.elsewhere}), ann)
    assert codes(refused.value) == {name: "invalid_value"}


async def test_hidden_fields_are_unknown_and_readable_ones_forbidden(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=2, secret="s")
    for name in ("secret", "sekret"):
        with pytest.raises(Invalid) as refused:
            await office.door.execute(Update("note", made, {name: "s"}), clerk)
        assert [(f.code, f.message) for f in refused.value.faults] == [
            ("unknown_field", f"No field `{name}` on `note`.")
        ]
    with pytest.raises(PermissionDenied) as denied:
        await office.update(clerk, "note", made, price=1, title="b")
    assert denied.value.details["forbiddenFields"] == ["price"]
    assert (await office.stored("note", made))["title"] == "a"


async def test_the_owner_changes_with_the_right_to_transfer(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a")
    with pytest.raises(PermissionDenied) as refused:
        await office.update(ann, "note", made, owner_id=office.ids["bob"])
    assert refused.value.details == {"permission": "note:transfer", "forbiddenFields": ["owner_id"]}
    giver = office.caller("ann", "note_giver")
    for target in (office.ids["eve"], NOWHERE):
        with pytest.raises(Invalid) as faulty:
            await office.update(giver, "note", made, owner_id=target)
        assert codes(faulty.value) == {"owner_id": "reference_not_found"}
    written = await office.update(giver, "note", made, owner_id=office.ids["bob"])
    assert (written.rows, written.versions) == ((None,), (2,))
    assert (await office.get(office.caller("bob", "note_reader"), "note", made))["owner_id"] == office.ids["bob"]


async def test_a_child_moves_only_to_a_parent_that_may_be_changed(office: Office) -> None:
    ann = office.caller("ann", "project_worker", "project_watcher")
    mine, other = [await office.make("project", ann, title=title) for title in "ab"]
    theirs = await office.make("project", office.caller("bob", "project_worker"), title="c")
    task = await office.make("task", ann, title="t", project=mine)
    with pytest.raises(PermissionDenied):
        await office.update(ann, "task", task, project=theirs)
    assert record_of(await office.update(ann, "task", task, project=other))["project"] == other


async def test_a_clash_of_a_unique_key_leaves_the_record_alone(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    await office.make("note", ann, title="a", code="x")
    made = await office.make("note", ann, title="b", code="y")
    with pytest.raises(UniqueViolation):
        await office.update(ann, "note", made, title="c", code="x")
    assert (await office.stored("note", made))["title"] == "b"


async def test_a_change_of_another_version_is_refused_with_what_there_is(office: Office) -> None:
    ann = office.caller("ann", "note_clerk")
    made = await office.make("note", office.caller("ann", "note_writer"), title="a", level=2, secret="s")
    assert (await office.update(ann, "note", made, 1, title="b")).versions == (2,)
    for version in (1, 3):
        with pytest.raises(ConcurrentUpdate) as refused:
            await office.update(ann, "note", made, version, title="c")
        details = refused.value.details
        assert (details["currentVersion"], details["expectedVersion"]) == (2, version)
        assert details["record"] == await office.get(ann, "note", made)
        assert "secret" not in details["record"]
    with pytest.raises(ConcurrentUpdate):
        await office.update(ann, "note", made, 1)
    with pytest.raises(NotFound):
        await office.update(office.caller("bob", "note_writer"), "note", made, 1, title="c")


async def test_of_many_changes_of_one_version_one_is_made(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a", level=0)
    tries = [office.update(ann, "note", made, 1, level=n + 1) for n in range(20)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert all(isinstance(o, ConcurrentUpdate) for o in outcomes if isinstance(o, BaseException))
    assert (await office.stored("note", made))["version"] == 2


async def test_changes_that_name_no_version_are_all_made(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a", level=0)
    outcomes = await asyncio.gather(*(office.update(ann, "note", made, level=n + 1) for n in range(12)))
    assert sorted(outcome.versions[0] for outcome in outcomes) == list(range(2, 14))


async def test_the_system_changes_what_it_likes(office: Office) -> None:
    made = await office.make("note", office.caller("ann", "note_writer"), title="a")
    await office.update(SYSTEM, "note", made, owner_id=office.ids["bob"], hashed="abcdefgh")
    stored = await office.stored("note", made)
    assert (stored["owner_id"], stored["hashed"], stored["updated_by"]) == (office.ids["bob"], "hashed:abcdefgh", None)
