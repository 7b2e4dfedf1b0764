"""Rules that are one expression: a script and a contradiction tell what is wrong, a predicate what must hold."""

from fieldstone.errors import FieldFault
from fieldstone.kinds.validation import CrossFieldRule, PredicateRule, ScriptRule
from fieldstone.registry.validations.rule import RECORD, Condition, Judge, constraint_of
from fieldstone.registry.validations.site import Linked, Site, Within

VIOLATION = "rule_violation"


def link_script(rule: ScriptRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule that is broken where its condition holds."""
    found = site.condition(rule.condition, (*within.path, "condition"))
    if found is None:
        return None
    holds, reads = found
    return Linked(_broken_where(holds, _fault(within, RECORD)), reads, RECORD)


def link_cross_field(rule: CrossFieldRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule that is broken where its condition holds; its first field carries the fault."""
    fields = [site.field(name, (*within.path, "fields", at)) for at, name in enumerate(rule.fields)]
    found = site.condition(rule.condition, (*within.path, "condition"))
    first = fields[0]
    if found is None or first is None or None in fields:
        return None
    holds, reads = found
    fault = _fault(within, first.name, first.label, list(rule.fields))
    return Linked(_broken_where(holds, fault), reads.union(rule.fields), first.name)


def link_predicate(rule: PredicateRule, site: Site, within: Within) -> Linked | None:
    """Returns a rule that is broken where its predicate does not hold."""
    found = site.condition(rule.predicate, (*within.path, "predicate"))
    if found is None:
        return None
    holds, reads = found
    return Linked(_broken_unless(holds, _fault(within, RECORD)), reads, RECORD)


def _fault(within: Within, field: str, label: str | None = None, fields: list[str] | None = None) -> FieldFault:
    limits = {} if fields is None else {"fields": fields}
    return FieldFault(field, VIOLATION, within.message, label, constraint_of(within.name, **limits))


def _broken_where(holds: Condition, fault: FieldFault) -> Judge:
    told = (fault,)
    return lambda activation: told if holds(activation) else ()


def _broken_unless(holds: Condition, fault: FieldFault) -> Judge:
    told = (fault,)
    return lambda activation: () if holds(activation) else told
