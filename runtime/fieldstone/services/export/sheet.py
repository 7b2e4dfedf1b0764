"""A sheet: exported records as people read them in a table, with labels in place of keys, and nothing in a cell that would be run.

A program that opens a table takes a text that begins with one of a few characters for a formula; such a text gets an apostrophe before
it, in cells and in headings (OWASP, "CSV Injection"). A number is not a text, and neither is a text that is a number.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.engine.outcome import Exported
from fieldstone.query.storage import Storage
from fieldstone.registry.catalog import Object

BETWEEN = "; "
"""Stands between the members of a list."""

Cell = str | int | float | Decimal | bool | None
"""What stands in a cell; an instant and a day are texts, as they are everywhere."""

Dress = Callable[[Any], Any]
"""Brings a value, which is not null, to how it is written on a surface."""

_RUN = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class Column(msgspec.Struct, frozen=True, eq=False):
    """A column: its place in a row, its heading, how its values are stored and read, and the place of what a reference is called."""

    name: str
    place: int
    heading: str
    storage: Storage
    read: Callable[[Any], Cell]
    title: int | None = None

    def cell(self, row: tuple[Any, ...]) -> Cell:
        """Returns what stands in this column of a row."""
        if self.title is not None and row[self.title] is not None:
            return str(row[self.title])
        value = row[self.place]
        return None if value is None else self.read(value)


class Sheet(msgspec.Struct, frozen=True, eq=False):
    """The columns of exported records."""

    columns: tuple[Column, ...]

    @property
    def headings(self) -> list[str]:
        """What stands above the columns, as a program may read it."""
        return [harmless(column.heading) for column in self.columns]

    def texts(self, row: tuple[Any, ...]) -> list[str]:
        """Returns the texts of a row, as a program may read them."""
        return [harmless(cell) if type(cell := column.cell(row)) is str else text_of(cell) for column in self.columns]


def sheet_of(subject: Object, exported: Exported, dress_of: Callable[[str], Dress | None], *, raw: bool) -> Sheet:
    """Returns the sheet of exported records; `dress_of` tells what brings the values of a column to how a surface writes them.

    A raw one has the names of fields above it, and keys and ids in it.
    """
    columns = enumerate(exported.columns)
    return Sheet(tuple(_column(subject, exported, place, dress_of(name), raw=raw) for place, name in columns))


def text_of(cell: Cell) -> str:
    """Returns a cell as text."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def may_run(text: str) -> bool:
    """Tells whether a program might take a text for a formula."""
    return text[:1] in _RUN and not _NUMBER.fullmatch(text)


def harmless(text: str) -> str:
    """Returns a text that no program takes for a formula."""
    return f"'{text}" if may_run(text) else text


def _column(subject: Object, exported: Exported, place: int, dress: Dress | None, *, raw: bool) -> Column:
    name = exported.columns[place]
    field = subject.fields[name]
    storage = field.shape.storage
    if raw:
        return Column(name, place, name, storage, _reader({}, dress))
    options = getattr(field.declaration, "options", ())
    labels = {option.value: option.label for option in options if option.label is not None}
    return Column(name, place, field.label, storage, _reader(labels, dress), exported.titles.get(name))


def _reader(labels: Mapping[str, str], dress: Dress | None) -> Callable[[Any], Cell]:
    """Returns what reads the values of a column that are not null."""

    def read(value: Any) -> Cell:
        if dress is not None:
            value = dress(value)
        if type(value) is str:
            return labels.get(value, value)
        return _composed(value, labels) if isinstance(value, msgspec.Raw | list | dict) else value

    return read


def _composed(value: Any, labels: Mapping[str, str]) -> str:
    """Returns a JSON value as text, a list of texts by their labels."""
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return labels.get(value, value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return BETWEEN.join(labels.get(item, item) for item in value)
    return msgspec.json.encode(value).decode()
