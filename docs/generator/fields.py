"""The page of fields: every field type with its options, how a value travels and is kept, and what is taken and refused."""

from typing import Any

import msgspec
import yaml

from docs.generator.field_samples import SAMPLES
from docs.generator.markdown import anchor, code, fenced, page, paragraph, table
from docs.generator.struct import NEEDED, Key, keys_of, nested, words
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES, AnyField
from fieldstone.query.storage import StorageClass
from fieldstone.query.values import exact_number
from fieldstone.registry.system_fields import NOT_NULL, system_options
from fieldstone.store.columns import column_of
from fieldstone.surfaces.http.encode import encode_json

INTRODUCTION = """\
A field stands under `fields` of an [object](kinds.md#object): `name: {type: text, ...}`. A value is read strictly:
one of another JSON type is refused, not turned into the right one. `null` clears a field. Numbers travel as JSON
numbers with all their digits, and never pass through a binary float unless the field says `approximate: true`."""

EXAMPLE = """\
name: ticket
fields:
  subject: {type: text, required: true, maxLength: 120, searchable: true}
  state:
    type: select
    options: [{value: open, label: Open, default: true}, {value: done, label: Done}]
  hours: {type: number, scale: 2, min: 0}
  customer: {type: lookup, reference: customer, deleteBehavior: restrict, lookupFilters: [{field: active, value: true}]}
  watchers: {type: user, multiple: true, maxItems: 10}
  phone: {type: phone, maskingRule: phone}
  opened_on: {type: date, defaultValue: {dialect: cel, source: today()}}
"""

_JSON = msgspec.json.Decoder(float_hook=exact_number)

_TRASH = "with `enable: {trash: true}`"
SYSTEM = """\
Every object has these without declaring them. A body may not set them; `owner_id` changes by an update of somebody
who holds `allowTransfer`. `version` rises by one with each change.

An object may do without some: `systemFields: {audit: false}`, or `{tenant: false}`, which takes it out of the organisation
wall as `tenancy: none` does, or `false` for both. What the database holds already does not change: leaving fields out,
or taking them back, belongs to `fieldstone migrate` once there is a table."""

OPTIONS = """\
Every field takes these. `defaultValue` is checked as any value of the field is. An expression there is written
`{dialect: cel, source: ...}` and may name `current_user`."""

TYPES = """\
Each type has a section below: its own keys, how a value travels and is kept, and what becomes of some values. What is
refused is told with a code, all faults of a body together: see [codes of fields](errors.md#codes-of-fields)."""

PARTS = """\
What stands within the keys above."""


def fields_page() -> str:
    """Returns the page."""
    common = keys_of(FieldOptions, _link)
    return page(
        "Fields",
        INTRODUCTION,
        _example(),
        "## Options of every field",
        OPTIONS,
        _keys(common),
        "## System fields",
        SYSTEM,
        _system(),
        "## Types",
        TYPES,
        _overview(),
        *(_section(field_type, {key.name: key for key in common}) for field_type in FIELD_TYPES.values()),
        "## Parts of declarations",
        PARTS,
        *(_part(struct) for struct in _parts()),
    )


def _example() -> str:
    """Returns an example of several fields; raises ValidationError for one that no declaration could be."""
    msgspec.convert(yaml.safe_load(EXAMPLE)["fields"], dict[str, AnyField])
    return fenced(EXAMPLE, "yaml")


def _overview() -> str:
    """Returns the table of all types, each with a link to its section."""
    rows = [
        (f"[{code(name)}]({anchor(code(name))})", field_type.summary, _json_type(field_type))
        for name, field_type in FIELD_TYPES.items()
    ]
    return table(("type", "holds", "in JSON"), rows)


def _json_type(field_type: FieldType) -> str:
    schema = field_type.schema(_declared(field_type))
    if "multiple" in field_type.declaration.__struct_fields__:
        return "string or list"
    types = [str(each.get("type", "any value")) for each in schema.get("anyOf", [schema])]
    return " or ".join("list" if name == "array" else name for name in types)


def _parts() -> list[type[msgspec.Struct]]:
    """Returns the Structs that stand within the declarations of types, each once, in order."""
    types = {field_type.declaration for field_type in FIELD_TYPES.values()}
    found = (struct for field_type in FIELD_TYPES.values() for struct in nested(field_type.declaration))
    return list(dict.fromkeys(struct for struct in found if struct not in types))


