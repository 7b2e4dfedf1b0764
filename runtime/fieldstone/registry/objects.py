"""Objects: system fields and declared ones become linked fields; sharing, ownership and the organisation wall become facts.

Refuses nothing: what can be wrong with an object is told by `object_faults.py` before.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TypedDict, cast

import msgspec

from fieldstone.errors import Place
from fieldstone.kinds.fields.autonumber import AutonumberOptions, format_of
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType
from fieldstone.kinds.fields.file import FileOptions
from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.kinds.fields.masking import masking_of
from fieldstone.kinds.fields.summary import LinkedSummaryOptions
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.object import ObjectDeclaration, SystemFields, ThroughMembership
from fieldstone.query.ast import EVERYTHING, CallerValue, Exists, Filter, Term
from fieldstone.query.storage import FieldShape, ObjectShape, StorageClass
from fieldstone.registry.catalog import Field, Numbering, Object, Reference
from fieldstone.registry.documents import Document
from fieldstone.registry.field_defaults import default_of
from fieldstone.registry.offers import is_open, offered_methods
from fieldstone.registry.system_fields import NOT_NULL, SYSTEM_NAMES, system_options

_TYPE_OF = {field_type.declaration: field_type for field_type in FIELD_TYPES.values()}
_TYPE_OF[LinkedSummaryOptions] = FIELD_TYPES["summary"]

LABELS_KEPT = 4096
"""The fields of many objects have the same names."""

PERSONAL_FIELD = "user_id"
"""The field that holds the user around whom `tenancy: personal` puts a wall."""

OWN_ORGANIZATION: Filter = Term("organization_id", "eq", CallerValue("organization_id"))
"""Within the caller's active organisation."""

OWN: Filter = Term(PERSONAL_FIELD, "eq", CallerValue("id"))
"""The caller's own, wherever he is active."""


class _SystemKinds(TypedDict):
    walled: bool
    owned: bool
    trash: bool
    audited: bool


_WHO = ("created_by", "updated_by", "deleted_by")


def link_object(
    document: Document, referenced_by: tuple[Reference, ...], referrers: Mapping[str, tuple[str, ...]]
) -> Object:
    """Returns the linked object of a document that `object_faults` finds nothing wrong with."""
    declaration = object_declaration(document)
    fields = _link_fields(declaration, document)
    controlled = declaration.sharing_model == "controlled_by_parent"
    owned = "owner_id" in fields
    return Object(
        name=declaration.name,
        declaration=declaration,
        fields=fields,
        stored=tuple(name for name, field in fields.items() if field.shape.storage.kind != StorageClass.NONE),
        shape=ObjectShape(declaration.name, {name: field.shape for name, field in fields.items()}),
        place=document.value_at(),
        package=document.package,
        label=declaration.label or label_of(declaration.name),
        api_enabled=is_open(declaration),
        offered=offered_methods(declaration),
        sharing_model=declaration.sharing_model or ("private" if owned else "public_read_write"),
        owned=owned,
        walled=_walled(declaration),
        wall=_wall(declaration),
        housed=_walled(declaration) or isinstance(declaration.tenancy, ThroughMembership),
        parent=next((field for field in fields.values() if field.parent), None) if controlled else None,
        referenced_by=referenced_by,
        referrers=referrers,
        numbers=tuple(_numbers(declaration)),
    )


def relink_field(field: Field, options: FieldOptions) -> Field:
    """Returns a field with options that hold more of what it was declared as."""
    kind = field_type_of(options)
    shape = msgspec.structs.replace(field.shape, storage=kind.storage(options), comparison=kind.family(options))
    return msgspec.structs.replace(field, declaration=options, type=kind, shape=shape, reader=kind.reader(options))


Pointers = Sequence[tuple[str, str, str, FieldOptions]]
"""Fields that point to an object: whose each is, its name, the object and its options."""


def pointers_in(documents: Mapping[str, Document]) -> Pointers:
    """Returns the fields of all objects that point to one."""
    return [
        (name, field, target, options)
        for name, document in documents.items()
        for field, options in all_options(object_declaration(document)).items()
        if (target := getattr(options, "reference", None)) is not None
    ]


def references_to(pointers: Pointers) -> dict[str, list[Reference]]:
    """Returns, by object, the fields of others that point to it and do something when a record goes."""
    found: dict[str, list[Reference]] = {}
    for name, field, target, options in pointers:
        behavior = _delete_behavior(field, options)
        if behavior is not None:
            reference = Reference(name, field, behavior, multiple=holds_many(options), required=options.required)
            found.setdefault(target, []).append(reference)
    return found


