"""Workbooks: what their cells hold, and what is refused before anything reads it."""

import io
import zipfile
from datetime import datetime, time
from decimal import Decimal

import pytest
from openpyxl import Workbook

from fieldstone.errors import FieldstoneError
from fieldstone.services.imports.reading.file import File, sheet_of_file
from fieldstone.services.imports.sheet import Sheet, Unreadable
from tests.query.memory import within_bytes
from tests.query.quickly import within
from tests.services.imports.workbooks import (
    DOCUMENT_TYPE,
    MEGABYTE,
    SHEET,
    changed,
    changed_to,
    lying,
    row_xml,
    workbook,
    zeros,
)


def read(content: bytes, *, sheet: str | None = None, most_rows: int = 5000) -> Sheet:
    return sheet_of_file(File(content, "xlsx", "xlsxBase64", sheet=sheet), most_rows)


def test_cells_keep_their_types() -> None:
    moments = [datetime.fromisoformat("2026-03-05"), datetime.fromisoformat("2026-03-05T14:30"), time(8, 15)]
    sheet = read(
        workbook(
            [[" Text ", "whole", "part", "yes", "day", "instant", "time", "empty"], ["x", 5, 0.1 + 0.2, True, *moments]]
        )
    )
    assert sheet.columns == ("Text", "whole", "part", "yes", "day", "instant", "time", "empty")
    row = ("x", 5, Decimal("0.3"), True, "2026-03-05T00:00:00.000Z", "2026-03-05T14:30:00.000Z", "08:15:00", None)
    assert sheet.rows == [row]
    assert sheet.detected.sheet == "Sheet 1"


def test_a_day_is_told_by_the_format_of_its_cell() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["day"])
    sheet.append([datetime.fromisoformat("2026-03-05")])
    sheet["A2"].number_format = "dd/mm/yyyy"
    content = io.BytesIO()
    book.save(content)
    assert read(content.getvalue()).rows == [("2026-03-05",)]


def test_a_formula_stands_for_the_value_that_was_computed_last() -> None:
    content = workbook([["a", "b"], ["=1+1", "=1/0"], ["#REF!", "x"]])
    computed = changed(content, {SHEET: lambda xml: xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")})
    first, second = read(computed).rows
    assert first[0] == 2
    assert isinstance(first[1], Unreadable)
    assert first[1].message == "The formula of the cell has no computed value."
    assert isinstance(second[0], Unreadable)
    assert second == (Unreadable("The cell holds the error `#REF!`.", second[0].hint), "x")


def test_texts_of_cells_show_how_their_column_writes_numbers() -> None:
    assert read(workbook([["n"], ["1,5"]])).form("n").decimal_mark == ","


def test_rows_without_a_value_are_no_rows_and_cells_beside_the_columns_a_fault() -> None:
    sheet = read(workbook([["a", "b"], [None, None], ["x"], [], ["y", "z", "more"]]))
    assert sheet.rows == [("x", None), ("y", "z")]
    assert {place: fault.message for place, fault in sheet.faults.items()} == {
        1: "The row has 3 cells under 2 columns."
    }


def test_a_sheet_is_read_by_its_name() -> None:
    content = workbook([["a"], ["first"]], [["a"], ["second"]])
    assert read(content, sheet="Sheet 2").rows == [("second",)]
    assert read(content).rows == [("first",)]
    with pytest.raises(FieldstoneError) as refused:
        read(content, sheet="sheet2")
    assert (refused.value.message, refused.value.details["hint"]) == (
        "No sheet `sheet2` in the workbook.",
        "Did you mean `Sheet 2`?",
    )


def test_a_row_far_below_the_others_is_read_and_the_first_too_many_refused() -> None:
    far = changed(workbook([["a"]]), {SHEET: row_xml('<c r="A1048576"><v>1</v></c>', number=1_048_576)})
    with within(5.0):
        assert read(far).rows == [(1,)]
    assert len(read(workbook([["a"], *[["x"]] * 50]), most_rows=50).rows) == 50
    with pytest.raises(FieldstoneError) as refused:
        read(workbook([["a"], *[["x"]] * 51]), most_rows=50)
    assert refused.value.code == "PAYLOAD_TOO_LARGE"


def refused_files() -> dict[str, tuple[bytes, str]]:
    plain = workbook([["a"], ["x"]])
    entities = {SHEET: lambda xml: xml.replace(b"<worksheet", DOCUMENT_TYPE + b"<worksheet", 1)}
    hidden = {
        "[Content_Types].xml": lambda xml: xml.replace(b"sheet1.xml", b"sheet1.png"),
        "xl/_rels/workbook.xml.rels": lambda xml: xml.replace(b"sheet1.xml", b"sheet1.png"),
    }
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        picture = entities[SHEET](archive.read(SHEET))
    no_file = "The file is not an xlsx file, or it was cut."
    grows = "The file becomes larger than"
    return {
        "a text": (b"a,b\n1,2\n", no_file),
        "a file that was cut": (plain[: len(plain) // 2], no_file),
        "an old format": (b"\xd0\xcf\x11\xe0" + bytes(600), "The file is of an old format (.xls), or has a password."),
        "a zip of other things": (changed_to({"a.txt": b"x"}), "The file is not a workbook, or it is broken."),
        "a bomb that says so": (changed(plain, {}, {"xl/media/x.bin": bytes(200 * MEGABYTE)}), grows),
        "a bomb that lies": (lying(changed(plain, {}, {"xl/x.xml": zeros(60)})), "The file"),
        "too many parts": (
            changed(plain, {}, {f"p{n}.xml": b"<x/>" for n in range(1001)}),
            "The file has more than 1000 parts.",
        ),
        "entities": (changed(plain, entities), "The file is not an xlsx file: a part of it declares entities."),
        "entities in a part that is called a picture": (
            changed(plain, hidden, {"xl/worksheets/sheet1.png": picture}),
            "The file is not an xlsx file: a part of it declares entities.",
        ),
        "a part that is no XML": (
            changed(plain, {SHEET: lambda xml: xml[:-20]}),
            "The file is not an xlsx file: a part of it is not XML",
        ),
        "a cell beyond all columns": (
            changed(plain, {SHEET: row_xml('<c r="XFD3"><v>1</v></c>', number=3)}),
            "Row 3 reaches to column XFD; an import takes 1000 columns.",
        ),
        "a cell that is nowhere": (
            changed(plain, {SHEET: row_xml('<c r="%"><v>1</v></c>')}),
            "The file is not a workbook, or it is broken.",
        ),
        "a number that is none": (
            changed(plain, {SHEET: row_xml('<c r="A3"><v>x</v></c>')}),
            "The file is not a workbook, or it is broken.",
        ),
        "a name twice": (workbook([["a", "a"]]), "Columns 1, 2 are all named `a`."),
        "no cell": (workbook([]), "There is no line with the names of columns."),
    }


REFUSED = refused_files()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_workbook_is_refused_in_little_memory_and_time(name: str) -> None:
    content, says = REFUSED[name]
    with within(3.0), within_bytes(40 * MEGABYTE), pytest.raises(FieldstoneError) as refused:
        read(content)
    assert refused.value.message.startswith(says)
