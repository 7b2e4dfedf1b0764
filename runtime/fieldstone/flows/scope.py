"""The scope: the values that a run's expressions may use at a point of it.

Scopes are values: a step that binds something makes a new one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.registry.flows.graph import Graph, Lasting, Names, Node

UNDONE: Mapping[str, Any] = {"output": None, "error": None}
"""What `step.<name>` is before the step was there."""


class Scope(Struct, frozen=True, eq=False):
    """What is bound: `given` by the surroundings and by Regions, `variables`, the `outputs` that have a name of their own, and the `steps`.

    `now`, among what is given, is the instant of the last step that is in the journal, so that a run begun anew finds the same.
    """

    given: Names
    variables: Names
    outputs: Names
    steps: Names

    @property
    def names(self) -> dict[str, Any]:
        """Everything by root, as expressions take it."""
        return {**self.outputs, **self.given, **self.variables, "step": self.steps, "vars": self.variables}

    @property
    def now(self) -> str:
        """The instant that expressions see."""
        return str(self.given["now"])

    def set(self, values: Names) -> "Scope":
        """Returns a scope in which variables are set."""
        return replace(self, variables={**self.variables, **values})

    def done(self, node: Node, output: Any, error: Mapping[str, Any] | None = None) -> "Scope":
        """Returns a scope with what came of a step."""
        steps = {**self.steps, node.id: {"output": output, "error": error}}
        if node.output in self.variables:
            return replace(self, variables={**self.variables, node.output: output}, steps=steps)
        outputs = self.outputs if node.output is None else {**self.outputs, node.output: output}
        return replace(self, outputs=outputs, steps=steps)

    def at(self, now: str) -> "Scope":
        """Returns a scope at a later instant; an earlier one changes nothing."""
        return replace(self, given={**self.given, "now": now}) if now > self.now else self

    def inside(self, bound: Names) -> "Scope":
        """Returns the scope in which a Region begins, with the names that are bound in it alone."""
        return replace(self, given={**self.given, **bound})

    def after(self, inner: "Scope", lasting: Lasting) -> "Scope":
        """Returns this scope with what stays of a Region that has ended."""
        if lasting == "variables":
            return replace(self, variables=inner.variables).at(inner.now)
        return replace(inner, given={**self.given, "now": inner.now})

    def joined(self, branches: Sequence["Scope"]) -> "Scope":
        """Returns this scope with what branches that began in it have changed, in their order."""
        merged = self
        for branch in branches:
            merged = Scope(
                merged.at(branch.now).given,
                _merged(self.variables, merged.variables, branch.variables),
                _merged(self.outputs, merged.outputs, branch.outputs),
                _merged(self.steps, merged.steps, branch.steps),
            )
        return merged


def first_scope(graph: Graph, surroundings: Names, inputs: Names) -> Scope:
    """Returns the scope in which a run begins; `surroundings` are the caller, the clock and, where there is one, the record."""
    variables = {**graph.variables, **{name: value for name, value in inputs.items() if name in graph.variables}}
    given = {**surroundings, "inputs": inputs, "input": inputs}
    if "record" in surroundings:
        given["trigger"] = {name: surroundings.get(name) for name in ("record", "previous")}
    return Scope(given, variables, dict.fromkeys(graph.names), dict.fromkeys(graph.steps, UNDONE))


def _merged(before: Names, merged: Names, branch: Names) -> Names:
    return {**merged, **{name: value for name, value in branch.items() if value is not before.get(name, _ABSENT)}}


_ABSENT = object()
