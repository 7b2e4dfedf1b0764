"""Step `assignment`: sets variables that the flow declares, and, in what runs before a write, fields of the record to be written."""

from typing import Any

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.step import StepOptions
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Path, Site

RECORD = "record"

Assignments = dict[str, Any]


class AssignmentStep(StepOptions, frozen=True, kw_only=True, tag="assignment"):
    """Sets variables."""

    assignments: Assignments
    """The new values, by variable, or by `record.<field>` before a write; all are computed before the first is set."""


class AssignmentNode(Declared, frozen=True, kw_only=True):
    """Sets variables."""

    assignments: Assignments
    """The new values, by variable, or by `record.<field>` before a write; all are computed before the first is set."""


def _link(declared: AssignmentStep | AssignmentNode, site: Site) -> Linked | None:
    values: dict[str, Evaluate] = {}
    sets: dict[str, Path] = {}
    for name, raw in declared.assignments.items():
        root, _, field = name.partition(".")
        path = site.at("assignments", name)
        value = site.amendment(field, raw, path) if field and root == RECORD else site.variable(name, raw, path)
        if value is not None:
            values[name] = value.evaluate
            sets[root] = path
    return Linked(values, sets=sets) if len(values) == len(declared.assignments) else None


async def _run(turn: Turn) -> Result:
    config: dict[str, Evaluate] = turn.config
    values = {name: turn.value(evaluate) for name, evaluate in config.items()}
    fields = {name.partition(".")[2]: value for name, value in values.items() if "." in name}
    variables = {name: value for name, value in values.items() if "." not in name}
    if fields:
        variables[RECORD] = {**turn.names[RECORD], **fields}
    return Result(output=values, variables=variables)


ASSIGNMENT = StepType(StepKind("assignment", _link, AssignmentStep, AssignmentNode, pure=True), _run)
