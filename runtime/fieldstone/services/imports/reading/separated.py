"""Separated values (RFC 4180) as a sheet: the first line names the columns.

The separator is declared, said by a first line `sep=;`, or the one that cuts most lines into as many cells as the first. A row with more
or fewer cells than there are columns, or with text after a closing quote, is a fault of that row; a quote that is never closed swallows all
that follows, so the file is refused. No line is read that is longer than any row could be.
"""

import csv
import io
import re
from collections.abc import Iterator

from fieldstone.errors import Invalid
from fieldstone.services.imports.reading.bounds import (
    LONGEST_CELL,
    MOST_COLUMNS,
    check_columns,
    check_size,
    unreadable_file,
)
from fieldstone.services.imports.reading.encoding import DecodedText
from fieldstone.services.imports.reading.forms import column_forms
from fieldstone.services.imports.rows import too_wide
from fieldstone.services.imports.sheet import Cell, Detected, Sheet, Unreadable

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

_LONGEST_ROW = 1_000_000
_LINES_LOOKED_AT = 50
_SAID = re.compile(r'"?sep=([,;|\t])"?\r?\n?')


class _Lines:
    """The lines of a text as a reader takes them; `since` is how many characters it took since the last row began, on line `began`."""

    def __init__(self, text: str, separator: str, path: str, *, skip: int) -> None:
        self._lines = io.StringIO(text, newline="")
        self._separator = separator
        self._path = path
        self._read = 0
        self.since = 0
        self.began = 1
        for _ in range(skip):
            next(self)
        self.row_ended()

    def row_ended(self) -> None:
        """The next line begins a row."""
        self.since = 0
        self.began = self._read + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._read += 1
        self.since += len(line)
        if self.since > _LONGEST_ROW:
            separators = line.count(self._separator)
            if separators >= MOST_COLUMNS:
                raise too_wide(separators + 1, self._path)
            raise unreadable_file(f"The row in line {self.began} is longer than {_LONGEST_ROW} characters.", self._path)
        return line


def sheet_of_text(decoded: DecodedText, most_rows: int, path: str, separator: str | None = None) -> Sheet:
    """Returns the table that a text holds; `path` names where it was sent. Raises Invalid, PayloadTooLarge."""
    text = decoded.text
    said = _SAID.fullmatch(text[: text.find("\n") + 1])
    mark = separator or (said.group(1) if said else _likeliest(text))
    lines = _Lines(text, mark, path, skip=1 if said else 0)
    records = _records(lines, mark, path)
    columns = check_columns(_header(next(records, [])), path)
    rows: list[tuple[Cell, ...]] = []
    faults: dict[int, Unreadable] = {}
    nothing = ("",) * len(columns)
    for cells in records:
        if isinstance(cells, Unreadable):
            faults[len(rows)] = cells
        elif not cells:
            continue
        elif len(cells) != len(columns):
            faults[len(rows)] = _ragged(cells, columns)
        check_size(len(rows) + 1, len(columns), most_rows, path)
        rows.append(nothing if isinstance(cells, Unreadable) or len(rows) in faults else tuple(cells))
    return Sheet(columns, rows, _detected(decoded, mark, columns, rows), faults)


def _detected(decoded: DecodedText, separator: str, columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> Detected:
    return Detected(decoded.encoding, decoded.others, separator, columns=column_forms(columns, rows))


def _records(lines: _Lines, separator: str, path: str) -> Iterator[list[str] | Unreadable]:
    """Yields the cells of each row, empty for an empty line; a row that cannot be read as what is wrong with it."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.row_ended()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken(str(error), lines.began, path)


def _broken(message: str, line: int, path: str) -> Unreadable:
    """Returns the fault of one row; raises Invalid for what has swallowed other rows."""
    if "expected after" in message:
        hint = "Write a quote within a quoted cell twice."
        return Unreadable(f"Text follows the quote that closes a cell, in line {line}.", hint)
    if "field larger" in message:
        problem = f"A cell of the row that begins in line {line} is longer than {LONGEST_CELL} characters"
        raise unreadable_file(f"{problem}, or its quote is never closed.", path)
    if "end of data" in message:
        hint = "Close the quote; a quote within a quoted cell is written twice."
        raise unreadable_file(f"A quote that opens in the row of line {line} is never closed.", path, hint)
    raise unreadable_file(f"The row in line {line} cannot be read: {message}.", path)


def _header(cells: list[str] | Unreadable) -> list[str]:
    if isinstance(cells, Unreadable):
        raise Invalid(cells.message, reason="INVALID_IMPORT", hint=cells.hint)
    return [name.strip() for name in cells]


def _ragged(cells: list[str], columns: tuple[str, ...]) -> Unreadable:
    more = len(cells) > len(columns)
    hint = (
        "Put a cell that holds the separator into quotes."
        if more
        else "Every row has a cell for each column, if an empty one."
    )
    return Unreadable(f"The row has {len(cells)} cells under {len(columns)} columns.", hint)


def _likeliest(text: str) -> str:
    """Returns the separator by which most of the first lines have as many cells as the first; of equals, that which makes more cells."""
    head = text[: _LONGEST_ROW // 10]
    return max(SEPARATORS.values(), key=lambda separator: _fit(head, separator))


def _fit(head: str, separator: str) -> tuple[int, int]:
    widths = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    for _, cells in zip(range(_LINES_LOOKED_AT), reader, strict=False):
        if cells:
            widths.append(len(cells))
    if not widths or widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]), widths[0]
