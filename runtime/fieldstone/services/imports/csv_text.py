"""A table in text (RFC 4180), as a sheet: the first line names the columns."""

import csv
import io

from fieldstone.errors import Invalid
from fieldstone.services.imports.sheet import Detected, Sheet, Unreadable


def sheet_of_text(text: str) -> Sheet:
    """Returns the table that a text holds; raises Invalid for one without a line of names."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    columns = tuple(name.strip() for name in next(lines, ()))
    if not columns:
        raise Invalid("There is no line with the names of columns.", reason="INVALID_IMPORT", path="csv")
    rows, faults = [], {}
    for place, cells in enumerate(line for line in lines if line):
        if len(cells) != len(columns):
            faults[place] = Unreadable(f"The row has {len(cells)} cells under {len(columns)} columns.")
        rows.append(tuple((*cells, *[""] * len(columns))[: len(columns)]))
    return Sheet(columns, rows, Detected(encoding="utf-8", separator=","), faults)
