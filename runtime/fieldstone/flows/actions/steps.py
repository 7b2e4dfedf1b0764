"""Bodies that are lists of steps: run at once, in the Unit of the call. A step that fails is the call's own failure, by its code."""

from collections.abc import Mapping
from typing import Any

from fieldstone.engine.fire import WithinUnit
from fieldstone.errors import Invalid, error_of_code
from fieldstone.flows.inline import AsCaller, InlineJournal
from fieldstone.flows.interpreter import Run, StepFailure
from fieldstone.flows.scope import first_scope
from fieldstone.flows.steps.table import RUNNERS
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.registry.flows.graph import Graph


async def run_steps(graph: Graph, context: WithinUnit, activation: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """Returns the declared outputs of steps, or what came of the last of them; raises what a step failed with.

    `activation` is what the expressions of the action know.
    """
    record = activation["record"]
    surroundings = {
        **activation,
        "org": activation["os"]["org"],
        "previous": None,
        "trigger": {"record": record, "previous": None},
    }
    run = Run(graph, InlineJournal(AsCaller(context.execute, context.caller, context.now)), RUNNERS)
    try:
        behind = await run.region(graph.body, first_scope(graph, surroundings, inputs), "")
    except StepFailure as failure:
        code, message = str(failure.error["code"]), str(failure.error["message"])
        details = {**failure.error.get("details", {}), "step": failure.node.id}
        if code == EvaluationError.code:
            raise Invalid(f"`{failure.node.id}` cannot be computed: {message}.", details=details) from failure
        raise error_of_code(code, message, details) from failure
    if graph.outputs:
        return {name: evaluate(behind.names) for name, evaluate in graph.outputs.items()}
    return behind.steps[list(graph.body.nodes)[-1]]["output"]
