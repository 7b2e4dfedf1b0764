"""Graphs of nodes and edges: decisions, branches, failures and circles."""

import pytest

from fieldstone.flows.interpreter import StepFailure
from fieldstone.flows.journal import Paused
from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.flowing import Memory, flow, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

SORTING = """
    variables:
      - {name: level, type: integer, isInput: true, required: true}
      - {name: kind, type: text, isOutput: true, defaultValue: none}
      - {name: made, type: record}
    nodes:
      - {id: start, type: start}
      - {id: sort, type: decision, config: {conditions: [
          {label: high, expression: level > 10}, {label: low, expression: vars.level > 5}]}}
      - {id: high, type: assignment, config: {assignments: {kind: high}}}
      - {id: low, type: create_record, config: {objectName: note, fields: {title: 'level {level}', level: '{level}'}, outputVariable: made}}
      - {id: named, type: assignment, config: {assignments: {kind: '{made.title}'}}}
      - {id: end, type: end}
    edges:
      - {source: start, target: sort}
      - {source: sort, target: high, label: high}
      - {source: sort, target: low, label: low}
      - {source: sort, target: end, label: default}
      - {source: low, target: named}
      - {source: high, target: end}
      - {source: named, target: end}
"""


@pytest.mark.parametrize(("level", "kind"), [(11, "high"), (10, "level 10"), (5, "none")])
async def test_a_decision_goes_where_the_first_condition_that_holds_says(
    office: Office, catalog: Catalog, level: int, kind: str
) -> None:
    ann = office.caller("ann", "everything")
    assert await run(flow(catalog, SORTING), Memory(office, ann), ann, level=level) == {"kind": kind}


SIDE_BY_SIDE = """
    variables:
      - {name: left, type: text, isOutput: true}
      - {name: right, type: text, isOutput: true}
      - {name: both, type: text, isOutput: true}
    nodes:
      - {id: start, type: start}
      - {id: a, type: create_record, config: {objectName: note, fields: {title: a}}}
      - {id: set_left, type: assignment, config: {assignments: {left: '{step.a.output.title}'}}}
      - {id: b, type: create_record, config: {objectName: note, fields: {title: b}}}
      - {id: set_right, type: assignment, config: {assignments: {right: '{step.b.output.title}'}}}
      - {id: meet, type: join}
      - {id: last, type: assignment, config: {assignments: {both: '{left}{right}{step.a.output.title}'}}}
    edges:
      - {source: start, target: a}
      - {source: start, target: b}
      - {source: a, target: set_left}
      - {source: b, target: set_right}
      - {source: set_left, target: meet}
      - {source: set_right, target: meet}
      - {source: meet, target: last}
"""


@pytest.mark.parametrize("concurrent", [True, False])
async def test_branches_run_side_by_side_and_meet_once(office: Office, catalog: Catalog, *, concurrent: bool) -> None:
    ann = office.caller("ann", "everything")
    journal = Memory(office, ann, concurrent=concurrent)
    assert await run(flow(catalog, SIDE_BY_SIDE), journal, ann) == {"left": "a", "right": "b", "both": "aba"}
    assert await office.titles(ann, "note") == ["a", "b"]
    again = Memory(office, ann, {"b": journal.entries["b"]}, concurrent=concurrent)
    assert await run(flow(catalog, SIDE_BY_SIDE), again, ann) == {"left": "a", "right": "b", "both": "aba"}
    assert again.acted == ["a"]


FAILING = """
    variables: [{name: told, type: text, isOutput: true}]
    nodes:
      - {id: start, type: start}
      - {id: gone, type: update_record, config: {objectName: note, recordId: nowhere, fields: {title: x}}}
      - {id: fine, type: assignment, config: {assignments: {told: fine}}}
      - {id: mend, type: assignment, config: {assignments: {told: '{$error.nodeId} {gone.error.code} {error.message}'}}}
    edges:
      - {source: start, target: gone}
      - {source: gone, target: fine}
      - {source: gone, target: mend, type: fault}
"""


async def test_a_node_that_fails_is_left_by_its_fault_edge(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    told = await run(flow(catalog, FAILING), Memory(office, ann), ann)
    assert told == {"told": "gone NOT_FOUND No `note` record `nowhere`."}


async def test_a_condition_without_an_answer_fails_the_run_whoever_else_would_take_care(
    office: Office, catalog: Catalog
) -> None:
    ann = office.caller("ann", "everything")
    graph = flow(
        catalog,
        """
        inputs: {n: {type: number, scale: 0}}
        steps:
          - type: try
            do: [{type: condition, when: inputs.n > 1, then: [{type: refuse, message: too many}]}]
            catch: [{type: refuse, message: caught}]
        """,
    )
    with pytest.raises(StepFailure) as failed:
        await run(graph, Memory(office, ann), ann)
    assert failed.value.error["code"] == "FLOW_MISTAKE"
    with pytest.raises(StepFailure) as failed:
        await run(graph, Memory(office, ann), ann, n=2)
    assert failed.value.error["message"] == "caught"


ROUNDS = """
    variables:
      - {name: n, type: integer, isOutput: true, defaultValue: 0}
      - {name: most, type: integer, isInput: true, required: true}
    nodes:
      - {id: start, type: start}
      - {id: make, type: create_record, config: {objectName: note, fields: {title: 'note {n}'}}}
      - {id: count, type: assignment, config: {assignments: {n: '{n + 1}'}}}
      - {id: more, type: decision}
      - {id: end, type: end}
    edges:
      - {source: start, target: make}
      - {source: make, target: count}
      - {source: count, target: more}
      - {source: more, target: make, type: back, condition: n < most}
      - {source: more, target: end, isDefault: true}
"""


async def test_a_circle_is_gone_round_until_its_condition_fails(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    journal = Memory(office, ann)
    assert await run(flow(catalog, ROUNDS), journal, ann, most=3) == {"n": 3}
    assert journal.acted == ["make", "make#2", "make#3"]
    assert await office.titles(ann, "note") == ["note 0", "note 1", "note 2"]


async def test_a_circle_that_never_ends_is_a_mistake_of_the_flow(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    endless = ROUNDS.replace("objectName: note, fields: {title: 'note {n}'}", "assignments: {n: '{n}'}")
    endless = endless.replace("type: create_record", "type: assignment")
    with pytest.raises(StepFailure, match="`make` was come to more than 1,000 times"):
        await run(flow(catalog, endless), Memory(office, ann), ann, most=100_000)


async def test_what_a_flow_says_of_failures_is_said_of_all_its_nodes(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    going_on = FAILING.replace("      - {source: gone, target: mend, type: fault}\n", "").replace(
        "      - {id: mend, type: assignment, config: {assignments: {told: '{$error.nodeId} {gone.error.code} {error.message}'}}}\n",
        "",
    )
    assert await run(
        flow(catalog, going_on + "\n    errorHandling: {strategy: continue}"), Memory(office, ann), ann
    ) == {"told": "fine"}
    retried = Memory(office, ann)
    with pytest.raises(Paused):
        await run(
            flow(catalog, going_on + "\n    errorHandling: {strategy: retry, maxRetries: 2, backoffMs: 500}"),
            retried,
            ann,
        )
    assert {key: waiting.due_at for key, waiting in retried.waits.items()} == {"gone~wait": "2026-03-06T12:00:00.500Z"}
