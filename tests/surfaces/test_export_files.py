"""Workbooks and documents of `/data/:object/export`, opened again by readers that are not ours: what they hold is what the csv says."""

import csv
import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader

from tests.surfaces.running import DATA, Person, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS = f"{DATA}/ticket/export"
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://example.org", "here")',
    "+SUM(A1:A9)",
    "-2+3",
    "@SUM(A1)",
    "\tTab",
    "{=1}",
    "http://example.org/x",
    "_x0041_ & <b>",
    "007",
    "1e5",
    "-5",
    "true",
    "Line\nbreak",
    "Ünïcode 日本語 مرحبا 🙂",
)


async def taken_out(person: Person, format_name: str, *, by_get: bool = False, **query: Any) -> bytes:
    """Returns a file, after looking at what is said of it."""
    asked = {"format": format_name, **query}
    answer = await (person.get(TICKETS, params=asked) if by_get else person.ask("POST", TICKETS, asked))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[format_name]
    assert answer.headers["content-disposition"].startswith('attachment; filename="Tickets-2')
    assert f'.{format_name}"' in answer.headers["content-disposition"]
    return answer.content


async def sheet(person: Person, **query: Any) -> Worksheet:
    """Returns the first sheet of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(await taken_out(person, "xlsx", **query)))
    assert isinstance(book.active, Worksheet)
    return book.active


async def pages(person: Person, **query: Any) -> list[str]:
    """Returns the texts of the pages of a document."""
    reader = PdfReader(io.BytesIO(await taken_out(person, "pdf", **query)))
    return [page.extract_text() for page in reader.pages]


def said(cell: Cell | MergedCell) -> str:
    """Returns a cell of a workbook as the csv writes it."""
    value: Any = cell.value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        milliseconds = value.isoformat(timespec="milliseconds")
        return milliseconds[:10] if cell.number_format == "yyyy-mm-dd" else f"{milliseconds}Z"
    return "" if value is None else unescape(str(value))


async def test_a_workbook_says_what_the_csv_says(admin: Person) -> None:
    customer = (await admin.make("customer", name="Workbook & Sons"))["id"]
    for number, subject in enumerate(HOSTILE):
        more = {"hours": number + 0.25, "internal_rating": 1 + number % 5} if number % 2 else {}
        await admin.make("ticket", subject=subject, customer=customer, due_on="2027-01-31", **more)
    query = {"where": {"customer": customer}, "orderBy": "number"}
    texts = (await admin.ask("POST", TICKETS, {"format": "csv", **query})).text
    expected = [[cell.removeprefix("'") for cell in row] for row in csv.reader(io.StringIO(texts, newline=""))]
    found = await sheet(admin, **query)
    assert [[said(cell) for cell in row] for row in found.iter_rows()] == expected
    assert len(expected) == 1 + len(HOSTILE)
    cells = {expected[0][place]: cell for place, cell in enumerate(next(found.iter_rows(min_row=3)))}
    assert [cells[name].data_type for name in ("Hours spent", "Due on", "Created", "Overdue")] == ["n", "d", "d", "b"]
    assert (found.freeze_panes, found.title) == ("A2", "Tickets")
    assert found.auto_filter.ref == found.dimensions
    assert all(cell.font.bold for cell in next(found.iter_rows()))
    got = await sheet(admin, by_get=True, customer=customer, orderBy="number", select="subject")
    assert (got.max_row, got.max_column) == (len(expected), 1)


async def test_nothing_in_a_workbook_is_run(admin: Person) -> None:
    customer = (await admin.make("customer", name="=1+1"))["id"]
    for subject in HOSTILE:
        await admin.make("ticket", subject=subject, customer=customer)
    found = await sheet(
        admin, where={"customer": customer}, select=["subject", "customer"], orderBy="number", header=False
    )
    assert [unescape(str(row[0].value)) for row in found.iter_rows()] == list(HOSTILE)
    for row in found.iter_rows():
        assert [cell.data_type for cell in row] == ["s", "s"]
        assert [cell.hyperlink for cell in row] == [None, None]
        for cell in row:
            assert isinstance(cell, Cell)
            assert cell.style.startswith("Normal")
            assert cell.quotePrefix == str(cell.value).startswith(("=", "+S", "-2", "@", "\t"))


async def test_a_document_tells_what_it_holds_and_of_whom(admin: Person, ann: Person) -> None:
    customer = (await admin.make("customer", name="Handed On Ltd"))["id"]
    for number in range(60):
        await ann.make("ticket", subject=f"Handed on {number:03}", customer=customer, priority="low")
    await admin.make(
        "ticket", subject="Handed on, not ann's", customer=customer, priority="urgent", due_on="2027-01-01"
    )
    where = {"customer.name": "Handed On Ltd", "$or": [{"priority": {"$in": ["low", "normal"]}}, {"due_on": None}]}
    query = {"where": where, "orderBy": "-subject", "select": ["subject", "priority", "customer", "hours"]}
    first, last = await pages(ann, **query)
    assert "Tickets" in first
    assert "taken out by ann@world.example" in first
    told = "Only: Customer › Name is “Handed On Ltd”; (Priority is one of Low, Normal or Due on is empty)"
    assert told in " ".join(first.split())
    assert "Ordered by Subject from high to low" in first
    assert ("Page 1 of" in first, "Page 2 of" in last) == (True, True)
    for text in (first, last):
        assert "Subject Priority Customer Hours spent" in " ".join(text.split())
    assert "60 records." in last
    for number in range(60):
        assert f"Handed on {number:03}" in first + last
    assert "not ann's" not in first + last


async def test_a_document_of_nothing_says_so(ann: Person) -> None:
    (only,) = await pages(ann, where={"subject": "there is no such"})
    assert "No records." in only
    assert "Internal rating" not in only
    assert "Organisation" not in only


async def test_what_does_not_fit_a_document_is_said_in_it(admin: Person) -> None:
    customer = (await admin.make("customer", name="Long Texts"))["id"]
    await admin.make("ticket", subject="日本語 🙂 مرحبا שלום ไทย", customer=customer, description="word " * 1999)
    text = " ".join(
        "\n".join(await pages(admin, where={"customer": customer}, select=["subject", "description"])).split()
    )
    assert "stands for 4 signs that the fonts of this document do not have." in text
    assert "1 record with a text too long for its cell: it ends in “…” here." in text
    assert "ไทย" in text
    assert "\ufeb3\ufeee" not in text
    wide = await pages(admin, where={"customer": customer}, select=["id", *(await columns(admin))])
    assert len(wide) > 1
    assert [f"columns {number} of {len(wide)}" in text for number, text in enumerate(wide, 1)] == [True] * len(wide)


async def columns(person: Person) -> list[str]:
    """Returns all fields of a ticket."""
    answer = await person.get(TICKETS, params={"raw": "true", "limit": "1"})
    return [name for name in answer.text.splitlines()[0].split(",") if name != "id"]


async def test_the_new_formats_are_refused_alike(ann: Person) -> None:
    for format_name in MEDIA_TYPES:
        error = error_of(await ann.ask("POST", TICKETS, {"format": format_name, "offset": 1}), 400, "VALIDATION_ERROR")
        assert error["details"]["path"] == "offset"
        refused = error_of(
            await ann.ask("POST", TICKETS, {"format": format_name, "select": ["internal_rating"]}),
            400,
            "VALIDATION_ERROR",
        )
        assert refused["message"] == "No field `internal_rating` on `ticket`."
    close = error_of(await ann.ask("POST", TICKETS, {"format": "xlxs"}), 400, "VALIDATION_ERROR")
    assert close["details"]["hint"] == "Did you mean `xlsx`?"
