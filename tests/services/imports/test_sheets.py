"""Sheets: the same table out of rows and out of text."""

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.services.imports.csv_text import sheet_of_text
from fieldstone.services.imports.rows import MOST_COLUMNS, sheet_of_rows


def test_a_name_that_a_row_lacks_is_no_cell() -> None:
    sheet = sheet_of_rows([{"a": 1}, {"b": None, "a": "x"}])
    assert sheet.columns == ("a", "b")
    assert list(sheet.rows) == [(1, msgspec.UNSET), ("x", None)]


def test_names_without_an_end_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 1000"):
        sheet_of_rows([{str(number): 1} for number in range(MOST_COLUMNS + 1)])


def test_the_first_line_of_a_text_names_the_columns() -> None:
    sheet = sheet_of_text('\ufeffname, note\r\nAcme,"two\nlines"\r\n\r\nBolt,\r\n')
    assert sheet.columns == ("name", "note")
    assert list(sheet.rows) == [("Acme", "two\nlines"), ("Bolt", "")]


def test_a_row_of_another_length_is_told_by_its_place() -> None:
    sheet = sheet_of_text("a,b\n1,2\n1,2,3\n1\n")
    assert {place: fault.message for place, fault in sheet.faults.items()} == {
        1: "The row has 3 cells under 2 columns.",
        2: "The row has 1 cells under 2 columns.",
    }
