"""Validation rules: what must be true of every record of an object, one Struct for each type of rule (contract 2.5).

`condition` tells what is wrong, `predicate` what must hold; no rule takes both, so that neither is ever guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared, Name

PLAIN = "predicate"
"""The type of a rule that says none."""

_MUST_HOLD = (
    "A `condition` tells what is wrong, a `predicate` what must hold: write the `condition` for it, or drop `type`."
)
_IS_WRONG = "A rule without `type` says with `predicate` what must hold. Add `type: script` if the condition tells what is wrong."

Expression = Annotated[str, msgspec.Meta(min_length=1)]
Message = Annotated[str, msgspec.Meta(min_length=1)]
Fields = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class RuleOptions(Declared, frozen=True, kw_only=True, tag_field="type"):
    """The keys of every rule. One that stands within another says its `message` alone, and none where that of the outer one will do."""

    noun: ClassVar[str] = "rule"

    name: Name | None = None
    """The rule's name within the object; a fault tells it as `constraint.rule`."""
    label: str | None = None
    """What people call the rule; told by `/meta`."""
    message: Message | None = None
    """What is told of a record that breaks it."""
    active: bool = True
    """`false`: as if it were not there, but checked."""
    events: Annotated[tuple[Literal["insert", "update"], ...], msgspec.Meta(min_length=1)] = ("insert", "update")
    """At which writes it is looked at."""
    priority: Annotated[int, msgspec.Meta(ge=0, le=9999)] = 100
    """The smaller, the earlier it is told; rules of one priority are told in the order in which they are declared."""
    severity: Literal["error", "warning", "info"] = "error"
    """`error` refuses the write; the others are told beside the record that was written."""
    tags: tuple[str, ...] = ()
    """Words to find it by; told by `/meta`."""
    discloses: tuple[str, ...] = ()
    """The fields that it may tell of although somebody who writes records does not see them."""


class ScriptRule(RuleOptions, frozen=True, kw_only=True, tag="script"):
    """A condition that tells what is wrong with a record."""

    elsewhere: ClassVar[Mapping[str, str]] = {"predicate": _MUST_HOLD}

    condition: Expression
    """A CEL expression over `record`, `previous` (null on insert), `current_user` and `os.org`; true: the record is not valid."""


class CrossFieldRule(RuleOptions, frozen=True, kw_only=True, tag="cross_field"):
    """A condition that tells how several fields contradict each other."""

    elsewhere: ClassVar[Mapping[str, str]] = {"predicate": _MUST_HOLD}

    condition: Expression
    """As of a `script`; true: the record is not valid."""
    fields: Fields
    """The fields that contradict each other; the first of them carries the fault."""


class StateMachineRule(RuleOptions, frozen=True, kw_only=True, tag="state_machine"):
    """Which value of a field may follow which."""

    field: str
    """The field that holds the state: a text or one choice."""
    transitions: Annotated[dict[str, tuple[str, ...]], msgspec.Meta(min_length=1)]
    """For each state those that may follow; one that is not named here is the last."""
    initial_states: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] | None = None
    """The states in which a record may begin; any, unless given."""


class FormatRule(RuleOptions, frozen=True, kw_only=True, tag="format"):
    """The form of a text; a field without a value has none."""

    field: str
    """The field, which holds text."""
    regex: str | None = None
    """A regular expression that must be found in the value; one that could run for ever is refused."""
    format: Literal["email", "url", "phone", "json"] | None = None
    """A form by name, in place of `regex`."""


class JsonSchemaRule(RuleOptions, frozen=True, kw_only=True, tag="json_schema"):
    """A JSON Schema that a JSON value must satisfy; a field without a value satisfies every one."""

    field: str
    """The field, which holds JSON."""
    schema: dict[str, Any]
    """A schema of draft 2020-12; references lead nowhere but within it."""


class PredicateRule(RuleOptions, frozen=True, kw_only=True, tag=PLAIN):
    """What must hold of a record. It may leave `type` out: `{message: ..., predicate: ...}`."""

    elsewhere: ClassVar[Mapping[str, str]] = {"condition": _IS_WRONG}

    predicate: Expression
    """A CEL expression as of a `script`; false: the record is not valid."""


class ConditionalRule(RuleOptions, frozen=True, kw_only=True, tag="conditional"):
    """A rule that is looked at only under a condition."""

    when: Expression
    """A CEL expression as of a `script`: true looks at `then`, false at `otherwise`."""
    then: Rule
    """The rule where the condition holds."""
    otherwise: Rule | None = None
    """The rule where it does not hold."""


Rule = ScriptRule | CrossFieldRule | StateMachineRule | FormatRule | JsonSchemaRule | ConditionalRule | PredicateRule
"""A rule as it is declared; `type` says which, and may be left out of a `predicate` alone."""

_WITHIN = ("then", "otherwise")


def typed(value: Any) -> Any:
    """Returns a plain rule, and the rules within it, with the type that was left out; what is no mapping stays as it is."""
    if not isinstance(value, dict):
        return value
    inner = {key: typed(value[key]) for key in _WITHIN if key in value}
    return {**value, "type": value.get("type", PLAIN), **inner}
