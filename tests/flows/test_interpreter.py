"""The interpreter over a real door: what steps do, which way a run goes, and that nothing is done twice."""

import contextlib

import pytest

from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.flowing import Memory, Stopped, flow, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEVERAL = """
    inputs:
      title: {type: text, required: true}
    variables: [{name: many, type: integer, defaultValue: 0}]
    steps:
      - {name: first, type: create, object: note, fields: {title: '{!inputs.title}', level: 1}}
      - {name: second, type: create, object: note, fields: {title: 'after {!step.first.output.title}', level: 2}}
      - {name: found, type: query, object: note, where: {level: {$gte: 1}}, orderBy: level}
      - name: each
        type: foreach
        items: '{!step.found.output}'
        do:
          - {name: raise, type: update, object: note, id: '{!item.id}', fields: {level: '{!item.level + 10}'}}
          - {type: assignment, assignments: {many: '{!vars.many + 1}'}}
      - name: check
        type: condition
        when: vars.many == 2 && step.first.output.level == 1
        then: [{name: gone, type: delete, object: note, id: '{!step.second.output.id}'}]
        else: [{name: never, type: create, object: note, fields: {title: never}}]
    outputs:
      many: '{!many}'
      gone: '{!step.gone.output.ids[0] == step.second.output.id}'
"""
KEYS = ["first", "second", "found", "each[0].raise", "each[1].raise", "check.then.gone"]


async def test_the_steps_of_a_list_are_done_one_after_the_other(office: Office, catalog: Catalog) -> None:
    ann = office.caller("ann", "everything")
    journal = Memory(office, ann)
    assert await run(flow(catalog, SEVERAL), journal, ann, title="a") == {"many": 2, "gone": True}
    assert journal.acted == KEYS
    assert await office.titles(ann, "note") == ["a"]
    assert (await office.page(ann, "note")).records()[0]["level"] == 11


@pytest.mark.parametrize("taken", range(7))
async def test_a_run_that_is_begun_anew_at_any_point_does_the_rest_and_no_more(
    office: Office, catalog: Catalog, taken: int
) -> None:
    ann = office.caller("ann", "everything")
    graph = flow(catalog, SEVERAL)
    first = Memory(office, ann)
    first.ends_after = taken
    with contextlib.suppress(Stopped):
        await run(graph, first, ann, title="a")
    second = Memory(office, ann, first.entries)
    assert await run(graph, second, ann, title="a") == {"many": 2, "gone": True}
    assert [*first.acted, *second.acted] == KEYS
    assert len(first.acted) == min(taken, len(KEYS))
    assert await office.titles(ann, "note") == ["a"]
