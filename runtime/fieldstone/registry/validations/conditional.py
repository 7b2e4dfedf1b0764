"""Conditionals: a rule that is looked at where a condition holds, and perhaps another where it does not."""

from collections.abc import Callable, Sequence

from fieldstone.errors import FieldFault
from fieldstone.kinds.validation import ConditionalRule, Rule
from fieldstone.registry.validations.rule import RECORD, Activation
from fieldstone.registry.validations.site import Linked, Site, Within, rule_keys_left

LinkRule = Callable[[Rule, Site, Within], Linked | None]


def link_conditional(rule: ConditionalRule, site: Site, within: Within, link: LinkRule) -> Linked | None:
    """Returns a rule that hands the record on to one of the rules within it, which `link` links."""
    found = site.condition(rule.when, (*within.path, "when"))
    then = _inner(rule.then, "then", site, within, link)
    otherwise = None if rule.otherwise is None else _inner(rule.otherwise, "otherwise", site, within, link)
    if found is None or then is None:
        return None
    holds, reads = found
    if otherwise is not None:
        reads |= otherwise.reads

    def judge(activation: Activation) -> Sequence[FieldFault]:
        if holds(activation):
            return then.judge(activation)
        return () if otherwise is None else otherwise.judge(activation)

    return Linked(judge, reads | then.reads, RECORD)


def _inner(rule: Rule, key: str, site: Site, within: Within, link: LinkRule) -> Linked | None:
    """Returns a rule within another: it has the outer one's name, and its message where it says none."""
    path = (*within.path, key)
    for unfit in rule_keys_left(rule):
        site.refuse((*path, unfit), f"A rule within another has no `{unfit}` of its own.", "Say it on the outer one.")
    return link(rule, site, Within(path, within.name, rule.message or within.message))
