"""Disclosures: what tells somebody of a field that his permission set hides from him must say so (DESIGN.md, "Declared disclosures").

Each set is looked at by itself: what two sets together open is open.
"""

from collections.abc import Iterator

from fieldstone.errors import Fault
from fieldstone.kinds.permission import ObjectGrant, PermissionDeclaration
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known

_WILDCARD = "*"
_SHOWN_ONLY = "visibleWhen"
"""A key that refuses nothing: `/meta` keeps it from whoever does not see what it looks at."""


def rule_disclosures(document: Document, declaration: PermissionDeclaration, objects: Known[Object]) -> Iterator[Fault]:
    """Yields a fault for every field that a set hides from writers and a rule tells them of, at the line that hides it."""
    for name, fields in hidden_fields(declaration).items():
        subject = objects.get(name)
        if subject is None or not _writes(grant_in(declaration, subject)):
            continue
        for path, read in subject.looks_at.items():
            if path[-1] == _SHOWN_ONLY:
                continue
            what, disclosed = _told(subject, path)
            for field in sorted(read & fields - disclosed):
                message = f"{what} of `{name}` looks at `{field}`, which this set hides from those whom it lets write."
                place = document.key_at("fields", f"{name}.{field}")
                yield Fault(place, Code.RULE_DISCLOSES, message, _mend(path, field))


def hidden_fields(declaration: PermissionDeclaration) -> dict[str, set[str]]:
    """Returns the fields that a set hides, by object."""
    hidden: dict[str, set[str]] = {}
    for key, grant in declaration.fields.items():
        if not grant.readable:
            name, _, field = key.partition(".")
            hidden.setdefault(name, set()).add(field)
    return hidden


def grant_in(declaration: PermissionDeclaration, subject: Object) -> ObjectGrant:
    """Returns what a set grants of an object: by its own entry, or by the wildcard where that reaches it."""
    wildcard = declaration.objects.get(_WILDCARD, ObjectGrant())
    reaches = subject.declaration.access.default == "public"
    everything = wildcard.view_all_records and wildcard.modify_all_records
    return declaration.objects.get(subject.name, wildcard if reaches or everything else ObjectGrant())


def _writes(grant: ObjectGrant) -> bool:
    return grant.allow_create or grant.allow_edit or grant.allow_restore


def _told(subject: Object, path: tuple[str | int, ...]) -> tuple[str, frozenset[str]]:
    """Returns what an expression of an object is called, and what it says that it tells."""
    if path[0] == "validations" and isinstance(path[1], int):
        rule = subject.declaration.validations[path[1]]
        called = f"The rule `{rule.name}`" if rule.name else f"Rule {path[1] + 1}"
        return called, frozenset(rule.discloses)
    return f"`{path[2]}` of the field `{path[1]}`", frozenset()


def _mend(path: tuple[str | int, ...], field: str) -> str:
    if path[0] == "validations":
        return f"Let the field be read, or have the rule say `discloses: [{field}]`."
    return f"Let the field be read, or write a rule that says `discloses: [{field}]`."
