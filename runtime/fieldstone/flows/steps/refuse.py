"""Step `refuse`: ends what is going on with a message: a write that must not be, an action that cannot be, a run that has failed."""

from fieldstone.errors import FlowRefused
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.step import StepOptions
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site


class RefuseStep(StepOptions, frozen=True, kw_only=True, tag="refuse"):
    """Fails with a message."""

    message: str
    """What is told, to people."""


class RefuseNode(Declared, frozen=True, kw_only=True):
    """Fails with a message."""

    message: str
    """What is told, to people."""


def _link(declared: RefuseStep | RefuseNode, site: Site) -> Linked | None:
    message = site.value(declared.message, site.at("message"))
    return None if message is None else Linked(message.evaluate)


async def _run(turn: Turn) -> Result:
    evaluate: Evaluate = turn.config
    message = str(turn.value(evaluate))

    async def refuse(_effects: Effects) -> None:
        raise FlowRefused(message)

    return await turn.act({"message": message}, refuse)


REFUSE = StepType(StepKind("refuse", _link, RefuseStep, RefuseNode), _run)