def _part(struct: type[msgspec.Struct]) -> str:
    return f"### {words(struct)}\n\n{paragraph(struct.__doc__)}\n\n{_keys(keys_of(struct, _link))}"


def _declared(field_type: FieldType) -> FieldOptions:
    """Returns the declaration of the sample of a type."""
    declaration: FieldOptions = msgspec.convert(yaml.safe_load(SAMPLES[field_type.name].declared), AnyField)
    return declaration


def _section(field_type: FieldType, common: dict[str, Key]) -> str:
    sample = SAMPLES[field_type.name]
    declaration = _declared(field_type)
    own = [key for key in keys_of(field_type.declaration, _link) if common.get(key.name) != key]
    own.sort(key=lambda key: key.default != NEEDED)
    sent = [(code(text), _became(field_type, declaration, text)) for text in sample.sent]
    parts = [
        f"## {code(field_type.name)}",
        paragraph(field_type.declaration.__doc__),
        _keys(own),
        _storage(field_type, declaration),
        f"With {code(sample.declared)}:" if sent else f"Such as {code(sample.declared)}. Nobody sets it.",
        table(("sent", "answered or refused"), sent) if sent else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _storage(field_type: FieldType, declaration: FieldOptions) -> str:
    storage = field_type.storage(declaration)
    if storage.kind == StorageClass.NONE:
        return _described(field_type, declaration, "Nothing is kept")
    sqlite, postgres = column_of("sqlite", storage).ddl, column_of("postgresql", storage).ddl
    kept = f"Kept as {storage.kind}: {code(sqlite)} on SQLite, {code(postgres)} on PostgreSQL"
    return _described(field_type, declaration, kept)


def _described(field_type: FieldType, declaration: FieldOptions, kept: str) -> str:
    family = "none" if field_type.internal else field_type.family(declaration)
    return (
        f"On the wire: {code(encode_json(field_type.schema(declaration)).decode())}. {kept}. "
        f"In expressions: {code(field_type.expression_type(declaration))}. Filtered as [{family}](objectql.md#families)."
    )


def _became(field_type: FieldType, declaration: FieldOptions, sent: str) -> str:
    """Returns what an answer shows of a value that was sent, or how it is refused."""
    try:
        value = field_type.reader(declaration)(_JSON.decode(sent))
    except Rejected as rejected:
        return f"refused: {code(rejected.code)} {rejected.message}"
    if field_type.internal:
        return "taken, never answered"
    if field_type.mask is not None:
        return f"taken, answered as {code(encode_json(field_type.mask).decode())}"
    return code(_answered(field_type, declaration, value))


def _answered(field_type: FieldType, declaration: FieldOptions, value: Any) -> str:
    column = column_of("sqlite", field_type.storage(declaration))
    kept = value if column.to_driver is None else column.to_driver(value)
    return encode_json(kept if column.to_wire is None else column.to_wire(kept)).decode()


def _system() -> str:
    everywhere = system_options(walled=False, owned=False, trash=False, audited=False)
    when = {
        "organization_id": "unless `tenancy: none` or `systemFields: {tenant: false}`",
        "owner_id": "unless `ownership: none` or `controlled_by_parent`",
        **dict.fromkeys(
            ("created_at", "updated_at", "created_by", "updated_by"), "unless `systemFields: {audit: false}`"
        ),
        "deleted_at": _TRASH,
        "deleted_by": _TRASH,
        "deleted_with": f"{_TRASH}; never shown",
    }
    rows = []
    for name, options in system_options(walled=True, owned=True, trash=True, audited=True).items():
        kind = str(options.__struct_config__.tag)
        reference = getattr(options, "reference", None)
        points = f" to {code(reference)}" if reference else ""
        never = "always" if name in NOT_NULL else ""
        rows.append((code(name), code(kind) + points, never, "" if name in everywhere else when[name]))
    return table(("field", "type", "has a value", "is there"), rows)


def _keys(keys: list[Key]) -> str:
    return table(
        ("key", "takes", "default", "meaning"), [(code(key.name), key.type, key.default, key.meaning) for key in keys]
    )


def _link(struct: type[msgspec.Struct]) -> str:
    return f"[{words(struct).lower()}]({anchor(words(struct))})"
