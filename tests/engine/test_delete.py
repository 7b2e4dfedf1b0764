"""Deleting records: who may, what goes along, what lets go, and what keeps a record from going."""

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.errors import ConcurrentUpdate, DeleteRestricted, NotFound, PermissionDenied
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def test_an_owner_deletes_his_record_and_nobody_elses(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    made = await office.make("note", ann, title="a")
    for record_id in (made, NOWHERE):
        with pytest.raises(NotFound, match=f"No `note` record `{record_id}`"):
            await office.delete(bob, "note", record_id)
    await office.delete(ann, "note", made)
    assert await office.count("note") == 0
    with pytest.raises(NotFound):
        await office.delete(ann, "note", made)


async def test_a_missing_right_and_a_row_that_is_only_seen_are_open_refusals(office: Office) -> None:
    made = await office.make("board", office.caller("ann", "public_worker"), title="a")
    with pytest.raises(PermissionDenied) as refused:
        await office.delete(office.caller("ann", "note_reader"), "board", made)
    assert refused.value.details["permission"] == "board:delete"
    with pytest.raises(PermissionDenied) as refused:
        await office.delete(office.caller("bob", "public_worker"), "board", made)
    assert refused.value.details["permission"] == "board:delete"
    await office.delete(office.caller("bob", "board_chief"), "board", made)
    assert await office.count("board") == 0


async def test_a_version_that_is_over_keeps_the_record(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    made = await office.make("note", ann, title="a")
    await office.update(ann, "note", made, title="b")
    with pytest.raises(ConcurrentUpdate) as refused:
        await office.delete(ann, "note", made, 1)
    assert refused.value.details["currentVersion"] == 2
    assert refused.value.details["record"]["title"] == "b"
    await office.delete(ann, "note", made, 2)
    assert await office.count("note") == 0


async def test_a_record_that_is_referred_to_lets_go_of_nothing_when_it_is_kept(office: Office) -> None:
    company = await office.make("company", title="a")
    visit = await office.make("visit", company=company)
    branch = await office.make("branch", company=company)
    contract = await office.make("contract", company=company, owner_id=office.ids["ann"])
    with pytest.raises(DeleteRestricted):
        await office.delete(office.caller("ann", "company_worker"), "company", company)
    assert (await office.stored("visit", visit))["company"] == company
    assert (await office.stored("branch", branch))["version"] == 1
    await office.delete(SYSTEM, "contract", contract)
    await office.delete(office.caller("ann", "company_worker"), "company", company)
    assert await office.count("company") == 0


async def test_a_refusal_names_only_what_the_caller_may_see(office: Office) -> None:
    company = await office.make("company", title="a")
    for owner in ("ann", "bob", "bob"):
        await office.make("contract", company=company, owner_id=office.ids[owner])
    for name, count in (("ann", 1), ("bob", 2)):
        with pytest.raises(DeleteRestricted) as refused:
            await office.delete(office.caller(name, "company_worker"), "company", company)
        assert refused.value.details == {"dependentObject": "contract", "dependentCount": count}
    with pytest.raises(DeleteRestricted) as refused:
        await office.delete(office.caller("ann", "company_remover"), "company", company)
    assert (refused.value.message, refused.value.details) == ("Other records refer to it.", {})


async def test_a_reference_is_let_go_by_a_change_of_its_record(office: Office) -> None:
    company, other = [await office.make("company", title=title) for title in "ab"]
    visit, stays = [await office.make("visit", title="v", company=which) for which in (company, other)]
    ann = office.caller("ann", "company_remover")
    await office.delete(ann, "company", company)
    stored = await office.stored("visit", visit)
    assert (stored["company"], stored["version"], stored["updated_by"], stored["title"]) == (None, 2, ann.id, "v")
    assert (await office.stored("visit", stays))["company"] == other


async def test_what_hangs_on_a_record_goes_with_it_whatever_the_caller_may(office: Office) -> None:
    project = await office.make("project", office.caller("ann", "project_worker"), title="p")
    for title in "ab":
        task = await office.make("task", title=title, project=project)
        for _ in range(2):
            await office.make("step", title=title, task=task)
    other = await office.make("task", title="c", project=await office.make("project", title="q"))
    await office.delete(office.caller("ann", "project_worker"), "project", project)
    assert await office.titles(SYSTEM, "task", where={"organization_id": office.here}) == ["c"]
    assert (await office.count("step"), await office.count("project")) == (0, 1)
    assert await office.stored("task", other)


async def test_chains_and_circles_of_references_end(office: Office) -> None:
    company = await office.make("company", title="a")
    first = await office.make("branch", title="1", company=company)
    above = first
    for number in range(2, 30):
        above = await office.make("branch", title=str(number), above=above)
    await office.update(SYSTEM, "branch", first, above=above)
    itself = await office.make("branch", title="itself", company=company)
    await office.update(SYSTEM, "branch", itself, above=itself)
    alone = await office.make("branch", title="alone")
    await office.delete(office.caller("ann", "company_remover"), "company", company)
    assert await office.titles(SYSTEM, "branch", where={"organization_id": office.here}) == ["alone"]
    await office.delete(SYSTEM, "branch", alone)


async def test_what_goes_along_keeps_nothing_from_going(office: Office) -> None:
    company = await office.make("company", title="a")
    branch = await office.make("branch", company=company)
    inner = await office.make("desk_of_branch", branch=branch, company=company)
    outer = await office.make("desk_of_branch", branch=branch)
    with pytest.raises(DeleteRestricted):
        await office.delete(SYSTEM, "company", company)
    await office.delete(SYSTEM, "desk_of_branch", outer)
    await office.delete(SYSTEM, "company", company)
    with pytest.raises(NotFound):
        await office.stored("desk_of_branch", inner)


async def test_hooks_hear_of_everything_that_goes_or_lets_go(office: Office) -> None:
    heard: list[tuple[str, str, str | None]] = []

    def listener(object_name: str, event: Event) -> Hook:
        async def hear(context: Context, change: Change) -> None:
            assert change.previous is not None
            heard.append((f"{object_name} {event}", change.previous["title"], context.caller.id))

        return Hook("hear", object_name, event, hear)

    watched = office.rebuilt(
        listener("company", "before_delete"),
        listener("company", "after_delete"),
        listener("branch", "before_delete"),
        listener("branch", "after_delete"),
        listener("visit", "before_update"),
        listener("visit", "after_update"),
    )
    company = await office.make("company", title="c")
    await office.make("branch", title="b", company=company)
    visit = await office.make("visit", title="v", company=company)
    ann = office.caller("ann", "company_remover")
    await watched.delete(ann, "company", company)
    assert sorted(heard) == sorted(
        [
            ("company before_delete", "c", ann.id),
            ("branch before_delete", "b", None),
            ("visit before_update", "v", None),
            ("visit after_update", "v", None),
            ("branch after_delete", "b", None),
            ("company after_delete", "c", ann.id),
        ]
    )
    assert (await office.stored("visit", visit))["company"] is None


async def test_a_hook_that_refuses_keeps_everything(office: Office) -> None:
    async def refuse(_context: Context, _change: Change) -> None:
        raise PermissionDenied("Not this one.")

    watched = office.rebuilt(Hook("refuse", "branch", "after_delete", refuse))
    company = await office.make("company", title="c")
    await office.make("branch", title="b", company=company)
    visit = await office.make("visit", company=company)
    with pytest.raises(PermissionDenied, match="Not this one"):
        await watched.delete(office.caller("ann", "company_remover"), "company", company)
    assert (await office.count("company"), await office.count("branch")) == (1, 1)
    assert (await office.stored("visit", visit))["company"] == company
