"""Linking flows: a declaration of either dialect becomes a Graph, or every fault of it is told."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.flow import FlowDeclaration, Nodes, StartConfig
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.types import Type, optional, struct_of
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.bound import Bound
from fieldstone.registry.flows.dialect import check_dialect
from fieldstone.registry.flows.graph import Evaluate, Graph, Input, StepKinds
from fieldstone.registry.flows.inputs import link_inputs
from fieldstone.registry.flows.node_graph import START
from fieldstone.registry.flows.regions import Regions
from fieldstone.registry.flows.site import Path, Site, Surroundings, record_type
from fieldstone.registry.flows.sketch import retry_of
from fieldstone.registry.flows.triggers import Beginning, Said, link_beginning
from fieldstone.registry.flows.variables import Variables, link_variables, variable_faults
from fieldstone.registry.handlers import Handler
from fieldstone.registry.known import Known
from fieldstone.registry.working_time import WorkingTime

IN_A_LIST = "{!"
IN_A_GRAPH = "{"
"""How a placeholder begins."""

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


class Named(msgspec.Struct, frozen=True, eq=False):
    """What steps may name beside objects."""

    flows: Mapping[str, FlowDeclaration] = {}
    calendars: Mapping[str, WorkingTime] = {}
    functions: Mapping[str, Handler] = {}


def link_flow(
    document: Document, objects: Known[Object], kinds: StepKinds, known: Named
) -> tuple[Graph | None, list[Fault]]:
    """Returns one flow, None when it is at fault, and everything that is wrong with it. `known` is what it
    may name beside objects."""
    declared: Any = document.declared
    flow: FlowDeclaration = declared
    variables = link_variables(flow.variables)
    opening = IN_A_GRAPH if flow.nodes is not None else IN_A_LIST
    around = Surroundings(
        document, objects, opening, [], variables.types, known.flows, known.calendars, known.functions
    )
    around.faults.extend(variable_faults(document, flow.variables, RESERVED | flow.inputs.keys()))
    content = check_dialect(flow, around)
    if content is None:
        return None, around.faults
    beginning = _beginning(flow, around)
    before_write = beginning.trigger is not None and beginning.trigger.before
    if before_write:
        around = msgspec.structs.replace(around, amended=beginning.subject)
    inputs = {**link_inputs(flow.inputs), **variables.inputs}
    if beginning.trigger is not None or beginning.schedule is not None:
        around.faults.extend(_never_given(document, inputs))
    handling = flow.error_handling
    regions = Regions(around, kinds, retry_of(handling), goes_on=handling.strategy == "continue")
    path: Path = () if isinstance(content, Nodes) else ("steps",)
    graph = _linked(regions, around, content, path, flow, inputs, variables, beginning)
    if before_write:
        for name, at in regions.durable.items():
            message = f"`{name}` cannot run within a write: it waits, reaches out, or starts a run of its own."
            around.faults.append(
                document.fault(at, Code.FLOW, message, "Run the flow once the write stands, with `after_...`.")
            )
    return (None if around.faults else graph), around.faults


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
    """Returns a list of steps as a Graph, that of an action or a hook; None, with faults noted, where one is at fault.

    `subject` is the object of `record` and `previous`. All steps must run within one Unit. With `around.amended` they may set fields of the
    record that is about to be written.
    """
    before = len(around.faults)
    regions = Regions(around, kinds)
    body, behind = regions.region(steps, path, Bound(roots_of(inputs, subject, around.variables)))
    for step, at in regions.durable.items():
        message = f"`{step}` cannot run here: it waits, reaches out, or starts a run of its own."
        around.faults.append(around.document.fault(at, Code.FLOW_STEP, message, "Make a flow of it, and start that."))
    told = _outputs(around, outputs, behind)
    if body is None or told is None or len(around.faults) > before:
        return None
    return Graph(
        name=name,
        version_hash=_hash(around.document),
        body=body,
        nodes=regions.nodes,
        place=around.document.value_at(),
        inputs=inputs,
        outputs=told,
        steps=tuple(regions.nodes),
        names=tuple(regions.names),
        subject=subject.name if subject else None,
    )


def roots_of(inputs: Mapping[str, Input], subject: Object | None, variables: Mapping[str, Type]) -> dict[str, Type]:
    """Returns the names that every step may use."""
    given = struct_of({name: each.type if each.required else optional(each.type) for name, each in inputs.items()})
    roots = {
        **variables,
        "inputs": given,
        "input": given,
        "vars": struct_of(variables),
        "current_user": CALLER_TYPE,
        "os": struct_of({"org": ORGANIZATION_TYPE}),
        "org": ORGANIZATION_TYPE,
    }
    if subject is not None:
        record = record_type(subject)
        about = {"record": record, "previous": optional(record)}
        roots |= {**about, "trigger": struct_of(about)}
    return roots


def _linked(
    regions: Regions,
    around: Surroundings,
    content: Any,
    path: Path,
    flow: FlowDeclaration,
    inputs: Mapping[str, Input],
    variables: Variables,
    beginning: Beginning,
) -> Graph | None:
    subject = beginning.subject
    body, behind = regions.region(content, path, Bound(roots_of(inputs, subject, variables.types)))
    told = _outputs(
        around, {**{name: f"{around.opening}vars.{name}}}" for name in variables.outputs}, **flow.outputs}, behind
    )
    if body is None or told is None:
        return None
    return Graph(
        name=flow.name,
        version_hash=_hash(around.document),
        body=body,
        nodes=regions.nodes,
        place=around.document.value_at(),
        declaration=flow,
        inputs=inputs,
        outputs=told,
        variables=variables.values,
        steps=tuple(regions.nodes),
        names=tuple(regions.names),
        inline=not regions.durable,
        trigger=beginning.trigger,
        schedule=beginning.schedule,
        subject=subject.name if subject else None,
        calls=tuple(regions.calls),
        system=flow.run_as == "system",
        active=flow.status == "active",
        content=around.document.content,
    )


def _never_given(document: Document, inputs: Mapping[str, Input]) -> Iterator[Fault]:
    """Yields a fault for each input that must be given to a flow which nobody asks for."""
    for each in inputs.values():
        if each.required:
            message = f"Nobody gives `{each.name}` when records or times begin the flow."
            path = ("inputs", each.name) if each.name in document.source.value.get("inputs", {}) else ("variables",)
            yield document.fault(path, Code.FLOW, message, "Let it not be required.")


def _beginning(flow: FlowDeclaration, around: Surroundings) -> Beginning:
    """Returns what begins a flow, as a list says it beside its steps, and a graph in its start node."""
    if flow.nodes is None:
        sweep = None if flow.schedule is None else flow.schedule.sweep
        said = Said(flow.trigger, ("trigger",), flow.schedule, ("schedule",), sweep, ("schedule", "sweep"))
        return link_beginning(flow, around, said)
    for number, node in enumerate(flow.nodes):
        if node.type == START and (start := _start(node.config)) is not None:
            at: Path = ("nodes", number, "config")
            trigger = None if start.when is None else start
            said = Said(trigger, at, start.schedule, (*at, "schedule"), start.sweep, (*at, "timeRelative"))
            return link_beginning(flow, around, said)
    return Beginning()


def _start(config: Mapping[str, Any]) -> StartConfig | None:
    """Returns what a start node says, None where it cannot be read, which is told when the graph is."""
    try:
        return msgspec.convert(config, StartConfig)
    except msgspec.ValidationError:
        return None


def _outputs(around: Surroundings, outputs: Mapping[str, Any], behind: Bound) -> dict[str, Evaluate] | None:
    site = Site(around, StartConfig(), (), behind.all(), "outputs")
    found = {name: site.value(raw, ("outputs", name)) for name, raw in outputs.items()}
    return None if None in found.values() else {name: value.evaluate for name, value in found.items() if value}


def _hash(document: Document) -> str:
    return hashlib.sha256(document.content).hexdigest()[:32]
