"""Step `parallel`: branches side by side; the flow goes on when all of them are done. A graph may also open them by its edges."""

from functools import partial

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.flow import Nodes
from fieldstone.kinds.step import StepOptions, Steps
from fieldstone.registry.flows.graph import Body, Linked, StepKind
from fieldstone.registry.flows.site import Site


class ParallelStep(StepOptions, frozen=True, kw_only=True, tag="parallel"):
    """Runs lists of steps side by side."""

    branches: dict[Name, Steps]
    """The lists, by name; no two of them set the same variable."""


class ParallelNode(Declared, frozen=True, kw_only=True):
    """Runs parts side by side."""

    branches: dict[Name, Nodes]
    """The parts, by name; no two of them set the same variable."""


def _link(declared: ParallelStep | ParallelNode, site: Site) -> Linked | None:
    if len(declared.branches) < 2:
        site.refuse(site.at("branches"), "One branch has nothing beside it.", "Add another, or write its steps out.")
        return None
    return Linked(
        None,
        bodies={name: Body(site.at("branches", name), each, certain=True) for name, each in declared.branches.items()},
        beside=True,
    )


async def _run(turn: Turn) -> Result:
    works = [partial(turn.inside, name, {}) for name in turn.node.regions]
    return Result(scope=turn.scope.joined(await turn.branches(works)))


PARALLEL = StepType(StepKind("parallel", _link, ParallelStep, ParallelNode, pure=True), _run)
