"""What a cell means to a field: texts, numbers and marks brought to the value that the field's own reader then takes or refuses.

An import alone coerces (contract 2.2 and 3.6); what cannot be read goes on as it is, so that a field refuses it in its own words.
References are looked up by `references.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.engine.operation import ImportColumn
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.storage import StorageClass
from fieldstone.query.values import exact_number
from fieldstone.registry.catalog import Field
from fieldstone.services.imports.amounts import TwoWays, read_amount
from fieldstone.services.imports.days import read_written_day, read_written_instant, read_written_time

Coerce = Callable[[Field, Any, ImportColumn], Any]
"""Returns the value of a cell that is not blank; raises Rejected for one that can be read in two ways."""

BETWEEN = ";"
"""Stands between the members of a list."""

_YES = frozenset({"true", "t", "yes", "y", "on", "1", "x"})
_NO = frozenset({"false", "f", "no", "n", "off", "0"})
_JSON = msgspec.json.Decoder(float_hook=exact_number)


def coerce(field: Field, cell: Any, column: ImportColumn) -> Any:
    """Returns what a cell means to its field; raises Rejected."""
    if column.transform == "date_format" and isinstance(cell, str):
        cell = _day(field, cell, column)
    if getattr(field.declaration, "options", None):
        return _choice(field, cell, column)
    if field.shape.comparison == "time":
        return _time(field, cell, column)
    return _BY_STORAGE.get(field.shape.storage.kind, _as_it_is)(field, cell, column)


def members(cell: str) -> list[str]:
    """Returns the members of a list that one text holds."""
    return [text for part in cell.split(BETWEEN) if (text := part.strip())]


def _text(_field: Field, cell: Any, _column: ImportColumn) -> Any:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell) if isinstance(cell, int | float | Decimal) else cell


def _number(field: Field, cell: Any, column: ImportColumn) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        number = read_amount(cell, column.decimal_mark)
    except TwoWays:
        raise Rejected("invalid_number", f"{field.label} can be read in two ways: `{cell}`") from None
    if number is None:
        raise Rejected("invalid_number", f"{field.label} is a number")
    return number


def _boolean(_field: Field, cell: Any, _column: ImportColumn) -> Any:
    if isinstance(cell, bool):
        return cell
    word = str(cell).strip().lower()
    return True if word in _YES else False if word in _NO else cell


def _day(field: Field, cell: Any, column: ImportColumn) -> Any:
    return _temporal(field, cell, lambda text: read_written_day(text, column.date_order))


def _instant(field: Field, cell: Any, column: ImportColumn) -> Any:
    return _temporal(field, cell, lambda text: read_written_instant(text, column.date_order))


def _time(field: Field, cell: Any, _column: ImportColumn) -> Any:
    return _temporal(field, cell, read_written_time)


def _temporal(field: Field, cell: Any, read: Callable[[str], str | None]) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        found = read(cell)
    except TwoWays:
        raise Rejected("invalid_date", f"{field.label} can be read in two ways: `{cell}`") from None
    return cell if found is None else found


def _choice(field: Field, cell: Any, column: ImportColumn) -> Any:
    several = field.shape.storage.kind == StorageClass.JSON
    if not several:
        return _option(field, _text(field, cell, column))
    texts = members(cell) if isinstance(cell, str) else cell
    return [_option(field, text) for text in texts] if isinstance(texts, list) else texts


def _option(field: Field, text: Any) -> Any:
    """Returns the value of the option that a text means, by its value or its label, the case aside where nothing else has it."""
    options = getattr(field.declaration, "options", ())
    if not isinstance(text, str) or any(option.value == text for option in options):
        return text
    for fold in (str, str.casefold):
        found = {option.value for option in options if fold(text) in (fold(option.value), fold(option.label or ""))}
        if len(found) == 1:
            return found.pop()
    return text


def _parts(field: Field, cell: Any, _column: ImportColumn) -> Any:
    """Returns the words of a list, or the value of a JSON text."""
    if not isinstance(cell, str):
        return cell
    listed = cell.lstrip()[:1] in ("[", "{")
    if field.shape.comparison == "list" and not listed:
        return members(cell)
    try:
        return _JSON.decode(cell)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Rejected("invalid_type", f"{field.label} is JSON") from None


def _as_it_is(_field: Field, cell: Any, _column: ImportColumn) -> Any:
    return cell


_BY_STORAGE: Mapping[StorageClass, Coerce] = {
    StorageClass.TEXT: _text,
    StorageClass.INTEGER: _number,
    StorageClass.DECIMAL: _number,
    StorageClass.DOUBLE: _number,
    StorageClass.BOOLEAN: _boolean,
    StorageClass.DAY: _day,
    StorageClass.INSTANT: _instant,
    StorageClass.JSON: _parts,
}
