"""The kinds of steps, each at work: branches, failures caught, waits, screens, other flows, functions, and the outside."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from fieldstone.errors import NotFound
from fieldstone.flows.interpreter import StepFailure
from fieldstone.flows.journal import Effects, Entry, Paused
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.handlers import Handlers
from tests.engine.office import Office
from tests.flows.flowing import Memory, flow, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = "2026-03-06T15:00:00.000Z"


async def _waiting(office: Office, catalog: Catalog, steps: str, **inputs: Any) -> tuple[Any, Memory, Any]:
    """Returns a flow, its journal, and whoever runs it, where it waits."""
    ann = office.caller("ann", "everything")
    graph, journal = flow(catalog, steps), Memory(office, ann)
    with pytest.raises(Paused):
        await run(graph, journal, ann, **inputs)
    return graph, journal, ann


async def test_branches_of_a_list_are_all_done_although_one_waits(office: Office, catalog: Catalog) -> None:
    graph, journal, ann = await _waiting(
        office,
        catalog,
        """
        steps:
          - name: both
            type: parallel
            branches:
              slow: [{type: wait, duration: PT1H}, {name: a, type: create, object: note, fields: {title: a}}]
              quick: [{name: b, type: create, object: note, fields: {title: b}}]
        outputs: {told: '{!step.a.output.title}{!step.b.output.title}'}
        """,
    )
    assert await office.titles(ann, "note") == ["b"]
    [(key, waiting)] = journal.waits.items()
    assert (key, waiting.due_at) == ("both.slow.wait_2", "2026-03-06T13:00:00.000Z")
    again = Memory(office, ann, {**journal.entries, key: Entry(at=LATER)})
    assert await run(graph, again, ann) == {"told": "ab"}
    assert again.acted == ["both.slow.a"]


async def test_what_fails_within_a_try_is_caught_and_told(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    graph = flow(
        catalog,
        """
        variables: [{name: told, type: text}]
        steps:
          - type: try
            do:
              - {name: first, type: create, object: note, fields: {title: first}}
              - {name: gone, type: delete, object: note, id: nowhere}
              - {type: refuse, message: never}
            catch: [{type: assignment, assignments: {told: '{!error.nodeId}: {!error.code}'}}]
        outputs: {told: '{!told}', first: '{!step.first.output == null}'}
        """,
    )
    assert await run(graph, Memory(office, ann), ann) == {"told": "gone: NOT_FOUND", "first": True}
    assert await office.titles(ann, "note") == ["first"]


async def test_a_step_is_tried_again_after_a_longer_wait_each_time(office: Office, catalog: Catalog) -> None:
    steps = """
        steps:
          - {name: gone, type: delete, object: note, id: nowhere, retry: {attempts: 3, backoffMs: 1000, multiplier: 10}}
        """
    graph, first, ann = await _waiting(office, catalog, steps)
    assert first.waits["gone~wait"].due_at == "2026-03-06T12:00:01.000Z"
    second = Memory(office, ann, {**first.entries, "gone~wait": Entry(at="2026-03-06T12:00:01.000Z")})
    with pytest.raises(Paused):
        await run(graph, second, ann)
    assert second.waits["gone~2~wait"].due_at == "2026-03-06T12:00:12.000Z"
    third = Memory(office, ann, {**second.entries, "gone~2~wait": Entry(at=LATER)})
    with pytest.raises(StepFailure, match="No `note`") as failed:
        await run(graph, third, ann)
    assert (failed.value.key, third.acted) == ("gone~3", ["gone~3"])


@pytest.mark.parametrize(
    ("wait", "waiting"),
    [
        ("duration: PT3S", ("timer", "2026-03-06T12:00:03.000Z", None)),
        ("duration: '{!inputs.n}h'", ("timer", "2026-03-06T14:00:00.000Z", None)),
        ("until: '{!now() + duration(\"P1D\")}'", ("timer", "2026-03-07T12:00:00.000Z", None)),
        ("signal: paid", ("signal", None, "paid")),
        ("signal: paid, timeoutMs: 60000", ("signal", "2026-03-06T12:01:00.000Z", "paid")),
    ],
)
async def test_what_a_wait_waits_for(office: Office, catalog: Catalog, wait: str, waiting: Any) -> None:
    inputs = "inputs: {n: {type: number, scale: 0}}"
    graph, journal, ann = await _waiting(office, catalog, f"{inputs}\nsteps: [{{name: w, type: wait, {wait}}}]", n=2)
    found = journal.waits["w"]
    assert (found.kind, found.due_at, found.signal) == waiting
    again = Memory(office, ann, {"w": Entry(output={"by": "bob"}, at=LATER)})
    assert await run(graph, again, ann, n=2) == {}


async def test_a_signal_that_does_not_come_in_time_is_a_failure(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    graph = flow(catalog, "steps: [{name: w, type: wait, signal: paid, timeoutMs: 60000}]")
    with pytest.raises(StepFailure) as failed:
        await run(graph, Memory(office, ann, {"w": Entry(at=LATER)}), ann)
    assert failed.value.error["code"] == "TIMEOUT"


async def test_a_condition_is_looked_at_again_until_it_holds(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    note = await office.make("note", ann, title="a", level=1)
    steps = """
        inputs: {note: {type: text, required: true}}
        steps: [{name: w, type: wait, object: note, id: '{!inputs.note}', condition: record.level > 1, every: PT10M}]
        outputs: {level: '{!step.w.output.level}'}
        """
    graph, first, ann = await _waiting(office, catalog, steps, note=note)
    assert first.waits["w[1]~wait"].due_at == "2026-03-06T12:10:00.000Z"
    await office.update(ann, "note", note, level=2)
    second = Memory(office, ann, {**first.entries, "w[1]~wait": Entry(at=LATER)})
    assert await run(graph, second, ann, note=note) == {"level": 2}
    assert second.acted == ["w[2]"]


async def test_a_screen_waits_for_what_is_filled_in(office: Office, catalog: Catalog) -> None:
    steps = """
        inputs: {who: {type: text}}
        steps:
          - name: ask
            type: screen
            title: 'Hello {!inputs.who}'
            fields: {day: {type: date, required: true}, note: {type: text, label: A note}}
            defaults: {note: '{!inputs.who}'}
        outputs: {day: '{!step.ask.output.day}'}
        """
    graph, journal, ann = await _waiting(office, catalog, steps, who="Bob")
    told = journal.waits["ask"].told
    assert (told["title"], told["defaults"], [field["name"] for field in told["fields"]]) == (
        "Hello Bob",
        {"note": "Bob"},
        ["day", "note"],
    )
    assert list(graph.nodes["ask"].inputs) == ["day", "note"]
    again = Memory(office, ann, {"ask": Entry(output={"day": "2026-03-06", "note": None}, at=LATER)})
    assert await run(graph, again, ann, who="Bob") == {"day": "2026-03-06"}


OTHER = """
    inputs: {n: {type: number, scale: 0, required: true}}
    steps: [{type: refuse, message: x}]
    outputs: {twice: '{!inputs.n * 2}'}
    """


async def test_other_flows_are_waited_for_one_or_many(office: Office, catalog: Catalog) -> None:
    other = flow(catalog, OTHER)
    knowing = replace(catalog, flows={"other": other})
    steps = """
        steps:
          - {name: one, type: subflow, flow: other, inputs: {n: 1}}
          - {name: all, type: map, items: [3, 4], flow: other, inputs: {n: '{!item}'}}
        outputs: {one: '{!step.one.output.twice}', all: '{!step.all.output}'}
        """
    graph, first, ann = await _waiting(office, knowing, steps)
    assert first.calls == {"one": ("other", {"n": 1})}
    second = Memory(office, ann, {"one": Entry(output={"twice": 2}, at=LATER)})
    with pytest.raises(Paused):
        await run(graph, second, ann)
    assert second.calls == {"all[0]": ("other", {"n": 3}), "all[1]": ("other", {"n": 4})}
    done = {f"all[{place}]": Entry(output={"twice": place}, at=LATER) for place in (0, 1)}
    assert await run(graph, Memory(office, ann, {**second.entries, **done}), ann) == {
        "one": 2,
        "all": [{"twice": 0}, {"twice": 1}],
    }


async def test_a_function_of_a_package_is_called_with_its_inputs(office: Office, catalog: Catalog) -> None:
    async def double(effects: Effects, inputs: Mapping[str, Any]) -> Any:
        if inputs["n"] < 0:
            raise NotFound(f"nothing for {effects.caller.id}")
        return {"twice": inputs["n"] * 2}

    knowing = replace(catalog, handlers=Handlers(functions={"double": double}))
    graph = flow(
        knowing,
        """
        inputs: {n: {type: number, scale: 0}}
        steps: [{name: f, type: script, function: double, inputs: {n: '{!inputs.n}'}}]
        outputs: {twice: '{!step.f.output.twice}'}
        """,
    )
    ann = office.caller("ann", "everything")
    assert await run(graph, Memory(office, ann), ann, n=4) == {"twice": 8}
    with pytest.raises(StepFailure, match="nothing for"):
        await run(graph, Memory(office, ann), ann, n=-1)


async def test_a_step_that_takes_too_long_has_failed(office: Office, catalog: Catalog) -> None:
    async def never(_effects: Effects, _inputs: Mapping[str, Any]) -> Any:
        await asyncio.Event().wait()

    knowing = replace(catalog, handlers=Handlers(functions={"never": never}))
    graph = flow(knowing, "steps: [{name: f, type: script, function: never, timeoutMs: 1}]")
    ann = office.caller("ann", "everything")
    with pytest.raises(StepFailure) as failed:
        await run(graph, Memory(office, ann), ann)
    assert failed.value.error == {"code": "TIMEOUT", "message": "`f` took longer than 1 ms.", "details": {}}


@pytest.mark.parametrize("where", ["{code: '{!inputs.code}'}", "{$or: [{title: a}, {code: {$eq: '{!inputs.code}'}}]}"])
async def test_a_condition_that_something_fell_out_of_touches_no_record(
    office: Office, catalog: Catalog, where: str
) -> None:
    ann = office.caller("ann", "everything")
    await office.make("note", ann, title="a")
    graph = flow(
        catalog,
        f"""
        inputs: {{code: {{type: text}}}}
        steps:
          - {{type: update, object: note, where: {where}, many: true, fields: {{title: b}}, onError: continue}}
        """,
    )
    with pytest.raises(StepFailure) as failed:
        await run(graph, Memory(office, ann), ann)
    assert failed.value.error["code"] == "FLOW_MISTAKE"
    assert await run(graph, Memory(office, ann), ann, code="c") == {}
    assert await office.titles(ann, "note") == (["b"] if "$or" in where else ["a"])


async def test_more_records_than_one_are_changed_only_where_many_are_meant(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    for title in ("a", "b"):
        await office.make("note", ann, title=title, level=1)
    one = "steps: [{name: u, type: update, object: note, where: {level: 1}, fields: {level: 2}}]"
    with pytest.raises(StepFailure, match="More than one record"):
        await run(flow(catalog, one), Memory(office, ann), ann)
    many = one.replace("fields", "many: true, fields") + "\noutputs: {n: '{!size(step.u.output)}'}"
    assert await run(flow(catalog, many), Memory(office, ann), ann) == {"n": 2}
