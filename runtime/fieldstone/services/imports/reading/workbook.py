"""A sheet of an xlsx workbook: values as cells hold them, formulas by the values that were last computed for them.

Row 1 names the columns; a row without any value is no row. A time has no zone in a workbook, and is taken for UTC. A formula without a
computed value and an error such as `#REF!` are what is wrong with their cells.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from fieldstone.errors import Invalid
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.imports.reading.archive import check_archive
from fieldstone.services.imports.reading.bounds import (
    LONGEST_CELL,
    MOST_COLUMNS,
    check_columns,
    check_size,
    unreadable_file,
)
from fieldstone.services.imports.reading.forms import column_forms
from fieldstone.services.imports.sheet import Cell, Detected, Sheet, Unreadable

MOST_ROWS_OF_FORMAT = 1_048_576
_BYTES_AT_LEAST = 16 * 1024 * 1024
_BYTES_OF_ROW = 1024
_DIGITS = 15
"""The digits of a number that spreadsheet programs keep and show; what a double has beyond them nobody typed."""

_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, SyntaxError, OSError,
)  # fmt: skip
"""What the library raises over a workbook that is well-formed XML and no workbook."""

_NOT_COMPUTED = Unreadable(
    "The formula of the cell has no computed value.",
    "Open the file in a spreadsheet program and save it, or paste values only.",
)


def sheet_of_workbook(content: bytes, most_rows: int, path: str, name: str | None = None) -> Sheet:
    """Returns a sheet by its name, the first unless one is named; `path` names where the file was sent. Raises Invalid, PayloadTooLarge."""
    formulas = check_archive(content, _BYTES_AT_LEAST + _BYTES_OF_ROW * most_rows, path)
    try:
        return _sheet(content, most_rows, path, name, formulas=formulas)
    except _BROKEN:
        raise unreadable_file("The file is not a workbook, or it is broken.", path, "Save it anew as .xlsx.") from None


def _sheet(content: bytes, most_rows: int, path: str, name: str | None, *, formulas: bool) -> Sheet:
    chosen, rows = _rows(content, path, name, computed=True)
    _, written = _rows(content, path, chosen, computed=False) if formulas else (chosen, None)
    columns: tuple[str, ...] | None = None
    taken: list[tuple[Cell, ...]] = []
    faults: dict[int, Unreadable] = {}
    for number, row in enumerate(rows, start=1):
        beside = next(written, ()) if written is not None else ()
        if len(row) > MOST_COLUMNS:
            message = (
                f"Row {number} reaches to column {get_column_letter(len(row))}; an import takes {MOST_COLUMNS} columns."
            )
            raise unreadable_file(message, path, "Delete the columns that hold nothing.")
        cells = _cells(row, beside)
        if columns is None:
            columns = check_columns([_heading(cell) for cell in cells], path)
        elif cells:
            if len(cells) > len(columns):
                faults[len(taken)] = Unreadable(f"The row has {len(cells)} cells under {len(columns)} columns.")
            taken.append((*cells, *[None] * len(columns))[: len(columns)])
            check_size(len(taken), len(columns), most_rows, path)
    columns = check_columns([], path) if columns is None else columns
    return Sheet(columns, taken, Detected(sheet=chosen, columns=column_forms(columns, taken)), faults)


def _rows(content: bytes, path: str, name: str | None, *, computed: bool) -> tuple[str, Iterator[Sequence[Any]]]:
    """Returns the name of a sheet and the cells of its rows, with computed values or with formulas."""
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=computed, keep_links=False)
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if not sheets:
        raise unreadable_file("The workbook has no sheet with cells.", path)
    chosen = next(iter(sheets)) if name is None else name
    if chosen not in sheets:
        hint = did_you_mean(name, sheets) or f"It has {', '.join(f'`{shown(title)}`' for title in list(sheets)[:10])}."
        raise Invalid(f"No sheet `{shown(name)}` in the workbook.", reason="INVALID_IMPORT", path="sheet", hint=hint)
    sheet = sheets[chosen]
    sheet.reset_dimensions()  # what a file says of its size may be wrong
    return chosen, iter(sheet.iter_rows(max_row=MOST_ROWS_OF_FORMAT))


def _cells(row: Sequence[Any], written: Sequence[Any]) -> list[Cell]:
    """Returns the cells of a row up to the last that holds something; none of a row without a value."""
    cells = [_cell(cell) for cell in row]
    for place, cell in enumerate(written[: len(cells)]):
        if cells[place] is None and cell.data_type == "f":
            cells[place] = _NOT_COMPUTED
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _cell(cell: ReadOnlyCell) -> Cell:
    value = cell.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        if cell.data_type == "e":
            return Unreadable(f"The cell holds the error `{shown(value)}`.", "Mend its formula, or empty it.")
        return (
            value if len(value) <= LONGEST_CELL else Unreadable(f"The cell is longer than {LONGEST_CELL} characters.")
        )
    if isinstance(value, float):
        return Decimal(f"{value:.{_DIGITS}g}")
    return _moment(value, cell)


def _moment(value: object, cell: ReadOnlyCell) -> str:
    """Returns a day, an instant or a time of day in wire form."""
    if isinstance(value, datetime):
        if value.time() == time.min and "h" not in str(cell.number_format).lower():
            return value.date().isoformat()
        return f"{value.isoformat(timespec='milliseconds')}Z"
    if isinstance(value, timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _heading(cell: Cell) -> str:
    return "" if cell is None or isinstance(cell, Unreadable) else str(cell).strip()
