"""Flows that records begin: after a write once it stands, before it within it, and never by their own doing again."""

from typing import Any

import pytest
import pytest_asyncio

from fieldstone.engine.operation import Create
from fieldstone.errors import DeclarationError, FieldstoneError, FlowRefused, Invalid, PermissionDenied
from fieldstone.flows.chain import LONGEST
from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.factory import Factory, opened, outputs

pytestmark = pytest.mark.asyncio(loop_scope="session")

RAISED = """
    type: record_change
    trigger:
      object: note
      when: after_update
      condition: record.level > 5 && previous.level <= 5
    steps:
      - {name: said, type: create, object: note, fields: {title: '{!record.title} was {!previous.level}', level: 0}}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def factory(office: Office, catalog: Catalog, store_url: str) -> Factory:
    return Factory(office, catalog, store_url)


async def test_a_record_that_is_written_begins_a_flow_where_the_condition_holds(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, raised=RAISED):
        note = await factory.floor.make("note", ann, title="a", level=3)
        other = await factory.floor.make("note", ann, title="b", level=9)
        await factory.floor.update(ann, "note", note, level=4)
        await factory.floor.update(ann, "note", other, level=10)
        assert await factory.runs("raised") == []
        await factory.floor.update(ann, "note", note, level=6)
        (run,) = await factory.runs("raised")
    assert (run.status, run.started_by) == ("completed", ann.id)
    assert run.trigger == {"type": "record_change", "object": "note", "recordId": note, "event": "update", "chain": []}
    assert outputs(run)["said"]["title"] == "a was 4"


async def test_each_event_of_a_record_begins_the_flows_for_it(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    flows = {
        when: f"""
            trigger: {{object: note, when: {when}}}
            variables: [{{name: seen, type: text, isOutput: true}}]
            steps: [{{type: assignment, assignments: {{seen: '{{!trigger.record.title}}'}}}}]
        """
        for when in ("after_insert", "after_update", "after_delete", "after_write")
    }
    idle = {"idle": f"            status: draft{flows['after_write']}"}
    async with opened(factory, **flows, **idle):
        note = await factory.floor.make("note", ann, title="new")
        await factory.floor.update(ann, "note", note, title="changed")
        await factory.floor.delete(ann, "note", note)
        seen = {name: [run.output for run in await factory.runs(name)] for name in (*flows, *idle)}
    assert seen == {
        "after_insert": [{"seen": "new"}],
        "after_update": [{"seen": "changed"}],
        "after_delete": [{"seen": "changed"}],
        "after_write": [{"seen": "new"}, {"seen": "changed"}],
        "idle": [],
    }


async def test_what_does_not_stand_begins_nothing(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: after_insert}
        steps: [{type: query, object: note, where: {level: 1}}]
    """
    async with opened(factory, counted=text):
        await factory.door.execute(Create("note", ({"title": "dry"},)), ann, dry=True)
        rows = [{"data": {"title": "good"}}, {"data": {"title": "x" * 99}}, {"data": {"title": "good, too"}}]
        await factory.floor.batch(ann, "note", "create", rows, atomic=True)
        assert await factory.runs("counted") == []
        await factory.floor.batch(ann, "note", "create", rows)
        assert len(await factory.runs("counted")) == 2


async def test_a_run_knows_of_a_record_what_whoever_wrote_it_may_read(factory: Factory) -> None:
    bob = factory.office.caller("bob", "note_clerk")
    factory.sets["bob"] = ("note_clerk",)
    text = """
        trigger: {object: note, when: after_update, condition: previous.secret == 'hush' && record.secret == 'hush'}
        variables: [{name: seen, type: json, isOutput: true}, {name: before, type: json, isOutput: true}]
        steps: [{type: assignment, assignments: {seen: '{!record}', before: '{!previous}'}}]
    """
    async with opened(factory, told=text, as_system=f"        runAs: system{text}"):
        note = await factory.floor.make("note", title="a", level=3, secret="hush", owner_id=bob.id)
        await factory.floor.update(bob, "note", note, title="b")
        (run,), (as_system,) = await factory.runs("told"), await factory.runs("as_system")
    assert run.output is not None
    assert as_system.output is not None
    for image, title in (("seen", "b"), ("before", "a")):
        assert run.output[image]["title"] == title
        assert "secret" not in run.output[image]
        assert "secret" in as_system.output[image]
        assert "hashed" not in as_system.output[image]
    assert (run.started_by, as_system.started_by) == (bob.id, None)


async def test_a_condition_without_an_answer_fails_the_run_and_not_the_write(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: after_insert, condition: record.level > 5}
        steps: [{type: create, object: note, fields: {title: never, level: 0}}]
    """
    async with opened(factory, unsure=text):
        note = await factory.floor.make("note", ann, title="a")
        (run,) = await factory.runs("unsure")
        assert (await factory.floor.stored("note", note))["title"] == "a"
    assert run.error is not None
    assert (run.status, run.error["code"], run.steps) == ("failed", "FLOW_MISTAKE", ())


async def test_a_flow_that_its_own_doing_begins_again_is_skipped(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: after_update}
        steps: [{name: again, type: update, object: note, id: '{!record.id}', fields: {level: '{!record.level + 1}'}}]
    """
    async with opened(factory, forever=text):
        note = await factory.floor.make("note", ann, title="a", level=1)
        await factory.floor.update(ann, "note", note, level=2)
        first, second = await factory.runs("forever")
        assert (await factory.floor.stored("note", note))["level"] == 3
        assert (first.status, second.status, second.steps) == ("completed", "failed", ())
        assert second.error is not None
        assert second.error["code"] == "FLOW_LOOP"
        assert second.error["details"]["skipped"] is True
        await factory.floor.update(ann, "note", note, level=7)
        assert [run.status for run in await factory.runs("forever")] == ["completed", "failed"] * 2


