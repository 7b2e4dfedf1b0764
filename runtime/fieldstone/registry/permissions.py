"""Permission sets: every object and field that they name is there, and their row policies become rules."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.permission import ObjectGrant, PermissionDeclaration, RowPolicy
from fieldstone.query.ast import NOTHING
from fieldstone.query.cel.context import REPORTS
from fieldstone.registry.catalog import Object, PermissionSet, RowRule
from fieldstone.registry.codes import Code
from fieldstone.registry.depths import depth_faults
from fieldstone.registry.disclosures import rule_disclosures
from fieldstone.registry.documents import Document
from fieldstone.registry.formula_disclosures import computed_in, formula_disclosures
from fieldstone.registry.granted import WILDCARD
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.rules import Scope, link_rule, scope_of, scope_of_all
from fieldstone.registry.system_fields import AUDIT_NAMES


def link_permissions(
    documents: Mapping[str, Document], objects: Known[Object]
) -> tuple[dict[str, PermissionSet], list[Fault]]:
    """Returns the linked permission sets by name and everything wrong with them.

    A row policy over `*` becomes a rule of every object; it may name what all objects have.
    """
    faults: list[Fault] = []
    scopes: dict[str, Scope] = {}
    linked: dict[str, PermissionSet] = {}
    computed = computed_in(objects.by_name.values())
    for name, document in documents.items():
        declared: Any = document.declared
        declaration: PermissionDeclaration = declared
        faults += _grant_faults(document, declaration, objects)
        faults += depth_faults(document, declaration, objects)
        faults += rule_disclosures(document, declaration, objects)
        faults += formula_disclosures(document, declaration, computed)
        rules, more = _rules(document, declaration, objects, scopes)
        faults += more
        linked[name] = PermissionSet(
            name, declaration, rules, _caller_values(declaration, rules), document.value_at(), document.package
        )
    return linked, faults


def _rules(
    document: Document, declaration: PermissionDeclaration, objects: Known[Object], scopes: dict[str, Scope]
) -> tuple[dict[str, tuple[RowRule, ...]], list[Fault]]:
    rules: dict[str, tuple[RowRule, ...]] = {}
    faults: list[Fault] = []
    names: set[str] = set()
    for number, policy in enumerate(declaration.row_level_security):
        path = ("rowLevelSecurity", number)
        if policy.name in names:
            message = f"This set already has a row policy `{policy.name}`."
            faults.append(document.fault((*path, "name"), Code.NAME_CLASH, message, "Rename one."))
        names.add(policy.name)
        faults += _policy_faults(document, path, policy)
        scope = _scope(policy.object, objects, scopes)
        if scope is None:
            faults += objects.missing(document.value_at(*path, "object"), policy.object)
            continue
        rule = link_rule(policy, scope, document, number)
        if not isinstance(rule, RowRule):
            faults += rule
        elif policy.enabled:
            for name in objects.by_name if policy.object == WILDCARD else (policy.object,):
                own = _over(objects.by_name[name], policy, rule, document, number)
                rules[name] = (*rules.get(name, ()), own)
    return rules, faults


def _over(subject: Object, policy: RowPolicy, rule: RowRule, document: Document, number: int) -> RowRule:
    """Returns a rule as one over an object: over one that does without a system field that it names, it selects nothing."""
    if subject.fields.keys() >= AUDIT_NAMES:
        return rule
    own = link_rule(policy, scope_of(subject), document, number)
    return own if isinstance(own, RowRule) else msgspec.structs.replace(rule, using=NOTHING, check=NOTHING)


def _caller_values(declaration: PermissionDeclaration, rules: Mapping[str, tuple[RowRule, ...]]) -> frozenset[str]:
    """Returns the names of the values of its holder that a set looks at."""
    depths = {depth for grant in declaration.objects.values() for depth in (grant.read_scope, grant.write_scope)}
    by_depth = {REPORTS} if "own_and_reports" in depths else set()
    return frozenset(by_depth).union(*(rule.caller_values for of_object in rules.values() for rule in of_object))


def _scope(name: str, objects: Known[Object], scopes: dict[str, Scope]) -> Scope | None:
    """Returns the scope of rules over an object or over all, None when there is no such object; each is made once."""
    if name not in scopes:
        subject = objects.get(name)
        if name == WILDCARD:
            scopes[name] = scope_of_all(objects.by_name.values())
        elif subject is not None:
            scopes[name] = scope_of(subject)
    return scopes.get(name)


def _policy_faults(document: Document, path: tuple[str | int, ...], policy: RowPolicy) -> Iterator[Fault]:
    if policy.using is None and policy.check is None:
        message = f"The row policy `{policy.name}` says neither `using` nor `check`."
        yield document.fault(path, Code.POLICY_EMPTY, message, "Say which rows it allows.")
    elif policy.check is not None and policy.operation in ("select", "delete"):
        message = f"A `check` looks at a row after a write; `{policy.operation}` has no such row."
        yield document.fault((*path, "check"), Code.POLICY_EMPTY, message, "Say it with `using`.")


def _trash_faults(document: Document, name: str, given: ObjectGrant) -> Iterator[Fault]:
    """Yields a fault for every right to a trash that is not there."""
    for key, granted in (("allowRestore", given.allow_restore), ("allowPurge", given.allow_purge)):
        if granted:
            message = f"`{name}` has no trash."
            hint = f"Drop `{key}`, or say `enable: {{trash: true}}` on the object."
            yield document.fault(("objects", name, key), Code.WRONG_VALUE, message, hint)


def _grant_faults(document: Document, declaration: PermissionDeclaration, objects: Known[Object]) -> Iterator[Fault]:
    for name, given in declaration.objects.items():
        named = objects.get(name)
        if named is None and name != WILDCARD:
            yield from objects.missing(document.key_at("objects", name), name)
        elif named is not None and not named.declaration.enable.trash:
            yield from _trash_faults(document, name, given)
    for key, grant in declaration.fields.items():
        place = document.key_at("fields", key)
        name, dot, field = key.partition(".")
        subject = objects.get(name)
        if not dot:
            yield Fault(
                place, Code.UNKNOWN_FIELD, f"`{key}` does not say which field of which object.", "Write `object.field`."
            )
        elif subject is None:
            yield from objects.missing(place, name)
        elif field not in subject.fields:
            yield unknown_field(place, field, name, subject.fields)
        elif grant.editable and not grant.readable:
            message = f"`{key}` cannot be written by somebody who may not read it."
            yield document.fault(
                ("fields", key, "editable"), Code.WRONG_VALUE, message, "Make it readable, or drop `editable`."
            )
