"""Step `subflow`: a run of another flow, waited for; its outputs are the output."""

from typing import Any

import msgspec

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site


class SubflowStep(StepOptions, frozen=True, kw_only=True, tag="subflow"):
    """Runs another flow."""

    flow: str
    """The flow."""
    inputs: dict[str, Any] = {}
    """What it is given, by its inputs."""


class SubflowNode(Declared, frozen=True, kw_only=True):
    """Runs another flow."""

    flow: str = msgspec.field(name="flowName")
    """The flow."""
    inputs: dict[str, Any] = msgspec.field(name="input", default_factory=dict)
    """What it is given, by its inputs."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds its outputs."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    flow: str
    inputs: dict[str, Evaluate]


def _link(declared: SubflowStep | SubflowNode, site: Site) -> Linked | None:
    found = site.flow(declared.flow, declared.inputs)
    if found is None:
        return None
    inputs = {name: value.evaluate for name, value in found.inputs.items()}
    return Linked(_Config(declared.flow, inputs), found.output, calls=(declared.flow,))


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    return await turn.call(config.flow, {name: turn.value(evaluate) for name, evaluate in config.inputs.items()})


SUBFLOW = StepType(StepKind("subflow", _link, SubflowStep, SubflowNode, inline=False, tried=False, timed=False), _run)
