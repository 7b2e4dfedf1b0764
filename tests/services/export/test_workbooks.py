"""Workbooks: what each kind of value becomes, and what happens where Excel has a bound."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook

from fieldstone.query.storage import StorageClass
from fieldstone.services.export.content import Row
from fieldstone.services.export.sheet import Column
from fieldstone.services.export.xlsx import MOST_CHARACTERS, Book
from tests.services.export.content import column, content


def written(
    path: Path, columns: Sequence[Column], rows: list[Row], title: str = "Things", most_rows: int = 10
) -> Workbook:
    """Returns a workbook as another program reads it."""
    book = Book(path / "book.xlsx", content(columns, rows, title), most_rows)
    book.add(rows)
    book.close()
    return openpyxl.load_workbook(path / "book.xlsx")


@pytest.mark.parametrize(
    ("kind", "value", "found", "number_format"),
    [
        (StorageClass.INTEGER, 42, 42, "0"),
        (StorageClass.INTEGER, 123_456_789_012_345, 123_456_789_012_345, "0"),
        (StorageClass.INTEGER, 1_234_567_890_123_456, "1234567890123456", "General"),
        (StorageClass.INTEGER, 5 * 10**17, 5e17, "0"),
        (StorageClass.DECIMAL, Decimal("12.50"), 12.5, "0.00"),
        (StorageClass.DECIMAL, Decimal("1234567890123456.75"), "1234567890123456.75", "General"),
        (StorageClass.DOUBLE, 0.1, 0.1, "General"),
        (StorageClass.DOUBLE, float("inf"), "inf", "General"),
        (StorageClass.BOOLEAN, True, True, "General"),
        (StorageClass.DAY, "2026-03-05", datetime.fromisoformat("2026-03-05"), "yyyy-mm-dd"),
        (StorageClass.DAY, "1899-12-31", "1899-12-31", "General"),
        (
            StorageClass.INSTANT,
            "2026-03-05T09:30:00.250Z",
            datetime.fromisoformat("2026-03-05T09:30:00.250"),
            'yyyy-mm-dd hh:mm:ss "UTC"',
        ),
        (StorageClass.TEXT, "2026-03-05", "2026-03-05", "General"),
        (StorageClass.TEXT, "12", "12", "General"),
    ],
)
def test_a_value_is_what_it_is(tmp_path: Path, kind: StorageClass, value: Any, found: Any, number_format: str) -> None:
    measures = {"scale": 2, "fixed": True} if kind is StorageClass.DECIMAL else {}
    sheet = written(tmp_path, [column(0, "Value", kind, **measures)], [(value,)])["Things"]
    cell = sheet["A2"]
    assert (cell.value, cell.number_format, type(cell.value)) == (found, number_format, type(found))


def test_what_is_too_long_for_a_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    book = written(tmp_path, [column(0, "Value", StorageClass.INTEGER)], [(number,) for number in range(25)])
    assert book.sheetnames == ["Things", "Things (2)", "Things (3)"]
    rows = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
    assert [row[0] for row in rows] == ["Value"] * 3
    assert [value for row in rows for value in row[1:]] == list(range(25))
    assert [sheet.auto_filter.ref for sheet in book.worksheets] == ["A1:A10", "A1:A10", "A1:A8"]


def test_a_text_that_a_cell_cannot_hold_is_cut_and_said_to_be(tmp_path: Path) -> None:
    long, fits = "😀" * MOST_CHARACTERS, "x" * MOST_CHARACTERS
    book = written(tmp_path, [column(0, "Value")], [(long,), (fits,)])
    first, second = (book["Things"][place].value for place in ("A2", "A3"))
    assert (len(first), set(first)) == (MOST_CHARACTERS // 2, {"😀"})
    assert second == fits
    assert str(book["Notes"]["A1"].value).startswith("One text is longer than 32,767 characters")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("A/B: [c]*?\\d", "A_B_ _c____d"),
        ("'Quoted'", "Quoted"),
        ("Notes", "Notes_"),
        ("History", "History_"),
        ("''", "Records"),
        ("x" * 40, "x" * 31),
        ("😀" * 31, "😀" * 15),
    ],
)
def test_any_title_names_a_sheet(tmp_path: Path, title: str, name: str) -> None:
    assert written(tmp_path, [column(0, "Value")], [("x",)], title).sheetnames == [name]


def test_headings_are_never_run(tmp_path: Path) -> None:
    cell = written(tmp_path, [column(0, "=1+1")], [])["Things"]["A1"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
