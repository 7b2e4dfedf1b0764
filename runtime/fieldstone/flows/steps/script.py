"""Step `script`: a function of the package's `handlers.py`, within the Unit of its journal row; what it returns is the output."""

from typing import Any

import msgspec

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import DYN
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site
from fieldstone.registry.handlers import Handler


class ScriptStep(StepOptions, frozen=True, kw_only=True, tag="script"):
    """Calls a function."""

    function: str
    """Its name among the `functions` of a `handlers.py`."""
    inputs: dict[str, Any] = {}
    """What it is given, by name."""


class ScriptNode(Declared, frozen=True, kw_only=True):
    """Calls a function."""

    function: str
    """Its name among the `functions` of a `handlers.py`."""
    inputs: dict[str, Any] = {}
    """What it is given, by name."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds what it returns."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    function: Handler
    inputs: Evaluate


def _link(declared: ScriptStep | ScriptNode, site: Site) -> Linked | None:
    function = site.function(declared.function, site.at("function"))
    inputs = site.value(declared.inputs, site.at("inputs"))
    return None if function is None or inputs is None else Linked(_Config(function, inputs.evaluate), DYN)


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    inputs = turn.value(config.inputs)

    async def call(effects: Effects) -> Any:
        return await config.function(effects, inputs)

    return await turn.act(inputs, call)


SCRIPT = StepType(StepKind("script", _link, ScriptStep, ScriptNode), _run)
