"""Field types made of other fields: one group of them, a list of groups, groups by name.

The parts are declared like fields and read by their own readers; a fault names its part by a path such as `lines[2].amount`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields import boolean, choice, currency, gauge, markup, number, place, tags, temporal, text
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, PartsRejected, Reader, Rejected, subject
from fieldstone.kinds.fields.members import Count, check_count, check_counts
from fieldstone.kinds.fields.place import rejected_part, unknown_parts
from fieldstone.query.cel.types import DYN
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import is_clean

PART_TYPES: Mapping[type[FieldOptions], FieldType] = {
    field_type.declaration: field_type
    for family in (text, markup, number, currency, gauge, boolean, temporal, choice, tags, place)
    for field_type in family.TYPES
}

PartName = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63)]
Part = (
    text.TextOptions
    | text.TextareaOptions
    | text.MarkdownOptions
    | text.EmailOptions
    | text.UrlOptions
    | text.PhoneOptions
    | markup.HtmlOptions
    | markup.RichtextOptions
    | markup.CodeOptions
    | markup.ColorOptions
    | markup.SignatureOptions
    | markup.QrcodeOptions
    | number.NumberOptions
    | number.PercentOptions
    | currency.CurrencyOptions
    | gauge.RatingOptions
    | gauge.SliderOptions
    | gauge.ProgressOptions
    | boolean.BooleanOptions
    | boolean.ToggleOptions
    | temporal.DateOptions
    | temporal.DatetimeOptions
    | temporal.TimeOptions
    | choice.SelectOptions
    | choice.RadioOptions
    | choice.MultiselectOptions
    | choice.CheckboxesOptions
    | tags.TagsOptions
    | place.LocationOptions
    | place.AddressOptions
)
"""A field that can be a part: what stands for itself, without asking the database."""

_PRESENTED = frozenset({"label", "description", "inline_help_text", "group", "widget", "format", "hidden", "required"})
_UNFIT = frozenset(FieldOptions.__struct_fields__) - _PRESENTED
"""The options of a field that a part cannot have."""


class CompositeOptions(FieldOptions, frozen=True, kw_only=True, tag="composite"):
    """A group of fields, kept as one value."""

    fields: Annotated[dict[PartName, Part], msgspec.Meta(min_length=1)]
    """The parts by name; they know the options of their types, and those of every field that say how they are shown and `required`."""


class RepeaterOptions(CompositeOptions, frozen=True, kw_only=True, tag="repeater"):
    """A list of groups of fields, in the order sent."""

    min_items: Count | None = None
    """The fewest groups, where there are any."""
    max_items: Count | None = None
    """The most groups."""


class RecordOptions(RepeaterOptions, frozen=True, kw_only=True, tag="record"):
    """Groups of fields by names that are free."""


def _read_group(declaration: CompositeOptions) -> Callable[[Any, str], dict[str, Any]]:
    """Returns how one group is read; what is absent or null is left out of it."""
    readers = {name: _part_reader(name, options) for name, options in declaration.fields.items()}
    needed = [name for name, options in declaration.fields.items() if options.required]

    def read(value: Any, path: str) -> dict[str, Any]:
        if type(value) is not dict:
            message = f"{subject(declaration)} is an object with parts such as `{next(iter(readers))}`"
            raise rejected_part(path, "invalid_type", message)
        faults = [_moved(fault, path) for fault in unknown_parts(value, tuple(readers))]
        group: dict[str, Any] = {}
        for name, reader in readers.items():
            if value.get(name) is None:
                if name in needed:
                    faults.append(_required(declaration, name, path))
                continue
            try:
                group[name] = reader(value[name])
            except Rejected as rejected:
                faults += [_told(declaration, name, fault, path, value[name]) for fault in rejected.faults()]
        if faults:
            raise PartsRejected(faults)
        return group

    return read


def _read_composite(declaration: CompositeOptions) -> Reader:
    read_group = _read_group(declaration)
    return lambda value: read_group(value, "")


def _read_repeater(declaration: RepeaterOptions) -> Reader:
    read_group = _read_group(declaration)

    def read(value: Any) -> list[dict[str, Any]]:
        if type(value) is not list:
            raise Rejected("invalid_type", f"{subject(declaration)} is a list of objects")
        _check_groups(declaration, len(value))
        return [group for _, group in _every(read_group, ((f"[{at}]", item) for at, item in enumerate(value)))]

    return read


def _read_record(declaration: RecordOptions) -> Reader:
    read_group = _read_group(declaration)

    def read(value: Any) -> dict[str, dict[str, Any]]:
        if type(value) is not dict or not all(
            type(key) is str and 0 < len(key) <= 255 and is_clean(key) for key in value
        ):
            raise Rejected("invalid_type", f"{subject(declaration)} is an object whose values are objects")
        _check_groups(declaration, len(value))
        found = _every(read_group, ((f".{key}", item) for key, item in value.items()))
        return {path[1:]: group for path, group in found}

    return read


def _every(read_group: Callable[[Any, str], dict[str, Any]], items: Any) -> list[tuple[str, dict[str, Any]]]:
    """Returns every group with its path; raises PartsRejected with the faults of all of them."""
    groups: list[tuple[str, dict[str, Any]]] = []
    faults: list[Rejected] = []
    for path, item in items:
        try:
            groups.append((path, read_group(item, path)))
        except Rejected as rejected:
            faults += rejected.faults()
    if faults:
        raise PartsRejected(faults)
    return groups


def _check_groups(declaration: RepeaterOptions, count: int) -> None:
    if not count and declaration.required:
        raise Rejected("required", f"{subject(declaration)} is required")
    check_count(declaration, count, declaration.min_items, declaration.max_items)


def _part_reader(name: str, options: FieldOptions) -> Reader:
    """Returns the reader of a part; numbers come out as they are shown, without the zeros that only a column needs."""
    kind = PART_TYPES[type(options)]
    reader = kind.reader(msgspec.structs.replace(options, label=_label(name, options)))
    storage = kind.storage(options)
    if storage.kind != StorageClass.DECIMAL or storage.fixed:
        return reader
    return lambda value: _trimmed(reader(value))


def _trimmed(value: Decimal) -> Decimal | int:
    whole = int(value)
    return whole if whole == value else value.normalize()


def _label(name: str, options: FieldOptions) -> str:
    spelled = name.strip("_").replace("_", " ") or name
    return options.label or spelled[:1].upper() + spelled[1:]


def _required(declaration: CompositeOptions, name: str, path: str) -> Rejected:
    label = _label(name, declaration.fields[name])
    fault = rejected_part(f"{path}.{name}", "required", f"{label} is required")
    fault.label = label
    return fault


def _told(declaration: CompositeOptions, name: str, fault: Rejected, path: str, sent: Any) -> Rejected:
    fault.label = fault.label or _label(name, declaration.fields[name])
    fault.value = sent if not fault.path else fault.value
    return _moved(fault, f"{path}.{name}")


def _moved(fault: Rejected, path: str) -> Rejected:
    fault.path = path + fault.path
    return fault


def _check(declaration: CompositeOptions) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    blank = FieldOptions()
    for name, options in declaration.fields.items():
        kind = PART_TYPES[type(options)]
        faults += [("fields", f"of `{name}`: {message}") for _, message in kind.check(options)]
        chosen = isinstance(options, choice.ChoiceOptions) and any(option.default for option in options.options)
        unfit = [key for key in sorted(_UNFIT) if getattr(options, key) != getattr(blank, key)]
        unfit += ["masking_rule"] if getattr(options, "masking_rule", None) is not None else []
        if unfit or chosen:
            key = unfit[0] if unfit else "default"
            spelled = "".join(word.capitalize() if at else word for at, word in enumerate(key.split("_")))
            faults.append(("fields", f"`{name}` is a part of a value, and cannot say `{spelled}`"))
    return faults


def _group_schema(declaration: CompositeOptions) -> dict[str, Any]:
    parts = {}
    for name, options in declaration.fields.items():
        schema = PART_TYPES[type(options)].schema(options)
        parts[name] = schema if options.required or not schema else schema | {"nullable": True}
    needed = [name for name, options in declaration.fields.items() if options.required]
    schema = {"type": "object", "properties": parts, "additionalProperties": False}
    return schema | {"required": needed} if needed else schema


def _repeater_schema(declaration: RepeaterOptions) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": _group_schema(declaration)}
    return schema if declaration.max_items is None else schema | {"maxItems": declaration.max_items}


def _record_schema(declaration: RecordOptions) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _group_schema(declaration)}


def _composite_type(
    declaration: type[CompositeOptions],
    summary: str,
    reader: Callable[[Any], Reader],
    schema: Callable[[Any], dict[str, Any]],
) -> FieldType:
    counted = issubclass(declaration, RepeaterOptions)
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=reader,
        schema=schema,
        expression_type=lambda _declaration: DYN,
        check=lambda declared: [*_check(declared), *(check_counts(declared) if counted else [])],
    )


TYPES = (
    _composite_type(CompositeOptions, "A group of fields, as one value", _read_composite, _group_schema),
    _composite_type(RepeaterOptions, "A list of groups of fields", _read_repeater, _repeater_schema),
    _composite_type(RecordOptions, "Groups of fields by free names", _read_record, _record_schema),
)
