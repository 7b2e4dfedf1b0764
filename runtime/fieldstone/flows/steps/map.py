"""Step `map`: a run of another flow for each item of a list, side by side; the output is the list of their outputs."""

from functools import partial
from typing import Any

import msgspec

from fieldstone.errors import FlowMistake
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import DYN, list_of
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site

MOST_ITEMS = 1000


class MapStep(StepOptions, frozen=True, kw_only=True, tag="map"):
    """Runs another flow for each item of a list."""

    items: str | tuple[Any, ...]
    """The list: a placeholder, or the items themselves."""
    item: Name = "item"
    """What an item is called in `inputs`."""
    flow: str
    """The flow."""
    inputs: dict[str, Any] = {}
    """What each run is given, by its inputs."""


class MapNode(Declared, frozen=True, kw_only=True):
    """Runs another flow for each item of a list."""

    items: str | tuple[Any, ...] = msgspec.field(name="collection")
    """The list: a placeholder, or the items themselves."""
    item: Name = msgspec.field(name="iteratorVariable", default="item")
    """What an item is called in `input`."""
    flow: str = msgspec.field(name="flowName")
    """The flow."""
    inputs: dict[str, Any] = msgspec.field(name="input", default_factory=dict)
    """What each run is given, by its inputs."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds their outputs."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    items: Evaluate
    item: str
    flow: str
    inputs: dict[str, Evaluate]


def _link(declared: MapStep | MapNode, site: Site) -> Linked | None:
    items = site.items(declared.items, declared.item)
    if items is None:
        return None
    found = site.with_roots({declared.item: items.type.item or DYN}).flow(declared.flow, declared.inputs)
    if found is None:
        return None
    inputs = {name: value.evaluate for name, value in found.inputs.items()}
    config = _Config(items.evaluate, declared.item, declared.flow, inputs)
    return Linked(config, list_of(found.output), calls=(declared.flow,))


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    items = turn.value(config.items) or []
    if len(items) > MOST_ITEMS:
        raise FlowMistake(f"The list has {len(items):,} items; {MOST_ITEMS:,} is the most.")
    works = []
    for place, item in enumerate(items):
        names = {**turn.names, config.item: item}
        inputs = {name: turn.value(evaluate, names) for name, evaluate in config.inputs.items()}
        works.append(partial(turn.call, config.flow, inputs, place))
    found: list[Result] = await turn.branches(works)
    scope = turn.scope
    for each in found:
        scope = scope.at(each.scope.now) if each.scope is not None else scope
    return Result(output=[each.output for each in found], scope=scope)


MAP = StepType(StepKind("map", _link, MapStep, MapNode, inline=False, tried=False, timed=False), _run)
