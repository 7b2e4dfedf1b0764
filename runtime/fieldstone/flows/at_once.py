"""Steps that are run at once, in a Unit that is open: those of actions and of hooks.

A step that fails is the failure of all, by its code.
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.engine.hooks import Context
from fieldstone.errors import Invalid, error_of_code
from fieldstone.flows.inline import AsCaller, InlineJournal
from fieldstone.flows.interpreter import Run, StepFailure
from fieldstone.flows.scope import Scope, first_scope
from fieldstone.flows.steps.table import RUNNERS
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.registry.flows.graph import Graph, Names


async def run_at_once(graph: Graph, context: Context, known: Names, inputs: Names, variables: Names) -> Scope:
    """Returns the scope behind the last step; raises what a step failed with.

    `known` is what the expressions of the declaration know, `variables` are those of it that steps may set.
    """
    written = {name: variables.get(name, known.get(name)) for name in ("record", "previous")}
    around: Mapping[str, Any] = {**known, "org": known["os"]["org"], "trigger": written}
    run = Run(graph, InlineJournal(AsCaller(context.execute, context.caller, context.now)), RUNNERS)
    try:
        return await run.region(graph.body, first_scope(graph, around, inputs).set(variables), "")
    except StepFailure as failure:
        code, message = str(failure.error["code"]), str(failure.error["message"])
        details = {**failure.error.get("details", {}), "step": failure.node.id}
        if code == EvaluationError.code:
            raise Invalid(f"`{failure.node.id}` cannot be computed: {message}.", details=details) from failure
        raise error_of_code(code, message, details) from failure
