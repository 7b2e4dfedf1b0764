"""The table of rule types: which function links a rule of each. To add one: its Struct in `kinds/validation.py`, and its line here."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fieldstone.kinds.validation import (
    ConditionalRule,
    CrossFieldRule,
    FormatRule,
    JsonSchemaRule,
    PredicateRule,
    Rule,
    RuleOptions,
    ScriptRule,
    StateMachineRule,
)
from fieldstone.late import late
from fieldstone.registry.validations.conditional import link_conditional
from fieldstone.registry.validations.format import link_format
from fieldstone.registry.validations.script import link_cross_field, link_predicate, link_script
from fieldstone.registry.validations.site import Linked, Site, Within
from fieldstone.registry.validations.state_machine import link_state_machine


def link_rule(rule: Rule, site: Site, within: Within) -> Linked | None:
    """Returns what a rule comes to; notes its faults, and returns None, where it comes to nothing."""
    return LINKERS[type(rule)](rule, site, within)


LINKERS: Mapping[type[RuleOptions], Callable[[Any, Site, Within], Linked | None]] = {
    ScriptRule: link_script,
    CrossFieldRule: link_cross_field,
    StateMachineRule: link_state_machine,
    FormatRule: link_format,
    JsonSchemaRule: late("fieldstone.registry.validations.json_schema:link_json_schema"),
    PredicateRule: link_predicate,
    ConditionalRule: partial(link_conditional, link=link_rule),
}
