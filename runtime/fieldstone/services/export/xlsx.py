"""Workbooks: exported records as an xlsx file, with numbers, days, instants and truth values as what they are.

A row goes to a file beside as soon as it is written, so that a workbook is never in memory. No text is ever a formula: it is written as a
text, and marked as one, so that it stays one where somebody edits its cell.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from fieldstone.query.storage import Storage, StorageClass
from fieldstone.services.export.content import Content, Row
from fieldstone.services.export.sheet import Cell, Column, may_run, text_of

MOST_ROWS = 1_048_576
"""A sheet of Excel has so many; what is beyond goes on in the next one."""

MOST_CHARACTERS = 32_767
"""A cell of Excel holds so many."""

MOST_DIGITS = 15
"""Excel calculates with so many; a number of more is written as text, with all of them."""

ROWS_AT_ONCE = 20
NARROWEST, WIDEST = 8, 60
MEASURED = 1_000
"""So many rows of a sheet tell how wide the columns are."""

BYTES_AT_ONCE = 1 << 16
NOTES = "Notes"

_FIRST_DAY = "1900-03-01"
"""Before it the days of Excel are not those of the calendar."""

_SHEET_NAME = 31
_UNFIT = re.compile(r"[\[\]:*?/\\]")
_DAY, _INSTANT = "yyyy-mm-dd", 'yyyy-mm-dd hh:mm:ss "UTC"'
_WIDTHS = {StorageClass.DAY: 11, StorageClass.INSTANT: 24}


async def write_xlsx(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields a workbook; it is whole before its first byte goes out, on disk."""
    with TemporaryDirectory(prefix="fieldstone-export-") as folder:
        path = Path(folder, "export.xlsx")
        book = Book(path, content)
        async with aclosing(content.portions(ROWS_AT_ONCE)) as portions:
            async for rows in portions:
                book.add(rows)
        await asyncio.to_thread(book.close)
        with await asyncio.to_thread(path.open, "rb") as file:
            while part := await asyncio.to_thread(file.read, BYTES_AT_ONCE):
                yield part


class Book:
    """A workbook that is being written: a sheet, and a further one whenever the last is full."""

    def __init__(self, path: Path, content: Content, most_rows: int = MOST_ROWS) -> None:
        """Begins a workbook at a path; its temporary files lie beside it."""
        options = {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
        self._book = xlsxwriter.Workbook(str(path), options)
        made = datetime.fromisoformat(content.exported.at).astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": content.title, "author": content.asker, "created": made})
        self._title = _sheet_title(content.title)
        self._columns = content.sheet.columns
        self._header = content.header
        self._most_rows = most_rows
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._formats = [self._format(column.storage) for column in self._columns]
        self._widths = [len(column.heading) + 3 for column in self._columns]
        self._cut = 0
        self._sheets: list[Worksheet] = []
        self._row = 0
        self._next_sheet()

    def add(self, rows: list[Row]) -> None:
        """Writes rows."""
        for row in rows:
            if self._row == self._most_rows:
                self._end_sheet()
                self._next_sheet()
            for place, column in enumerate(self._columns):
                cell = column.cell(row)
                if cell is not None:
                    self._write(place, column, cell)
            self._row += 1

    def close(self) -> None:
        """Writes the file."""
        self._end_sheet()
        if self._cut:
            notes = self._book.add_worksheet(NOTES)
            notes.set_column(0, 0, WIDEST)
            for number, line in enumerate(self._notes()):
                notes.write_string(number, 0, line, self._book.add_format({"text_wrap": True}))
        self._book.close()

    def _notes(self) -> Iterator[str]:
        texts = "One text is longer" if self._cut == 1 else f"{self._cut:,} texts are longer"
        yield f"{texts} than {MOST_CHARACTERS:,} characters, which is all that a cell of a workbook holds: the rest is missing here."
        yield "The same export as csv or json has all of it."

    def _next_sheet(self) -> None:
        number = len(self._sheets) + 1
        ending = "" if number == 1 else f" ({number})"
        sheet = self._book.add_worksheet(f"{_first_units(self._title, _SHEET_NAME - len(ending))}{ending}")
        self._sheets.append(sheet)
        self._row = 0
        if self._header:
            for place, column in enumerate(self._columns):
                marks = {"bold": True, "bottom": 1, "bg_color": "#E8EDF3", "quote_prefix": may_run(column.heading)}
                sheet.write_string(0, place, column.heading, self._book.add_format(marks))
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            self._row = 1

    def _end_sheet(self) -> None:
        sheet = self._sheets[-1]
        for place, width in enumerate(self._widths):
            sheet.set_column(place, place, min(max(width, NARROWEST), WIDEST))
        if self._header and self._columns:
            sheet.autofilter(0, 0, max(self._row - 1, 0), len(self._columns) - 1)

    def _format(self, storage: Storage) -> Format | None:
        """Returns how a column shows what is no text."""
        if storage.kind is StorageClass.DECIMAL and storage.fixed:
            return self._book.add_format({"num_format": f"0.{'0' * storage.scale}" if storage.scale else "0"})
        shown = {StorageClass.DAY: _DAY, StorageClass.INSTANT: _INSTANT, StorageClass.INTEGER: "0"}.get(storage.kind)
        return None if shown is None else self._book.add_format({"num_format": shown})

    def _write(self, place: int, column: Column, cell: Any) -> None:
        sheet, row = self._sheets[-1], self._row
        if row <= MEASURED:
            self._widen(place, column, cell)
        if isinstance(cell, bool):
            sheet.write_boolean(row, place, cell)
        elif isinstance(cell, str):
            moment = _moment(column, cell)
            if moment is None:
                self._write_text(place, cell)
            else:
                sheet.write_datetime(row, place, moment, self._formats[place])
        elif _is_exact(cell):
            sheet.write_number(row, place, cell, self._formats[place])
        else:
            self._write_text(place, text_of(cell))

    def _write_text(self, place: int, text: str) -> None:
        quoted = self._quoted if may_run(text) else None
        if self._sheets[-1].write_string(self._row, place, text, quoted) == -2:
            self._cut += 1

    def _widen(self, place: int, column: Column, cell: Cell) -> None:
        width = self._widths[place]
        if width < WIDEST:
            text = cell if isinstance(cell, str) else text_of(cell)
            fixed = None if column.title is not None else _WIDTHS.get(column.storage.kind)
            self._widths[place] = max(width, fixed or max(map(len, text[:10_000].split("\n"))) + 1)


def _sheet_title(title: str) -> str:
    """Returns a title as Excel takes it for a sheet."""
    fit = _UNFIT.sub("_", title).strip("' ") or "Records"
    return f"{fit}_" if fit.lower() in (NOTES.lower(), "history") else fit


def _first_units(text: str, units: int) -> str:
    """Returns the beginning of a text, so many units of UTF-16 long at most, as Excel counts."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def _moment(column: Column, text: str) -> datetime | date | None:
    """Returns a day or an instant as one; None for texts, and for what Excel has no day for."""
    if column.title is not None or text < _FIRST_DAY:
        return None
    if column.storage.kind is StorageClass.DAY:
        return date.fromisoformat(text)
    if column.storage.kind is StorageClass.INSTANT:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    return None


def _is_exact(number: float | Decimal) -> bool:
    """Tells whether a number is the same after Excel has read it."""
    if isinstance(number, float):
        return isfinite(number)
    digits = Decimal(number).as_tuple().digits
    return len("".join(map(str, digits)).strip("0")) <= MOST_DIGITS
