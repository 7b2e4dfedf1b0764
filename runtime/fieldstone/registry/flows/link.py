"""Linking flows: a declaration of either dialect becomes a Graph, or every fault of it is told."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.flow import FlowDeclaration
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.types import Type, optional, struct_of
from fieldstone.registry.catalog import Object
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Evaluate, Graph, Input, StepKinds
from fieldstone.registry.flows.inputs import link_inputs
from fieldstone.registry.flows.site import Path, Site, Surroundings, record_type
from fieldstone.registry.flows.step_list import Bound, StepLists
from fieldstone.registry.flows.variables import link_variables, variable_faults
from fieldstone.registry.known import Known

IN_A_LIST = "{!"

RESERVED = frozenset(
    {
        "inputs",
        "input",
        "current_user",
        "user",
        "os",
        "org",
        "vars",
        "step",
        "record",
        "previous",
        "trigger",
        "error",
        "now",
        "timezone",
    }
)
"""The names that mean something in expressions of every flow."""


def link_flows(
    documents: Mapping[str, Document], objects: Known[Object], kinds: StepKinds
) -> tuple[dict[str, Graph], list[Fault]]:
    """Returns the flows that can be linked, and everything that is wrong with the others."""
    faults: list[Fault] = []
    flows: dict[str, Graph] = {}
    for name, document in documents.items():
        found, wrong = link_flow(document, objects, kinds)
        faults += wrong
        if found is not None:
            flows[name] = found
    return flows, faults


def link_flow(document: Document, objects: Known[Object], kinds: StepKinds) -> tuple[Graph | None, list[Fault]]:
    """Returns one flow, None when it is at fault."""
    declared: Any = document.declared
    flow: FlowDeclaration = declared
    variables = link_variables(flow.variables)
    around = Surroundings(document, objects, IN_A_LIST, [], variables.types)
    subject = None
    if flow.trigger is not None:
        site = Site(around, flow.trigger, ("trigger",), {}, flow.name)
        subject = site.object(flow.trigger.object)
    inputs = {**link_inputs(flow.inputs), **variables.inputs}
    around.faults.extend(variable_faults(document, flow.variables, RESERVED))
    graph = link_steps(
        around,
        ("steps",),
        flow.steps or (),
        kinds,
        name=flow.name,
        inputs=inputs,
        subject=subject,
        outputs=flow.outputs,
    )
    if graph is None or around.faults:
        return None, around.faults
    return msgspec.structs.replace(
        graph, variables=variables.values, declaration=flow, trigger=flow.trigger, schedule=flow.schedule
    ), []


def link_steps(
    around: Surroundings,
    path: Path,
    steps: Sequence[Mapping[str, Any]],
    kinds: StepKinds,
    *,
    name: str,
    inputs: Mapping[str, Input],
    subject: Object | None,
    outputs: Mapping[str, Any] = {},
) -> Graph | None:
    """Returns a list of steps as a Graph, those of a flow or of an action; None, with faults noted, where one is at fault.

    `subject` is the object of `record` and `previous`.
    """
    lists = StepLists(around, kinds)
    bound = Bound({**around.variables, **roots_of(inputs, subject), "vars": struct_of(around.variables)})
    body, behind = lists.region(steps, path, bound)
    told = _outputs(around, outputs, behind)
    if body is None or told is None:
        return None
    document = around.document
    return Graph(
        name=name,
        version_hash=hashlib.sha256(document.content).hexdigest()[:32],
        body=body,
        nodes=lists.nodes,
        place=document.value_at(),
        inputs=inputs,
        outputs=told,
        steps=tuple(lists.nodes),
        names=tuple(lists.names),
        inline=lists.inline,
        trigger_object=subject.name if subject else None,
        calls=tuple(lists.calls),
    )


def roots_of(inputs: Mapping[str, Input], subject: Object | None) -> dict[str, Type]:
    """Returns the names that every step may use."""
    given = struct_of({name: each.type if each.required else optional(each.type) for name, each in inputs.items()})
    roots = {
        "inputs": given,
        "input": given,
        "current_user": CALLER_TYPE,
        "os": struct_of({"org": ORGANIZATION_TYPE}),
        "org": ORGANIZATION_TYPE,
    }
    if subject is not None:
        record = record_type(subject)
        roots |= {
            "record": record,
            "previous": optional(record),
            "trigger": struct_of({"record": record, "previous": optional(record)}),
        }
    return roots


def _outputs(around: Surroundings, outputs: Mapping[str, Any], behind: Bound) -> dict[str, Evaluate] | None:
    site = Site(around, _NOTHING, ("outputs",), behind.all(), "outputs")
    found = {name: site.value(raw, ("outputs", name)) for name, raw in outputs.items()}
    return None if None in found.values() else {name: value.evaluate for name, value in found.items() if value}


class _Nothing(msgspec.Struct):
    pass


_NOTHING = _Nothing()
