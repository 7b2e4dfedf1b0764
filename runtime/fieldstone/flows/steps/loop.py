"""Step `loop`: runs a part once for each item of a list, one after the other. In a list of steps, type `foreach`."""

from typing import Any

import msgspec

from fieldstone.errors import FlowMistake
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.flow import Nodes
from fieldstone.kinds.step import StepOptions, Steps
from fieldstone.query.cel.types import DYN, INT, Type
from fieldstone.registry.flows.graph import Body, Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site

MOST_ITEMS = 10_000


class ForeachStep(StepOptions, frozen=True, kw_only=True, tag="foreach"):
    """Runs steps once for each item of a list."""

    items: str | tuple[Any, ...]
    """The list: a placeholder, or the items themselves."""
    item: Name = "item"
    """What an item is called within."""
    do: Steps
    """The steps."""


class LoopNode(Declared, frozen=True, kw_only=True):
    """Runs nodes once for each item of a list."""

    items: str | tuple[Any, ...] = msgspec.field(name="collection")
    """The list: a placeholder, or the items themselves."""
    item: Name = msgspec.field(name="iteratorVariable", default="item")
    """What an item is called within."""
    do: Nodes = msgspec.field(name="body")
    """The nodes and edges."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    items: Evaluate
    item: str


def _link(declared: ForeachStep | LoopNode, site: Site) -> Linked:
    items = site.items(declared.items, declared.item)
    kind: Type = DYN if items is None else items.type.item or DYN
    binds = {declared.item: kind, f"{declared.item}_index": INT}
    bodies = {"do": Body(site.at("do"), declared.do, binds, "variables")}
    return Linked(None if items is None else _Config(items.evaluate, declared.item), bodies=bodies)


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    items = turn.value(config.items) or []
    if len(items) > MOST_ITEMS:
        raise FlowMistake(f"The list has {len(items):,} items; {MOST_ITEMS:,} is the most.")
    scope = turn.scope
    for number, item in enumerate(items):
        scope = await turn.inside("do", {config.item: item, f"{config.item}_index": number}, scope, place=number)
    return Result(output={"count": len(items)}, scope=scope)


LOOP = StepType(StepKind("loop", _link, ForeachStep, LoopNode, pure=True), _run)
