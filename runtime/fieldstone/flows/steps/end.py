"""Step `end` of a graph: its way is over."""

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.registry.flows.graph import Linked, StepKind
from fieldstone.registry.flows.node_graph import END as NAME
from fieldstone.registry.flows.site import Site


class EndNode(Declared, frozen=True, kw_only=True):
    """The end of a way; takes nothing."""


def _link(_declared: EndNode, _site: Site) -> Linked:
    return Linked(None)


async def _run(_turn: Turn) -> Result:
    return Result()


END = StepType(StepKind(NAME, _link, node=EndNode, pure=True), _run)
