"""Texts as they come: encodings, separators, quotes, and what their columns show of numbers and days."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.errors import FieldstoneError, Invalid, PayloadTooLarge
from fieldstone.services.imports.reading.file import File, sheet_of_file
from fieldstone.services.imports.sheet import Sheet
from tests.query.memory import within_bytes
from tests.query.quickly import within

TABLE: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "files.yaml").read_text(encoding="utf-8")
)
MANY = 10_000_000
ENOUGH = 120 * 1024 * 1024


def file_of(case: Mapping[str, Any]) -> File:
    content: str | bytes = bytes.fromhex(case["bytes"]) if "bytes" in case else case["text"]
    if isinstance(content, str) and "encoding" in case:
        content = content.encode(case["encoding"])
    return File(content, "csv", "csv", **case.get("declared", {}))


@pytest.mark.parametrize("name", TABLE["reads"])
def test_a_text_is_read_as_the_table_says(name: str) -> None:
    case = TABLE["reads"][name]
    sheet = sheet_of_file(file_of(case), 5000)
    assert sheet.columns == tuple(case["columns"])
    assert [list(row) for row in sheet.rows] == case["rows"]
    assert {place: fault.message for place, fault in sheet.faults.items()} == case.get("faults", {})
    assert sheet.detected.separator == case["separator"]
    assert sheet.detected.encoding == case.get("read_as")
    assert "or_as" not in case or list(sheet.detected.other_encodings) == case["or_as"]
    forms = sheet.detected.columns
    assert {column: form.decimal_mark for column, form in forms.items() if form.decimal_mark} == case.get("marks", {})
    assert {column: form.date_order for column, form in forms.items() if form.date_order} == case.get("orders", {})


@pytest.mark.parametrize("name", TABLE["refuses"])
def test_a_text_that_cannot_be_read_is_refused_as_a_whole(name: str) -> None:
    case = TABLE["refuses"][name]
    with pytest.raises(Invalid) as refused:
        sheet_of_file(file_of(case), 5000)
    assert refused.value.message == case["says"]
    assert refused.value.details["reason"] == "INVALID_IMPORT"
    assert "hint" not in case or refused.value.details["hint"] == case["hint"]


def test_the_first_row_too_many_ends_the_reading() -> None:
    assert len(read("a\n" + "x\n" * 5000).rows) == 5000
    with pytest.raises(PayloadTooLarge) as refused:
        read("a\n" + "x\n" * 5001)
    assert refused.value.details["limit"] == 5000


HUGE = {
    "ten million columns": ("," * (MANY - 1) + "\n", "There are 10000000 columns; an import takes at most 1000."),
    "ten million cells in a row": (
        "a,b\n" + "," * (MANY - 1),
        "There are 10000000 columns; an import takes at most 1000.",
    ),
    "more columns than are taken": (
        ",".join(map(str, range(1001))),
        "There are 1001 columns; an import takes at most 1000.",
    ),
    "a cell of a million signs": ("a\n" + "x" * 1_000_000, "A cell of the row that begins in line 2 is longer than"),
    "a quote that swallows a file": (
        'a\n"' + "x\n" * 1_000_000,
        "A cell of the row that begins in line 2 is longer than",
    ),
    "more cells than are taken": (
        ",".join(f"c{place}" for place in range(1000)) + ("\n" + "," * 999) * 2001,
        "There are more than 2000000 cells.",
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_too_large_is_refused_in_little_memory_and_time(name: str) -> None:
    text, says = HUGE[name]
    with within(2.0), within_bytes(ENOUGH), pytest.raises(FieldstoneError) as refused:
        read(text)
    assert refused.value.message.startswith(says)


def read(text: str) -> Sheet:
    return sheet_of_file(File(text, "csv", "csv"), 5000)
