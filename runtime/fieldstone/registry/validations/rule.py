"""Linked rules as values: what an object's validations and the conditions of its fields came to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import FieldFault
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.formula import Formula

RECORD = "_record"
"""The field of a fault that is about the record as a whole; no declared field can have this name."""

WARNINGS = "_warnings"
"""Where a record that was written tells what rules remark of it; no declared field can have this name."""

NOT_EVALUABLE = "rule_not_evaluable"

Activation = Mapping[str, Any]
"""What a rule is looked at with: `record`, `previous`, `current_user`, `os`, and the clock."""

Condition = Callable[[Activation], bool]
"""Tells whether a condition holds; raises EvaluationError where that cannot be told."""

Judge = Callable[[Activation], Sequence[FieldFault]]
"""Returns what is wrong with a record; raises EvaluationError where that cannot be told."""


class LinkedRule(msgspec.Struct, frozen=True, eq=False):
    """A rule; `field` carries the fault of one that cannot be evaluated, `reads` are the fields that it looks at."""

    name: str | None
    severity: str
    judge: Judge
    field: str
    reads: frozenset[str]

    def unevaluable(self, error: EvaluationError) -> FieldFault:
        """Returns the fault of a record on which the rule has no answer."""
        which = f"The rule `{self.name}`" if self.name else "A rule"
        message = f"{which} cannot be evaluated on this record: {error.message}"
        return FieldFault(self.field, NOT_EVALUABLE, message, constraint=constraint_of(self.name))


class FieldCondition(msgspec.Struct, frozen=True, eq=False):
    """When a field is required, or read-only."""

    field: str
    label: str
    holds: Condition
    reads: frozenset[str]


class Validations(msgspec.Struct, frozen=True, eq=False):
    """The rules of one object for each event, in the order in which they are told, and the conditions of its fields.

    `formulas` are those that any of them looks at, with all that these use, in the order in which they are computed.
    """

    insert: tuple[LinkedRule, ...] = ()
    update: tuple[LinkedRule, ...] = ()
    required: tuple[FieldCondition, ...] = ()
    readonly: tuple[FieldCondition, ...] = ()
    formulas: tuple[tuple[str, Formula], ...] = ()


def constraint_of(name: str | None, **limits: Any) -> dict[str, Any] | None:
    """Returns the constraint of a rule's fault: the name of the rule, and what else the rule says of the value."""
    named = {"rule": name} if name is not None else {}
    return {**named, **limits} or None
