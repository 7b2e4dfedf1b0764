"""Step `assignment`: sets variables that the flow declares."""

from typing import Any

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.step import StepOptions
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site

Assignments = dict[str, Any]


class AssignmentStep(StepOptions, frozen=True, kw_only=True, tag="assignment"):
    """Sets variables."""

    assignments: Assignments
    """The new values, by variable; all are computed before the first is set."""


class AssignmentNode(Declared, frozen=True, kw_only=True):
    """Sets variables."""

    assignments: Assignments
    """The new values, by variable; all are computed before the first is set."""


def _link(declared: AssignmentStep | AssignmentNode, site: Site) -> Linked | None:
    found = {name: site.variable(name, raw, site.at("assignments", name)) for name, raw in declared.assignments.items()}
    values = {name: value.evaluate for name, value in found.items() if value is not None}
    return Linked(values, sets=tuple(values)) if len(values) == len(found) else None


async def _run(turn: Turn) -> Result:
    config: dict[str, Evaluate] = turn.config
    values = {name: turn.value(evaluate) for name, evaluate in config.items()}
    return Result(output=values, variables=values)


ASSIGNMENT = StepType(StepKind("assignment", _link, AssignmentStep, AssignmentNode, pure=True), _run)
