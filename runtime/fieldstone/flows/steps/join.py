"""Step `join` of a graph: where branches that were opened side by side meet, and wait for each other."""

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.registry.flows.graph import Linked, StepKind
from fieldstone.registry.flows.node_graph import JOIN as NAME
from fieldstone.registry.flows.site import Site


class JoinNode(Declared, frozen=True, kw_only=True):
    """The meeting place of branches; takes nothing. The flow goes on once, when all of them are here."""


def _link(_declared: JoinNode, _site: Site) -> Linked:
    return Linked(None)


async def _run(_turn: Turn) -> Result:
    return Result()


JOIN = StepType(StepKind(NAME, _link, node=JoinNode, pure=True), _run)
