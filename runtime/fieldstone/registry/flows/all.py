"""All flows of an app: each linked against what the others declare, and none that starts itself over and over."""

from collections.abc import Mapping
from typing import cast

from fieldstone.errors import Fault
from fieldstone.kinds.flow import FlowDeclaration
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.flows.link import Named, link_flow
from fieldstone.registry.handlers import Handler
from fieldstone.registry.known import Known
from fieldstone.registry.working_time import WorkingTime


def link_flows(
    documents: Mapping[str, Document],
    objects: Known[Object],
    kinds: StepKinds,
    calendars: Mapping[str, WorkingTime],
    functions: Mapping[str, Handler],
) -> tuple[dict[str, Graph], list[Fault]]:
    """Returns the flows that can be linked, and everything that is wrong with the others."""
    faults: list[Fault] = []
    flows: dict[str, Graph] = {}
    declared = {name: cast("FlowDeclaration", document.declared) for name, document in documents.items()}
    known = Named(declared, calendars, functions)
    for name, document in documents.items():
        found, wrong = link_flow(document, objects, kinds, known)
        faults += wrong
        if found is not None:
            flows[name] = found
    for name in flows:
        circle = _circle(name, flows)
        if circle and name == min(circle):
            shown = " -> ".join(f"`{each}`" for each in circle)
            message = f"These flows start each other in a circle: {shown}."
            faults.append(
                documents[name].fault(("name",), Code.FLOW_CYCLE, message, "Let a loop do what is done again.")
            )
    return flows, faults


def _circle(name: str, flows: Mapping[str, Graph]) -> list[str]:
    """Returns the way on which a flow starts itself, none where it never does."""
    left = [[name]]
    seen = set()
    while left:
        way = left.pop()
        graph = flows.get(way[-1])
        for called in graph.calls if graph is not None else ():
            if called == name:
                return [*way, name]
            if called not in seen:
                seen.add(called)
                left.append([*way, called])
    return []