async def test_flows_that_begin_each_other_in_a_circle_are_skipped(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")

    def turn(level: int) -> str:
        return f"""
            trigger: {{object: note, when: after_update, condition: record.level == {level}}}
            steps: [{{type: update, object: note, id: '{{!record.id}}', fields: {{level: {3 - level}}}}}]
        """

    async with opened(factory, ping=turn(1), pong=turn(2)):
        note = await factory.floor.make("note", ann, title="a", level=0)
        await factory.floor.update(ann, "note", note, level=1)
        assert [run.status for run in await factory.runs("ping")][:1] == ["completed"]
        assert [run.status for run in await factory.runs("pong")] == ["completed"]
        assert [run.status for run in await factory.runs("ping")] == ["completed", "failed"]


async def test_flows_that_begin_each_other_on_ever_new_records_come_to_an_end(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: after_insert}
        steps: [{type: create, object: note, fields: {title: another}}]
    """
    async with opened(factory, breeding=text):
        await factory.floor.make("note", ann, title="first")
        runs: list[Any] = []
        while not runs or runs[-1].status != "failed":
            assert len(runs) <= LONGEST + 1
            runs = await factory.runs("breeding")
    assert len(runs) == LONGEST + 1
    assert runs[-1].error["code"] == "FLOW_LOOP"


BEFORE = """
    type: record_change
    trigger: {object: note, when: before_insert, condition: record.level != null}
    steps:
      - type: condition
        when: record.level > 8
        then: [{type: refuse, message: '{!record.title} is too high.'}]
      - {type: assignment, assignments: {record.title: '{!record.title}, checked', record.level: '{!record.level * 2}'}}
      - {type: assignment, assignments: {record.code: '{!record.title}'}}
"""


async def test_a_flow_before_a_write_sets_fields_and_refuses(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, checked=BEFORE):
        note = await factory.floor.make("note", ann, title="a", level=4)
        stored = await factory.floor.stored("note", note)
        assert (stored["title"], stored["level"], stored["code"]) == ("a, checked", 8, "a, checked")
        plain = await factory.floor.make("note", ann, title="plain")
        assert (await factory.floor.stored("note", plain))["title"] == "plain"
        with pytest.raises(FlowRefused, match="b is too high") as refused:
            await factory.floor.make("note", ann, title="b", level=9)
        assert refused.value.details["step"]
        assert await factory.office.titles(ann, "note") == ["a, checked", "plain"]
        assert await factory.runs("checked") == []


async def test_what_a_flow_before_a_write_does_is_undone_with_the_write(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: before_update}
        steps:
          - {type: create, object: note, fields: {title: beside}}
          - {type: assignment, assignments: {record.level: '{!0 - 1}'}}
    """
    async with opened(factory, undone=text):
        note = await factory.floor.make("note", ann, title="a", level=1)
        with pytest.raises(FieldstoneError):
            await factory.floor.update(ann, "note", note, title="b")
        assert await factory.office.titles(ann, "note") == ["a"]


async def test_a_flow_before_a_write_that_fails_fails_the_write(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: before_insert, condition: record.level != null}
        steps: [{name: made, type: create, object: note, fields: {title: '{!record.title}', code: '{!user.id}'}}]
    """
    async with opened(factory, doubled=text):
        await factory.floor.make("note", ann, title="there", code=ann.id[:20] if ann.id else None)
        with pytest.raises(FieldstoneError) as failed:
            await factory.floor.make("note", ann, title="a", level=1)
        assert failed.value.details["step"] == "made"
    assert await factory.office.titles(ann, "note") == ["there"]


async def test_a_flow_before_a_write_has_the_rights_of_its_writer_unless_it_says_otherwise(factory: Factory) -> None:
    bob = factory.office.caller("bob", "note_writer")
    text = """
        trigger: {object: note, when: before_insert}
        steps: [{type: create, object: folder, fields: {title: made}}]
    """
    async with opened(factory, strict=text):
        with pytest.raises(PermissionDenied):
            await factory.floor.make("note", bob, title="a")
    async with opened(factory, lenient=f"        runAs: system{text}"):
        await factory.floor.make("note", bob, title="a")
    assert await factory.office.count("folder") == 1


async def test_a_condition_before_a_write_without_an_answer_refuses_it(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    text = """
        trigger: {object: note, when: before_insert, condition: record.level > 5}
        steps: [{type: assignment, assignments: {record.level: 0}}]
    """
    async with opened(factory, unsure=text):
        with pytest.raises(Invalid, match="Whether the hook `flow unsure` is to run cannot be told"):
            await factory.floor.make("note", ann, title="a")


async def test_a_flow_that_records_begin_needs_nothing_that_nobody_gives(factory: Factory) -> None:
    text = """
        inputs: {title: {type: text, required: true}}
        trigger: {object: note, when: after_insert}
        steps: [{type: create, object: folder, fields: {title: '{!inputs.title}'}}]
    """
    with pytest.raises(DeclarationError, match="Nobody gives `title` when records or times begin the flow"):
        await factory.open({"needy": text})
