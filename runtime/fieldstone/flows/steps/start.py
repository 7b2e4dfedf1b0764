"""Step `start` of a graph: where it begins, and what begins it. Does nothing by itself."""

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.flow import StartConfig
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Linked, StepKind
from fieldstone.registry.flows.node_graph import START as NAME
from fieldstone.registry.flows.site import Site


def _link(declared: StartConfig, site: Site) -> Linked | None:
    if declared.object is not None and declared.when is None and declared.sweep is None:
        site.refuse(
            site.at("object"), "Nothing says when records of it begin the flow.", "Add `triggerType: ...`.", Code.FLOW
        )
        return None
    if declared.when is not None and declared.object is None:
        site.refuse(site.at("when"), "Nothing says which records begin the flow.", "Add `objectName: ...`.", Code.FLOW)
        return None
    if declared.condition is not None and declared.when is None:
        site.refuse(site.at("condition"), "Only a record that is written is held against a condition.", code=Code.FLOW)
        return None
    return Linked(None)


async def _run(_turn: Turn) -> Result:
    return Result()


START = StepType(StepKind(NAME, _link, node=StartConfig, pure=True), _run)
