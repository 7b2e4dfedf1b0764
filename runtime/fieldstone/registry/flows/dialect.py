"""Which dialect a flow is declared in: a list of steps or a graph. Refuses both at once, neither, and keys of the other one."""

from typing import Any

from fieldstone.kinds.flow import FlowDeclaration, Nodes
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.site import Surroundings

_OF_A_LIST = {
    "steps": "",
    "trigger": "Say it in the `config` of the start node.",
    "schedule": "Say it in the `config` of the start node.",
    "inputs": "Declare `variables` with `isInput: true`.",
    "outputs": "Declare `variables` with `isOutput: true`.",
}
"""The keys of a list, and how a graph says the same."""


def check_dialect(flow: FlowDeclaration, around: Surroundings) -> Any:
    """Returns the steps or the nodes of a flow; notes a fault, and returns None, where it is not one of the two."""
    document = around.document
    if flow.nodes is None and flow.steps is None:
        message = "The flow has neither `steps` nor `nodes`."
        around.faults.append(document.fault((), Code.MISSING_KEY, message, "Add `steps: [...]`."))
        return None
    if flow.nodes is None:
        if flow.edges:
            message = "Edges lead from node to node, and the flow is a list of steps."
            around.faults.append(document.fault(("edges",), Code.FLOW, message, "Drop them; steps follow each other."))
        return flow.steps
    for key, hint in _OF_A_LIST.items():
        if getattr(flow, key):
            message = f"`{key}` is of a list of steps, and the flow is a graph."
            around.faults.append(
                document.fault((key,), Code.FLOW, message, hint or "Drop `steps`, or `nodes` and `edges`.")
            )
    return Nodes(nodes=flow.nodes, edges=flow.edges)
