"""An object's validations and the conditions of its fields, linked: compiled once, in the order in which they are told."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from fieldstone.errors import Fault
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.validation import ConditionalRule, Rule
from fieldstone.query.formula import Formula, in_order
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.validations.rule import FieldCondition, LinkedRule, Validations
from fieldstone.registry.validations.site import Site, Within
from fieldstone.registry.validations.table import link_rule

_CONDITIONS = {"required_when": "requiredWhen", "readonly_when": "readonlyWhen", "visible_when": "visibleWhen"}
_ALWAYS = {"required_when": "required", "readonly_when": "readonly"}
"""The keys of a field that say without a condition what others say under one."""


def link_validations(document: Document, subject: Object) -> tuple[Object, list[Fault]]:
    """Returns an object with its rules, and everything that is wrong with them."""
    declaration = subject.declaration
    if not declaration.validations and not any(map(_has_condition, declaration.fields.values())):
        return subject, []
    site = Site(document, subject)
    site.faults += _name_faults(document, declaration.validations)
    conditions = {key: list(_conditions(site, key)) for key in _CONDITIONS}
    linked = _linked(site)
    validations = Validations(
        insert=tuple(found for rule, found in linked if "insert" in rule.events),
        update=tuple(found for rule, found in linked if "update" in rule.events),
        required=tuple(conditions["required_when"]),
        readonly=tuple(conditions["readonly_when"]),
        formulas=formulas_in(subject, site.looks_at.values()),
    )
    acts = linked or validations.required or validations.readonly
    return replace(subject, validations=validations if acts else None, looks_at=site.looks_at), site.faults


def formulas_in(subject: Object, reads: Iterable[frozenset[str]]) -> tuple[tuple[str, Formula], ...]:
    """Returns the formulas among the fields that are looked at, with all that these use, in the order in which they are computed."""
    names = sorted(frozenset().union(*reads) & subject.shape.fields.keys())
    return tuple(in_order(names, lambda name: subject.shape.fields[name].formula).items())


def _has_condition(options: FieldOptions) -> bool:
    return not (options.required_when is None and options.readonly_when is None and options.visible_when is None)


def _conditions(site: Site, key: str) -> Iterator[FieldCondition]:
    """Yields the conditions of one key, field by field."""
    for name, field in site.subject.fields.items():
        text = getattr(field.declaration, key)
        if text is None:
            continue
        path = ("fields", name, _CONDITIONS[key])
        always = _ALWAYS.get(key)
        if always is not None and getattr(field.declaration, always):
            message = f"`{name}` is `{always}` in any case."
            site.refuse(path, message, f"Drop `{always}`, or the condition.", Code.FIELD_OPTION)
        found = site.condition(text, path)
        if found is not None:
            site.looks_at[path] = found[1]
            yield FieldCondition(name, field.label, *found)


def _linked(site: Site) -> list[tuple[Rule, LinkedRule]]:
    """Returns the rules that act, by priority."""
    linked: list[tuple[Rule, LinkedRule]] = []
    for number, rule in enumerate(site.subject.declaration.validations):
        path = ("validations", number)
        if not _every_message(rule):
            hint = "Say what is told of a record that breaks it."
            site.refuse(path, "The rule has no `message`.", hint, Code.MISSING_KEY)
        found = link_rule(rule, site, Within(path, rule.name, rule.message or ""))
        if found is None:
            continue
        site.looks_at[path] = found.reads
        for at, name in enumerate(rule.discloses):
            if name not in found.reads:
                site.refuse((*path, "discloses", at), f"The rule does not look at `{name}`.", "Drop it.")
        if rule.active:
            linked.append((rule, LinkedRule(rule.name, rule.severity, found.judge, found.field, found.reads)))
    return sorted(linked, key=lambda pair: pair[0].priority)


def _every_message(rule: Rule) -> bool:
    """Tells whether whatever a rule finds has a message."""
    if rule.message is not None or not isinstance(rule, ConditionalRule):
        return rule.message is not None
    inner = (rule.then, *(() if rule.otherwise is None else (rule.otherwise,)))
    return all(map(_every_message, inner))


def _name_faults(document: Document, rules: tuple[Rule, ...]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, rule in enumerate(rules):
        if rule.name is not None and first.setdefault(rule.name, number) != number:
            message = f"This object already has a rule `{rule.name}`."
            yield document.fault(("validations", number, "name"), Code.NAME_CLASH, message, "Rename one.")
