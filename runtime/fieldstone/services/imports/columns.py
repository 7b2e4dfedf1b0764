"""Columns: to which field each column of a sheet goes, and how its cells are read.

Without a mapping a column goes to the field of its name, or, where there is none, to the one with that label. With one, columns that it
does not name are left out, and told as left out. Names that the caller may not know are not looked at; whether he may set a field is asked
by the door.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from fieldstone.engine.operation import ImportColumn
from fieldstone.errors import Invalid
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Object
from fieldstone.services.imports.sheet import DateOrder, DecimalMark, Sheet

MAPPING = "mapping"


class ColumnMapping(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Where a column goes: `targetField` is a field, or `customer.code` for the record of a reference with that unique value.

    `dateFormat` is the order of day, month and year in its cells, `decimalMark` what stands before decimals; `defaultValue` stands for
    blank cells, and a row with a blank `required` one fails. `date_format` reads a day into whatever field; `lookup` asks for a reference.
    """

    source_field: str
    target_field: str
    transform: Literal["none", "uppercase", "lowercase", "trim", "date_format", "lookup"] = "none"
    date_format: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    default_value: Any = None
    required: bool = False


class Reading(msgspec.Struct, frozen=True):
    """How all columns are read that do not say it themselves."""

    date_format: DateOrder | None = None
    decimal_mark: DecimalMark | None = None


class Laid(msgspec.Struct, frozen=True):
    """The columns that go somewhere with their rows, and the names of those that are left out."""

    columns: tuple[ImportColumn, ...]
    rows: Sequence[Any]
    left_out: tuple[str, ...]


def lay_columns(
    sheet: Sheet,
    mapping: Mapping[str, str | None] | Sequence[ColumnMapping] | None,
    reading: Reading,
    subject: Object,
    known: Iterable[str],
) -> Laid:
    """Returns where the columns of a sheet go; `known` are the fields that the caller may read or set. Raises Invalid."""
    entries = entries_by_names(sheet, subject, frozenset(known)) if mapping is None else _entries(mapping)
    for number, entry in enumerate(entries):
        if entry.source_field not in sheet.columns:
            path = f"{MAPPING}.{shown(entry.source_field)}"
            hint = did_you_mean(entry.source_field, sheet.columns) or _listed(sheet.columns)
            raise _invalid(f"There is no column `{shown(entry.source_field)}`.", path, hint)
        if any(other.source_field == entry.source_field for other in entries[:number]):
            raise _invalid(f"The column `{shown(entry.source_field)}` is mapped twice.", MAPPING)
    places = [sheet.columns.index(entry.source_field) for entry in entries]
    rows = [sheet.faults.get(at) or tuple(row[place] for place in places) for at, row in enumerate(sheet.rows)]
    named = {entry.source_field for entry in entries}
    left_out = tuple(name for name in sheet.columns if name not in named)
    return Laid(tuple(_column(sheet, entry, reading) for entry in entries), rows, left_out)


def _entries(mapping: Mapping[str, str | None] | Sequence[ColumnMapping]) -> list[ColumnMapping]:
    if isinstance(mapping, Mapping):
        return [ColumnMapping(source, target) for source, target in mapping.items() if target is not None]
    return list(mapping)


def entries_by_names(sheet: Sheet, subject: Object, known: frozenset[str]) -> list[ColumnMapping]:
    """Returns columns by the names of their fields, and by labels where just one field has it."""
    labels: dict[str, list[str]] = {}
    for name in known:
        labels.setdefault(subject.fields[name].label.casefold(), []).append(name)
    entries = []
    for column in sheet.columns:
        labelled = labels.get(column.casefold(), [])
        named = column.partition(".")[0] in known or len(labelled) != 1
        entries.append(ColumnMapping(column, column if named else labelled[0]))
    return entries


def _column(sheet: Sheet, entry: ColumnMapping, reading: Reading) -> ImportColumn:
    form = sheet.form(entry.source_field)
    field, _, by = entry.target_field.partition(".")
    order = entry.date_format or reading.date_format
    if entry.transform == "date_format" and order is None:
        path = f"{MAPPING}.{shown(entry.source_field)}"
        raise _invalid("`date_format` needs to know the order of a day's parts.", path, "Add `dateFormat: dmy`.")
    return ImportColumn(
        source=entry.source_field,
        field=field,
        by=by or None,
        decimal_mark=entry.decimal_mark or reading.decimal_mark or form.decimal_mark,
        date_order=order or form.date_order,
        transform=entry.transform,
        default=entry.default_value,
        required=entry.required,
    )


def _listed(columns: Sequence[str]) -> str | None:
    return f"There are {', '.join(f'`{shown(name)}`' for name in columns[:10])}." if columns else None


def _invalid(message: str, path: str, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_IMPORT", path=path, hint=hint)
