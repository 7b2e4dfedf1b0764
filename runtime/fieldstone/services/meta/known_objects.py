"""Objects as somebody may know them: what he may do with each, and its declaration without what names a field that is hidden from him."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from fieldstone.access.policy import Action
from fieldstone.kinds.fields.summary import SummaryOptions
from fieldstone.registry.catalog import Object
from fieldstone.registry.named_fields import title_fields
from fieldstone.services.meta.field_names import cut_computed, cut_field

_NAMING_ONE = ("nameField", "stageField")
_NAMING_SEVERAL = ("searchableFields", "highlightFields")
_NAMING_FIELDS = frozenset({"indexes", "titleFormat", "validations", *_NAMING_ONE, *_NAMING_SEVERAL})
"""Keys of an object that name fields, beside the fields themselves: left out when nothing of them may be known."""

_NAMING_INPUTS = frozenset({"expression", "discloses"})
"""Keys of a formula that name fields."""


class KnownObject(msgspec.Struct, frozen=True, eq=False):
    """An object as a caller may know it: what he may do with it, and the fields that each of that may name."""

    object: Object
    actions: frozenset[Action]
    readable: frozenset[str]
    creatable: frozenset[str]
    updatable: frozenset[str]
    masked: frozenset[str] = frozenset()
    """The readable fields that he is shown in part."""

    @property
    def fields(self) -> frozenset[str]:
        """Every field that he may know of."""
        return self.readable | self.creatable | self.updatable


def cut_object(
    document: Mapping[str, Any], known: KnownObject, readable: Callable[[str], frozenset[str]]
) -> dict[str, Any]:
    """Returns the document of an object as somebody may know it; `readable` tells which fields he reads of another."""
    told = {key: value for key, value in document.items() if key not in _NAMING_FIELDS} | _masked(document, known)
    told["fields"] = {name: _cut(known, name, field, readable) for name, field in told["fields"].items()}
    return told


def _cut(
    known: KnownObject, name: str, field: Mapping[str, Any], readable: Callable[[str], frozenset[str]]
) -> dict[str, Any]:
    """Returns the document of a field without what it names that its reader may not know of."""
    target = _read_through(known.object, name)
    through = frozenset[str]() if target is None else readable(target)
    declaration = known.object.fields[name].declaration
    return cut_field(cut_computed(field, declaration, known.fields, through), known.object, known.fields, through)


def _read_through(subject: Object, name: str) -> str | None:
    """Returns the object to which a field points, or over which it is computed."""
    field = subject.fields[name]
    operations = field.declaration.summary_operations if isinstance(field.declaration, SummaryOptions) else None
    return field.reference if operations is None else operations.object


def _masked(document: Mapping[str, Any], known: KnownObject) -> dict[str, Any]:
    """Returns those keys of an object's document that name fields, without the fields that are hidden and what looks at them."""
    declared = known.object.declaration.fields
    hidden = declared.keys() - known.fields
    veiled = {path for path, read in known.object.looks_at.items() if not read <= known.fields}
    masked: dict[str, Any] = {
        "fields": {
            name: {
                key: value for key, value in _masked_field(name, field, known) if ("fields", name, key) not in veiled
            }
            for name, field in document["fields"].items()
            if name not in hidden
        }
    }
    rules = [rule for at, rule in enumerate(document.get("validations", ())) if ("validations", at) not in veiled]
    if rules:
        masked["validations"] = rules
    indexes = [index for index in document.get("indexes", ()) if hidden.isdisjoint(index["fields"])]
    if indexes:
        masked["indexes"] = indexes
    masked |= {key: document[key] for key in _NAMING_ONE if document.get(key) not in hidden | {None}}
    for key in _NAMING_SEVERAL:
        if seen := [name for name in document.get(key, ()) if name not in hidden]:
            masked[key] = seen
    if "titleFormat" in document and hidden.isdisjoint(title_fields(document["titleFormat"])):
        masked["titleFormat"] = document["titleFormat"]
    return masked


def _masked_field(name: str, field: Mapping[str, Any], known: KnownObject) -> Iterable[tuple[str, Any]]:
    """Returns the keys of a field's document; of a formula only what it returns where its expression names a field that is hidden."""
    formula = known.object.fields[name].shape.formula
    named = set() if formula is None else {*formula.inputs, *field.get("discloses", ())}
    if named <= known.fields:
        return field.items()
    return ((key, value) for key, value in field.items() if key not in _NAMING_INPUTS)