def referrers_to(pointers: Pointers) -> dict[str, dict[str, tuple[str, ...]]]:
    """Returns, by object, the objects that point to it, by name, each with all its fields that do; lists of ids are not followed."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, field, target, options in pointers:
        if not holds_many(options):
            by_name = found.setdefault(target, {})
            by_name[name] = (*by_name.get(name, ()), field)
    return found


def object_declaration(document: Document) -> ObjectDeclaration:
    """Returns the declaration of a document of kind `object`."""
    return cast("ObjectDeclaration", document.declared)


def field_type_of(options: FieldOptions) -> FieldType:
    """Returns the type of a declared field."""
    return _TYPE_OF[type(options)]


def holds_text(options: FieldOptions) -> bool:
    """Tells whether a field keeps texts that somebody may read, and not ids."""
    kind = field_type_of(options)
    hidden = options.internal or kind.internal or isinstance(options, FormulaOptions)
    points = isinstance(options, FileOptions) or getattr(options, "reference", None) is not None
    return kind.family(options) == "text" and not points and not hidden


def holds_many(options: FieldOptions) -> bool:
    """Tells whether a field holds a list of ids."""
    return bool(getattr(options, "multiple", False))


def is_masked(options: FieldOptions) -> bool:
    """Tells whether some readers of a field are shown a part of it alone."""
    return getattr(options, "masking_rule", None) is not None


def all_options(declaration: ObjectDeclaration) -> dict[str, FieldOptions]:
    """Returns the options of all fields of an object by name, system fields first."""
    return {**system_options(**_kinds_of_system_fields(declaration)), **declaration.fields}


def system_fields_of(declaration: ObjectDeclaration) -> SystemFields:
    """Returns which system fields an object has, in the long form."""
    said = declaration.system_fields
    return SystemFields(tenant=said, audit=said) if isinstance(said, bool) else said


def _kinds_of_system_fields(declaration: ObjectDeclaration) -> _SystemKinds:
    return {
        "walled": _walled(declaration),
        "owned": _owned(declaration),
        "trash": declaration.enable.trash,
        "audited": system_fields_of(declaration).audit,
    }


def _walled(declaration: ObjectDeclaration) -> bool:
    return declaration.tenancy == "organization" and system_fields_of(declaration).tenant


def _owned(declaration: ObjectDeclaration) -> bool:
    return declaration.ownership == "user" and declaration.sharing_model != "controlled_by_parent"


def _link_fields(declaration: ObjectDeclaration, document: Document) -> dict[str, Field]:
    place, walled = document.value_at(), _walled(declaration)
    system = _system_fields(**_kinds_of_system_fields(declaration))
    fields = {name: msgspec.structs.replace(field, place=place) for name, field in system.items()}
    spots = document.source.spot.find(("fields",))
    searched = _searched(declaration)
    for name, options in declaration.fields.items():
        field = link_field(name, options, spots.find((name,)).of_key(document.file), walled=walled)
        if name in searched:
            field = msgspec.structs.replace(field, shape=msgspec.structs.replace(field.shape, searchable=True))
        fields[name] = field
    return fields


def _searched(declaration: ObjectDeclaration) -> frozenset[str]:
    """Returns the fields whose words are kept: those that are said to be searched, else the one that stands for the whole record."""
    if not declaration.enable.searchable:
        return frozenset()
    named = [name for name, options in declaration.fields.items() if options.searchable]
    named += declaration.searchable_fields
    options = declaration.fields.get(declaration.name_field or "")
    if not named and options is not None and holds_text(options):
        named = [str(declaration.name_field)]
    return frozenset(named)


@cache
def _system_fields(*, walled: bool, owned: bool, trash: bool, audited: bool) -> Mapping[str, Field]:
    """Returns linked system fields that lack a place, which is that of their object."""
    nowhere = Place("", 0, 0)
    options = system_options(walled=walled, owned=owned, trash=trash, audited=audited)
    return {name: link_field(name, option, nowhere, walled=walled) for name, option in options.items()}


def link_field(name: str, options: FieldOptions, place: Place, *, walled: bool) -> Field:
    """Returns a linked field; `walled` says that what is unique is so within an organisation."""
    kind = field_type_of(options)
    label = options.label or label_of(name)
    if options.label is None:
        options = msgspec.structs.replace(options, label=label)
    reference, multiple = getattr(options, "reference", None), holds_many(options)
    followed, members = (None, reference) if multiple else (reference, None)
    unique = "organization" if options.unique is True else options.unique or None
    return Field(
        name=name,
        declaration=options,
        type=kind,
        shape=FieldShape(
            name, kind.storage(options), kind.family(options), name not in NOT_NULL, followed, members=members
        ),
        reader=kind.reader(options),
        place=place,
        label=label,
        required=options.required,
        unique="global" if unique and not walled else unique,
        reference=reference,
        delete_behavior=_delete_behavior(name, options),
        multiple=multiple,
        parent=kind.name == "master_detail",
        default=default_of(options),
        masking=masking_of(getattr(options, "masking_rule", None)),
        system=name in SYSTEM_NAMES,
        internal=kind.internal or options.internal,
    )


def _numbers(declaration: ObjectDeclaration) -> Iterator[Numbering]:
    for name, options in declaration.fields.items():
        if isinstance(options, AutonumberOptions):
            yield Numbering(name, format_of(options), options.start_at)


def _delete_behavior(name: str, options: FieldOptions) -> str | None:
    """Returns what happens when the record that a field points to goes; who made a record stays written in it."""
    return None if name in _WHO else getattr(options, "delete_behavior", None)


def _wall(declaration: ObjectDeclaration) -> Filter:
    if isinstance(declaration.tenancy, ThroughMembership):
        return Exists(declaration.tenancy.object, "id", declaration.tenancy.field, OWN_ORGANIZATION)
    if declaration.tenancy == "personal":
        return OWN
    return OWN_ORGANIZATION if _walled(declaration) else EVERYTHING


@lru_cache(maxsize=LABELS_KEPT)
def label_of(name: str) -> str:
    """Returns what people call what has no label of its own."""
    text = name.strip("_").replace("_", " ") or name
    return text[:1].upper() + text[1:]
