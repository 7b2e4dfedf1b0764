"""Sheets: rows that were sent as JSON, as a table."""

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.services.imports.rows import MOST_COLUMNS, sheet_of_rows
from fieldstone.services.imports.sheet import NOTHING


def test_a_name_that_a_row_lacks_is_no_cell() -> None:
    sheet = sheet_of_rows([{"a": 1}, {"b": None, "a": "x"}])
    assert sheet.columns == ("a", "b")
    assert list(sheet.rows) == [(1, msgspec.UNSET), ("x", NOTHING)]


def test_names_without_an_end_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 1000"):
        sheet_of_rows([{str(number): 1} for number in range(MOST_COLUMNS + 1)])
