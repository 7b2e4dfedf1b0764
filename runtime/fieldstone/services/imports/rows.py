"""Rows that were sent as JSON objects, as a sheet: a column for each name, in the order in which the names first appear.

Refuses names without an end: no more columns than a sheet may have.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.services.imports.sheet import NOTHING, Cell, Sheet

MOST_COLUMNS = 1000
"""How many columns a sheet may have."""


def sheet_of_rows(rows: Sequence[Mapping[str, Any]]) -> Sheet:
    """Returns rows as a sheet; a name that a row lacks is no cell, and null says that there is no value. Raises Invalid."""
    columns = dict.fromkeys(name for row in rows for name in row)
    if len(columns) > MOST_COLUMNS:
        raise too_wide(len(columns), "rows")
    return Sheet(tuple(columns), [tuple(_cell(row, name) for name in columns) for row in rows])


def _cell(row: Mapping[str, Any], name: str) -> Cell:
    value = row.get(name, msgspec.UNSET)
    return NOTHING if value is None else value


def too_wide(columns: int, path: str) -> Invalid:
    """Returns the refusal of a sheet with too many columns."""
    message = f"There are {columns} columns; an import takes at most {MOST_COLUMNS}."
    return Invalid(message, reason="INVALID_IMPORT", path=path)
