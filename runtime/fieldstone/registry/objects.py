"""Objects: system fields and declared ones become linked fields; sharing, ownership and the organisation wall become facts.

Refuses names that are taken, options that do not fit together, and references to objects or fields that are not there.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.object import ObjectDeclaration, ThroughMembership
from fieldstone.query.ast import EVERYTHING, CallerValue, Exists, Filter, Term
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.registry.catalog import Field, Object, Reference
from fieldstone.registry.documents import Document
from fieldstone.registry.system_fields import NOT_NULL, SYSTEM_NAMES, system_options

OWN_ORGANIZATION: Filter = Term("organization_id", "eq", CallerValue("organization_id"))
"""Within the caller's active organisation."""


def link_object(document: Document, referenced_by: tuple[Reference, ...]) -> Object:
    """Returns the linked object of a document that `object_faults` finds nothing wrong with."""
    declaration = object_declaration(document)
    fields = {name: _link_field(name, options, document) for name, options in all_options(declaration).items()}
    controlled = declaration.sharing_model == "controlled_by_parent"
    owned = "owner_id" in fields
    return Object(
        name=declaration.name,
        declaration=declaration,
        fields=fields,
        shape=ObjectShape(declaration.name, {name: field.shape for name, field in fields.items()}),
        place=document.value_at(),
        package=document.package,
        label=declaration.label or _label(declaration.name),
        sharing_model=declaration.sharing_model or ("private" if owned else "public_read_write"),
        owned=owned,
        walled=declaration.tenancy == "organization",
        wall=_wall(declaration),
        parent=next((field for field in fields.values() if field.parent), None) if controlled else None,
        referenced_by=referenced_by,
    )


def references_to(documents: Mapping[str, Document]) -> dict[str, list[Reference]]:
    """Returns, by object, the fields of others that point to it and do something when a record goes."""
    found: dict[str, list[Reference]] = {}
    for name, document in documents.items():
        for field, options in all_options(object_declaration(document)).items():
            target, behavior = getattr(options, "reference", None), _delete_behavior(field, options)
            if target is not None and behavior is not None:
                found.setdefault(target, []).append(Reference(name, field, behavior))
    return found


def object_declaration(document: Document) -> ObjectDeclaration:
    """Returns the declaration of a document of kind `object`."""
    return cast("ObjectDeclaration", document.declared)


def all_options(declaration: ObjectDeclaration) -> dict[str, FieldOptions]:
    """Returns the options of all fields of an object by name, system fields first."""
    owned = declaration.ownership == "user" and declaration.sharing_model != "controlled_by_parent"
    system = system_options(walled=declaration.tenancy == "organization", owned=owned)
    return {**system, **declaration.fields}


def _link_field(name: str, options: FieldOptions, document: Document) -> Field:
    system = name in SYSTEM_NAMES
    place = document.value_at() if system else document.key_at("fields", name)
    kind = FIELD_TYPES[str(options.__struct_config__.tag)]
    if options.label is None:
        options = msgspec.structs.replace(options, label=_label(name))
    reference = getattr(options, "reference", None)
    shape = FieldShape(name, kind.storage(options), kind.comparison, name not in NOT_NULL, reference)
    unique = "organization" if options.unique is True else options.unique or None
    if unique == "organization" and object_declaration(document).tenancy != "organization":
        unique = "global"
    return Field(
        name=name,
        declaration=options,
        type=kind,
        shape=shape,
        reader=kind.reader(options),
        place=place,
        label=str(options.label),
        required=options.required,
        unique=unique,
        reference=reference,
        delete_behavior=_delete_behavior(name, options),
        parent=kind.name == "master_detail",
        system=system,
        internal=kind.internal or options.internal,
    )


def _delete_behavior(name: str, options: FieldOptions) -> str | None:
    """Returns what happens when the record that a field points to goes; who made a record stays written in it."""
    return None if name in ("created_by", "updated_by") else getattr(options, "delete_behavior", None)


def _wall(declaration: ObjectDeclaration) -> Filter:
    if isinstance(declaration.tenancy, ThroughMembership):
        return Exists(declaration.tenancy.object, "id", declaration.tenancy.field, OWN_ORGANIZATION)
    return OWN_ORGANIZATION if declaration.tenancy == "organization" else EVERYTHING


def _label(name: str) -> str:
    text = name.strip("_").replace("_", " ") or name
    return text[:1].upper() + text[1:]
