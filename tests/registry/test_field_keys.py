"""Every key of every field type acts: another value of it is another column, another reading, another right, or a refusal.

A key that only faces read is in `PRESENTED`, and is served as it was written; one that is neither there nor acts is red, and so is a new
key without another value here. The same is asked of what stands within a declaration: an option, a filter.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from docs.generator.field_samples import SAMPLES
from fieldstone.access.fields import readable_fields, writable_fields
from fieldstone.errors import DeclarationError
from fieldstone.kinds.fields.choice import Option
from fieldstone.kinds.fields.currency import CurrencyConfig
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.fields.masking import MaskingRule
from fieldstone.kinds.fields.reference import LookupFilter
from fieldstone.kinds.fields.summary import SummaryOperations
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.registry.catalog import Object, PermissionSet
from fieldstone.registry.objects import holds_text
from fieldstone.registry.validations.rule import Validations
from fieldstone.store.rename import renames_of
from fieldstone.store.schema import ColumnSchema, TableSchema
from tests.registry.declared import load

PRESENTED: Mapping[str, Any] = {
    "group": "money",
    "widget": "stars",
    "format": "0.00",
    "hidden": True,
    "language": "sql",
    "inlineHelpText": "How much?",
    "description": "What it costs.",
    "dependsOn": ["beside"],
    "displayField": "id",
    "descriptionField": "id",
    "lookupColumns": ["id", "version"],
    "allowCreate": True,
    "visibleWhen": "record.version > 1",
}
"""Keys that `/meta` serves and faces read, each with a value; those that name fields are checked for names that lead nowhere."""

ON_RECORDS = {
    "externalId": "tests/engine/test_upsert.py",
}
"""Keys that act on records alone, and where that is shown."""

OTHER: Mapping[str, Any] = {
    "label": "Another label",
    "required": True,
    "unique": True,
    "index": True,
    "searchable": True,
    "readonly": True,
    "internal": True,
    "requiredWhen": "record.version > 1",
    "readonlyWhen": "record.version > 1",
    "renamedFrom": "was",
    "requiredPermissions": ["query:explain"],
    "defaultValue": {"dialect": "cel", "source": "current_user.id"},
    "trackHistory": True,
    "lookupFilters": [{"field": "version", "value": 1}],
    "currencyConfig": {"precision": 3},
    "maskingRule": "name",
    "minLength": 3,
    "maxLength": 100,
    "pattern": "^never$",
    "min": 1,
    "max": 4,
    "scale": 1,
    "precision": 9,
    "approximate": True,
    "step": 2,
    "options": [{"value": "another"}],
    "minItems": 2,
    "maxItems": 1,
    "multiple": True,
    "reference": "product",
    "deleteBehavior": "restrict",
    "colorFormat": "rgb",
    "dimensions": 2,
    "fields": {"other": {"type": "boolean"}},
    "summaryOperations": {"object": "product", "function": "sum", "field": "hours"},
    "discloses": ["nothing"],
    "autonumberFormat": "N-{0}",
    "startAt": 7,
    "expression": "version + 1",
    "returnType": "text",
}
"""Another value of each key that acts."""

PROBES: tuple[Any, ...] = (
    *("", "a", "ab", "AB 12", "never", "low", "another", "a" * 150, "2026-03-05", "rgb(1, 2, 3)", "#112233"),
    *("correct horse", "correct", f"data:image/png;base64,{'A' * 150}", "https://example.org/" + "a" * 100, "a@b.org"),
    *("+4930123456", "01JXQ3V5Z8M4T7N2K6W9R1B0CD", 0, 0.5, 0.25, 1, 2, 3, 5, 30, 1e12),
    *([], ["low"], ["low", "high"], ["another"], ["a" * 150], [1, 2], [1, 2, 3], [0.5, 1, 2]),
    *({}, {"width": 1}, {"other": True}, {"amount": 1}, [{"amount": 1}], [{"amount": 1}] * 2, [{"other": True}]),
    *({"de": {"amount": 1}}, {"de": {"amount": 1}, "fr": {"amount": 1}}, {"de": {"other": True}}),
    *({"lat": 1, "lng": 2}, True),
)
"""Values that some field takes and another refuses."""


WITHIN: Mapping[type[msgspec.Struct], tuple[str, ...]] = {
    Option: ("value", "label", "color", "default", "visible_when"),
    LookupFilter: ("field", "operator", "value"),
    CurrencyConfig: ("precision", "currency_mode", "default_currency"),
    SummaryOperations: ("object", "function", "field", "relationship_field", "filter"),
    MaskingRule: ("keep_head", "keep_tail"),
}
"""What stands within declarations of fields, key by key; a new one wants a pair in `INNER` or is for faces alone."""


def _filters(**keys: Any) -> dict[str, Any]:
    return {"lookupFilters": [{"field": "version", "value": 1} | keys]}


def _money(**keys: Any) -> dict[str, Any]:
    return {"currencyConfig": keys}


def _summary(**keys: Any) -> dict[str, Any]:
    return {"scale": 0, "summaryOperations": {"object": "product", "function": "avg", "field": "hours"} | keys}


INNER: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    ("select", {"options": [{"value": "a"}]}, {"options": [{"value": "b"}]}),
    ("select", {"options": [{"value": "a"}]}, {"options": [{"value": "a", "default": True}]}),
    ("select", {"options": [{"value": "a"}]}, {"options": [{"value": "a", "visibleWhen": "record.nothing"}]}),
    ("lookup", _filters(), _filters(field="created_by")),
    ("lookup", _filters(), _filters(operator="gt")),
    ("lookup", _filters(), _filters(value=2)),
    ("text", {"maskingRule": {}}, {"maskingRule": {"keepHead": 1}}),
    ("text", {"maskingRule": {}}, {"maskingRule": {"keepTail": 1}}),
    ("text", {"maskingRule": "phone"}, {"maskingRule": "email"}),
    ("currency", _money(precision=2), _money(precision=3)),
    ("currency", _money(defaultCurrency="JPY"), _money(defaultCurrency="JPY", currencyMode="fixed")),
    (
        "currency",
        _money(defaultCurrency="JPY", currencyMode="fixed"),
        _money(defaultCurrency="KWD", currencyMode="fixed"),
    ),
    ("summary", _summary(), _summary(object="thing")),
    ("summary", _summary(), _summary(function="sum")),
    ("summary", _summary(), _summary(field="days")),
    ("summary", _summary(), _summary(relationshipField="hours")),
    ("summary", _summary(), _summary(filter={"days": 1})),
)
"""Two values of one key within a declaration, each of a type, that must differ. Labels and colours of options are for faces."""

PRODUCT = {
    "of": {"type": "lookup", "reference": "thing"},
    "hours": {"type": "number"},
    "days": {"type": "number", "scale": 0},
}
"""The fields of an object that refers to the one with the field."""

KEYS: Mapping[str, tuple[str, ...]] = {
    name: tuple(field.encode_name for field in msgspec.structs.fields(kind.declaration))
    for name, kind in FIELD_TYPES.items()
}


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_another_value_of_a_key_is_another_field_or_refused(tmp_path: Path, name: str) -> None:
    declared = sample_of(name)
    plain = seen(tmp_path, declared)
    idle = [
        key
        for key in KEYS[name]
        if not is_presented(name, key)
        and key not in ON_RECORDS
        and seen(tmp_path, declared | {key: other(declared, name, key)}) == plain
    ]
    assert idle == []


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_key_for_faces_is_served_as_it_was_written(tmp_path: Path, name: str) -> None:
    declared = sample_of(name) | {key: PRESENTED[key] for key in KEYS[name] if is_presented(name, key)}
    catalog = load(tmp_path, files_of(declared))
    assert catalog.items["object"]["thing"].document["fields"]["it"] == declared


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_key_for_faces_that_names_fields_takes_no_name_that_leads_nowhere(tmp_path: Path, name: str) -> None:
    for key in ("dependsOn", "displayField", "descriptionField", "lookupColumns"):
        if key in KEYS[name]:
            wrong = ["nothing"] if isinstance(PRESENTED[key], list) else "nothing"
            assert isinstance(seen(tmp_path, sample_of(name) | {key: wrong}), list)


def test_what_stands_within_a_declaration_acts_or_is_served() -> None:
    assert {struct: tuple(struct.__struct_fields__) for struct in WITHIN} == WITHIN


@pytest.mark.parametrize(("name", "plain", "other"), INNER)
def test_another_value_within_a_declaration_is_another_field_or_refused(
    tmp_path: Path, name: str, plain: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    assert seen(tmp_path, {**sample_of(name), **plain}) != seen(tmp_path, {**sample_of(name), **other})


def is_presented(name: str, key: str) -> bool:
    """Tells whether a key of a type is for faces alone; the `format` of an autonumber is what it is made by."""
    return key in PRESENTED and (name, key) != ("autonumber", "format")


def sample_of(name: str) -> dict[str, Any]:
    """Returns the sample of a type; what it refers to is the object that it stands in."""
    declared: dict[str, Any] = yaml.safe_load(SAMPLES[name].declared)
    if name == "summary":
        declared["summaryOperations"]["object"] = "product"
    return declared | {"reference": "thing"} if "reference" in declared else declared


def files_of(declared: Mapping[str, Any]) -> dict[str, str]:
    """Returns the files of an object with a field so declared, and another beside it."""
    thing = {"name": "thing", "ownership": "none", "fields": {"it": declared, "beside": {"type": "text"}}}
    return {
        "shop/thing.object.yaml": yaml.safe_dump(thing, allow_unicode=True, sort_keys=False),
        "shop/product.object.yaml": yaml.safe_dump({"name": "product", "fields": PRODUCT}),
    }


def other(declared: Mapping[str, Any], name: str, key: str) -> Any:
    """Returns another value of a key than the sample of a type has."""
    value: Any = "N-{0}" if key == "format" else OTHER[key]
    if (name, key) in (("master_detail", "required"), ("autonumber", "unique")):
        return False
    if value != declared.get(key):
        return value
    return not value if isinstance(value, bool) else value + 1


def test_every_presented_key_is_a_key_and_none_has_a_value_here() -> None:
    keys = {key for keys_of_type in KEYS.values() for key in keys_of_type}
    assert keys >= PRESENTED.keys() | ON_RECORDS.keys() | OTHER.keys()
    assert OTHER.keys().isdisjoint(PRESENTED.keys() | ON_RECORDS.keys())


def seen(folder: Path, declared: Mapping[str, Any]) -> Any:
    """Returns all that can be seen of a field so declared, or the faults of its declaration."""
    try:
        catalog = load(folder, files_of(declared))
    except DeclarationError as error:
        return [fault.message for fault in error.faults]
    subject = catalog.objects["thing"]
    field = subject.fields["it"]
    return (
        field.label,
        msgspec.structs.replace(field.shape, formula=None),
        field.shape.formula and field.shape.formula.node,
        field.type.schema(field.declaration),
        field.type.expression_type(field.declaration),
        (field.required, field.unique, field.declaration.index, field.declaration.searchable, field.internal),
        (field.reference, field.delete_behavior, field.multiple, field.default is not None),
        None if field.choice is None else (field.choice.where, field.choice.values),
        field.declaration.default_value,
        field.masking,
        "it" in writable_fields(subject, [_everything(subject)], frozenset(), transfer=False),
        "it" in readable_fields(subject, [_everything(subject)], frozenset()),
        renames_of(subject, TableSchema("thing", (ColumnSchema("was", "text", "text"),))),
        holds_text(field.declaration),
        _conditions(subject),
        [_read(field.reader, probe) for probe in PROBES],
        [(group.child, group.reference, group.rollups) for group in catalog.rollups],
        [(numbering.field, numbering.format, numbering.start) for numbering in subject.numbers],
    )


def _conditions(subject: Object) -> list[str]:
    """Returns what each field is under a condition."""
    found = subject.validations or Validations()
    conditions = [(condition, "required") for condition in found.required]
    conditions += [(condition, "read-only") for condition in found.readonly]
    return [f"{condition.field} is {what}" for condition, what in conditions]


def _everything(subject: Object) -> PermissionSet:
    declaration = PermissionDeclaration(name="all")
    return PermissionSet("all", declaration, {}, frozenset(), subject.place, "shop")


def _read(reader: Any, value: Any) -> Any:
    try:
        return reader(value)
    except Rejected as rejected:
        return rejected.code, rejected.message
