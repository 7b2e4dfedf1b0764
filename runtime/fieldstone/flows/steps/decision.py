"""Step `decision` of a graph: the first condition that holds names the edge to take. A list says it with a `condition`."""

from typing import Annotated

import msgspec

from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.step import Expression
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.regions import OTHERWISE
from fieldstone.registry.flows.site import Site


class LabelledCondition(Declared, frozen=True, kw_only=True):
    """A condition, and the edges that are gone where it is the first that holds."""

    label: Annotated[str, msgspec.Meta(min_length=1)]
    """The label of the edges."""
    expression: Expression
    """A CEL expression."""


class DecisionNode(Declared, frozen=True, kw_only=True):
    """Goes one way of several."""

    conditions: tuple[LabelledCondition, ...] = ()
    """Looked at in their order; without any, the conditions of the edges decide."""


def _link(declared: DecisionNode, site: Site) -> Linked | None:
    found: list[tuple[str, Evaluate | None]] = []
    seen: set[str] = set()
    for number, each in enumerate(declared.conditions):
        at = site.at("conditions", number)
        if each.label in seen or each.label == OTHERWISE:
            message = f"The label `{each.label}` is taken."
            hint = (
                "It is that of the edge for none of them."
                if each.label == OTHERWISE
                else "Give each condition its own."
            )
            site.refuse((*at, "label"), message, hint, Code.NAME_CLASH)
        seen.add(each.label)
        found.append((each.label, site.condition(each.expression, (*at, "expression"))))
    config = tuple((label, condition) for label, condition in found if condition is not None)
    return Linked(config, labels=tuple(seen)) if len(config) == len(found) else None


async def _run(turn: Turn) -> Result:
    config: tuple[tuple[str, Evaluate], ...] = turn.config
    label = next((label for label, condition in config if turn.decide(condition)), OTHERWISE)
    return Result(output=label if config else None, label=label)


DECISION = StepType(StepKind("decision", _link, node=DecisionNode, pure=True, answers=True), _run)
