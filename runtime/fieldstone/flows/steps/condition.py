"""Step `condition` of a list: one list of steps or another. A graph says it with a `decision` and edges."""

import msgspec

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.step import Expression, StepOptions, Steps
from fieldstone.registry.flows.graph import Body, Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site


class ConditionStep(StepOptions, frozen=True, kw_only=True, tag="condition"):
    """Goes one way or another."""

    when: Expression
    """The condition."""
    then: Steps
    """The steps where it holds."""
    otherwise: Steps | None = msgspec.field(name="else", default=None)
    """The steps where it does not hold."""


def _link(declared: ConditionStep, site: Site) -> Linked:
    bodies = {"then": Body(site.at("then"), declared.then)}
    if declared.otherwise is not None:
        bodies["else"] = Body(site.at("otherwise"), declared.otherwise)
    return Linked(site.condition(declared.when, site.at("when")), bodies=bodies)


async def _run(turn: Turn) -> Result:
    condition: Evaluate = turn.config
    name = "then" if turn.decide(condition) else "else"
    if name not in turn.node.regions:
        return Result()
    return Result(scope=await turn.inside(name, {}))


CONDITION = StepType(StepKind("condition", _link, ConditionStep, pure=True, own_when=True), _run)
