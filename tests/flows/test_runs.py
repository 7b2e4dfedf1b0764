"""Runs over a real door: what they come to, what is told of them and to whom, and what lasts beyond a pause."""

import pytest
import pytest_asyncio

from fieldstone.errors import FlowDisabled, Invalid, InvalidState, NotFound
from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.factory import Factory, opened, outputs

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTES = """
    inputs: {title: {type: text, required: true}, level: {type: number, scale: 0}}
    steps:
      - {name: made, type: create, object: note, fields: {title: '{!inputs.title}', level: '{!inputs.level}'}}
      - {name: found, type: query, object: note, where: {level: '{!inputs.level}'}}
      - {name: changed, type: update, object: note, id: '{!step.made.output.id}', fields: {title: 'again'}}
    outputs: {id: '{!step.made.output.id}'}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def factory(office: Office, catalog: Catalog, store_url: str) -> Factory:
    return Factory(office, catalog, store_url)


async def test_a_run_does_its_steps_and_tells_what_came_of_them(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, notes=NOTES):
        run = await factory.start("notes", ann, title="one", level=4)
        assert (run.status, run.error, run.waiting) == ("completed", None, ())
        assert run.output == {"id": outputs(run)["made"]["id"]}
        assert run.input == {"title": "one", "level": 4}
        assert [(step.key, step.node_type, step.status) for step in run.steps] == [
            ("made", "create_record", "success"),
            ("found", "get_record", "success"),
            ("changed", "update_record", "success"),
        ]
        assert run.steps[0].input == {"object": "note", "fields": {"title": "one", "level": 4}}
        assert await factory.office.titles(ann, "note") == ["again"]


async def test_a_run_that_fails_tells_at_which_step_and_what_was_done(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        steps:
          - {name: made, type: create, object: note, fields: {title: kept}}
          - {name: lost, type: update, object: note, id: '01HZZZZZZZZZZZZZZZZZZZZZZZ', fields: {title: x}}
          - {name: never, type: create, object: note, fields: {title: never}}
    """
    async with opened(factory, broken=text):
        run = await factory.start("broken", ann)
    assert run.status == "failed"
    assert run.error is not None
    assert (run.error["code"], run.error["nodeId"], run.error["step"]) == ("NOT_FOUND", "lost", "lost")
    assert run.error["done"] == ["made"]
    assert [step.status for step in run.steps] == ["success", "failure"]
    assert await factory.office.titles(ann, "note") == ["kept"]


async def test_nothing_begins_with_inputs_that_do_not_fit(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, notes=NOTES, drafted=f"    status: draft{NOTES}"):
        with pytest.raises(Invalid) as refused:
            await factory.start("notes", ann, titel="one", level="many")
        assert {fault.field for fault in refused.value.faults} == {"titel", "title", "level"}
        with pytest.raises(FlowDisabled):
            await factory.start("drafted", ann, title="one")
        with pytest.raises(NotFound, match="No flow `nots`"):
            await factory.start("nots", ann)
        assert await factory.office.page(ann, "note") is not None


async def test_a_run_is_seen_by_its_starter_and_by_who_may_read_all_runs(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    bob, eve = factory.office.caller("bob", "note_clerk"), factory.office.caller("eve", "note_clerk")
    boss, stranger = (factory.office.caller(name, "admin_full_access") for name in ("bob", "eve"))
    async with opened(factory, notes=NOTES):
        run = await factory.start("notes", ann, title="mine")
        assert (await factory.look(run, boss)).id == run.id
        for other in (bob, eve, stranger):
            with pytest.raises(NotFound, match=f"No run `{run.id}` of `notes`"):
                await factory.look(run, other)
            with pytest.raises(NotFound, match=f"No run `{run.id}` of `notes`"):
                await factory.cancel(run, other)
        with pytest.raises(InvalidState):
            await factory.cancel(run, ann)


async def test_a_run_acts_with_the_rights_that_its_starter_has_by_then(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, notes=NOTES):
        factory.sets["ann"] = ()
        run = await factory.start("notes", ann, title="one")
        assert run.error is not None
        assert (run.status, run.error["code"]) == ("failed", "PERMISSION_DENIED")
        factory.gone.add("ann")
        run = await factory.start("notes", ann, title="one")
        assert run.error is not None
        assert run.status == "failed"
        assert "no active member" in run.error["message"]


async def test_a_run_as_the_system_has_every_right_within_its_organisation_and_none_beyond(factory: Factory) -> None:
    ann, eve = (factory.office.caller(name, "everything") for name in ("ann", "eve"))
    await factory.office.make("note", eve, title="elsewhere", level=1)
    mine = await factory.office.make("note", ann, title="here", level=1)
    text = """
        runAs: system
        steps:
          - {name: all, type: update, object: note, where: {level: 1}, fields: {title: seen}}
    """
    async with opened(factory, sweep=text):
        factory.sets["ann"] = ()
        run = await factory.start("sweep", ann)
    assert run.status == "completed"
    assert (await factory.office.stored("note", mine))["title"] == "seen"
    assert await factory.office.titles(eve, "note") == ["elsewhere"]


async def test_a_step_that_is_passed_over_is_told_as_skipped(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        variables: [{name: big, type: boolean, isInput: true, required: true}]
        steps:
          - {name: counted, type: assignment, when: vars.big, assignments: {big: false}}
          - {name: made, type: create, when: inputs.big, object: note, fields: {title: made}}
          - {name: rest, type: wait, duration: PT1H}
    """
    async with opened(factory, guarded=text):
        run = await factory.start("guarded", ann, big=False)
        told = {step.key: step.status for step in run.steps}
        assert told == {"rest": "waiting", "counted": "skipped", "made": "skipped"}
        run = await factory.after(run, ann, 3600)
        assert {step.key: (step.status, step.output) for step in run.steps} == {
            "rest": ("success", None),
            "counted": ("skipped", None),
            "made": ("skipped", None),
        }
        assert await factory.office.titles(ann, "note") == []
        done = await factory.start("guarded", ann, big=True)
        assert {step.key: step.status for step in done.steps}["made"] == "success"


@pytest.mark.parametrize("status", ["draft", "obsolete"])
async def test_a_flow_that_is_not_active_is_begun_by_nobody_and_its_runs_go_on(factory: Factory, status: str) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: after_insert}
        steps: [{name: rest, type: wait, duration: PT1H}, {name: made, type: create, object: note, fields: {title: made}}]
    """
    async with opened(factory, old=text):
        await factory.floor.make("note", ann, title="first")
        (run,) = await factory.runs("old")
        assert run.status == "paused"
    async with opened(factory, old=f"        status: {status}{text}"):
        await factory.floor.make("note", ann, title="second")
        with pytest.raises(FlowDisabled):
            await factory.start("old", ann)
        run = await factory.after(run, ann, 3600)
        assert run.status == "completed", run.error
        assert await factory.floor.titles(ann, "note") == ["first", "made", "second"]
        assert [each.id for each in await factory.runs("old")] == [run.id]
