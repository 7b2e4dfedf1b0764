"""Field rights: which fields a caller may read and which a body of his may set (contract 4.4).

A field is open where no rule names it. A right that one set gives is never taken away by another: a field is hidden only
when every set that grants the object hides it, or when it asks for a capability that he lacks. Reads nothing, refuses nothing.
"""

from collections.abc import Sequence

from fieldstone.kinds.permission import FieldGrant
from fieldstone.registry.catalog import Field, Object, PermissionSet

ALWAYS_READABLE = frozenset({"id", "version"})


def readable_fields(subject: Object, readers: Sequence[PermissionSet], capable: frozenset[str]) -> frozenset[str]:
    """Returns the fields that an answer may hold, given the sets that grant reading of the object, and the capabilities held."""
    if not readers:
        return frozenset()
    return frozenset(
        name
        for name, field in subject.fields.items()
        if not field.internal
        and capable.issuperset(field.declaration.required_permissions)
        and (name in ALWAYS_READABLE or any(_shows(held, subject, field) for held in readers))
    )


def writable_fields(
    subject: Object, writers: Sequence[PermissionSet], capable: frozenset[str], *, transfer: bool
) -> frozenset[str]:
    """Returns the fields that a body may set, given the sets that grant the write; `transfer` opens `owner_id`.

    A field that says `internal` is the system's alone, one that says `readonly`, or of a type that is computed, is filled by it; one of an
    internal type (a password) is set, and never shown.
    """
    fields = {
        name
        for name, field in subject.fields.items()
        if not (field.system or field.declaration.internal or field.declaration.readonly or field.type.computed)
        and capable.issuperset(field.declaration.required_permissions)
        and any(opens(held, subject, field) for held in writers)
    }
    return frozenset(fields | {"owner_id"} if transfer and subject.owned else fields)


def opens(held: PermissionSet, subject: Object, field: Field) -> bool:
    """Tells whether a set that grants the write of an object lets a field be written."""
    rule = _rule(held, subject, field)
    return rule is None or (rule.readable and rule.editable)


def _shows(held: PermissionSet, subject: Object, field: Field) -> bool:
    rule = _rule(held, subject, field)
    return rule is None or rule.readable


def _rule(held: PermissionSet, subject: Object, field: Field) -> FieldGrant | None:
    return held.declaration.fields.get(f"{subject.name}.{field.name}")
