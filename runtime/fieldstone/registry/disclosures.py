"""Disclosures: what tells somebody of a field that his permission set hides from him must say so (DESIGN.md, "Declared disclosures").

Each set is looked at by itself: what two sets together open is open.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from fieldstone.errors import Fault, Place
from fieldstone.kinds.permission import FieldGrant, ObjectGrant, PermissionDeclaration
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.granted import gives, grant_in
from fieldstone.registry.known import Known

_OPEN = FieldGrant(editable=True)
_SHOWN_ONLY = "visibleWhen"
"""A key that refuses nothing: `/meta` keeps it from whoever does not see what it looks at."""


def rule_disclosures(document: Document, declaration: PermissionDeclaration, objects: Known[Object]) -> Iterator[Fault]:
    """Yields a fault for every field that a set hides from writers and a rule tells them of, at the line that hides it."""
    for subject in objects.by_name.values():
        if not subject.looks_at or not _writes(grant_in(declaration, subject) or ObjectGrant()):
            continue
        hidden = hidden_fields(declaration, subject)
        for path, read in subject.looks_at.items():
            what, disclosed = _told(subject, path)
            for field in sorted(read & hidden - disclosed) if path[-1] != _SHOWN_ONLY else ():
                message = f"{what} of `{subject.name}` looks at `{field}`, which this set hides from those whom it lets write."
                place = hiding_place(document, f"{subject.name}.{field}")
                yield Fault(place, Code.RULE_DISCLOSES, message, _mend(path, field))


def hidden_fields(
    declaration: PermissionDeclaration, subject: Object, among: Iterable[str] | None = None
) -> frozenset[str]:
    """Returns the fields that are kept from the holders of a set alone: by a rule, for want of a capability, or behind their mask.

    Where names are given, those among them.
    """
    grant = grant_in(declaration, subject) or ObjectGrant()
    hidden: set[str] = set()
    for name in subject.fields if among is None else among:
        field = subject.fields[name]
        rule = declaration.fields.get(f"{subject.name}.{name}", _OPEN)
        capable = gives(declaration, field.declaration.required_permissions)
        masked = field.masking is not None and not (grant.allow_edit and rule.editable)
        if not rule.readable or not capable or masked:
            hidden.add(name)
    return frozenset(hidden)


def hiding_place(document: Document, key: str) -> Place:
    """Returns the line that hides a field; where none does, that of the objects that the set grants."""
    declared = cast("PermissionDeclaration", document.declared).fields
    return document.key_at("fields", key) if key in declared else document.key_at("objects")


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
