"""A sheet: exported records as people read them in a table, with labels in place of keys, and nothing in a cell that would be run.

A program that opens a table takes a text that begins with one of a few characters for a formula; such a text gets an apostrophe before
it, in cells and in headings (OWASP, "CSV Injection"). A number is not a text, and neither is a text that is a number.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.engine.outcome import Exported
from fieldstone.registry.catalog import Object

BETWEEN = "; "
"""Stands between the members of a list."""

Dress = Callable[[str, Any], Any]
"""Brings a value of a column to how it is written on a surface."""

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class Column(msgspec.Struct, frozen=True, eq=False):
    """A column: its place in a row, its heading, the labels of its options, and the place of what its reference is called."""

    name: str
    place: int
    heading: str
    labels: Mapping[str, str]
    title: int | None


class Sheet(msgspec.Struct, frozen=True, eq=False):
    """The columns of exported records; `dress` writes the ids in them as the surface does."""

    columns: tuple[Column, ...]
    dress: Dress

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        return [harmless(column.heading) for column in self.columns]

    def cells(self, row: tuple[Any, ...]) -> list[str]:
        """Returns the texts of a row."""
        return [self._cell(column, row) for column in self.columns]

    def _cell(self, column: Column, row: tuple[Any, ...]) -> str:
        if column.title is not None and row[column.title] is not None:
            return harmless(str(row[column.title]))
        value = self.dress(column.name, row[column.place])
        if isinstance(value, msgspec.Raw):
            value = msgspec.json.decode(value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return harmless(column.labels.get(value, value))
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return harmless(BETWEEN.join(column.labels.get(item, item) for item in value))
        return harmless(msgspec.json.encode(value).decode()) if isinstance(value, list | dict) else str(value)


def sheet_of(subject: Object, exported: Exported, dress: Dress, *, raw: bool) -> Sheet:
    """Returns the sheet of exported records; a raw one has the names of fields above it, and keys and ids in it."""
    return Sheet(tuple(_column(subject, exported, place, raw=raw) for place in range(len(exported.columns))), dress)


def harmless(text: str) -> str:
    """Returns a text that no program takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _column(subject: Object, exported: Exported, place: int, *, raw: bool) -> Column:
    name = exported.columns[place]
    if raw:
        return Column(name, place, name, {}, None)
    field = subject.fields[name]
    options = getattr(field.declaration, "options", ())
    labels = {option.value: option.label for option in options if option.label is not None}
    return Column(name, place, field.label, labels, exported.titles.get(name))
