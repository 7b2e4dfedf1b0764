"""Step `try_catch`: a part that may fail, and what is done then. In a list of steps, type `try`."""

import msgspec

from fieldstone.flows.interpreter import Result, StepFailure, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.flow import Nodes
from fieldstone.kinds.step import StepOptions, Steps
from fieldstone.registry.flows.bound import ERROR
from fieldstone.registry.flows.graph import Body, Linked, StepKind
from fieldstone.registry.flows.site import Site


class TryStep(StepOptions, frozen=True, kw_only=True, tag="try"):
    """Runs steps, and others when one of them fails."""

    do: Steps
    """The steps that may fail."""
    catch: Steps
    """The steps that are run when one has; `error` tells why (`code`, `message`, `details`, `nodeId`)."""
    error: Name = "error"
    """Another name for the error."""


class TryNode(Declared, frozen=True, kw_only=True):
    """Runs a part, and another when it fails."""

    do: Nodes = msgspec.field(name="try")
    """The part that may fail."""
    catch: Nodes
    """The part that is run when it has; `error` tells why (`code`, `message`, `details`, `nodeId`)."""
    error: Name = msgspec.field(name="errorVariable", default="error")
    """Another name for the error."""


def _link(declared: TryStep | TryNode, site: Site) -> Linked:
    if declared.error != "error":
        site.is_free(declared.error, site.at("error"))
    bodies = {
        "body": Body(site.at("do"), declared.do),
        "catch": Body(site.at("catch"), declared.catch, {declared.error: ERROR}),
    }
    return Linked(declared.error, bodies=bodies)


async def _run(turn: Turn) -> Result:
    name: str = turn.config
    try:
        return Result(scope=await turn.inside("body", {}))
    except StepFailure as failure:
        if not failure.routable:
            raise
        error = {**failure.error, "nodeId": failure.node.id}
        return Result(scope=await turn.inside("catch", {name: error}))


TRY_CATCH = StepType(StepKind("try_catch", _link, TryStep, TryNode, pure=True), _run)
