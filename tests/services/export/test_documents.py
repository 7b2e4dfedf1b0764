"""Documents: pages that are never too wide or too full, whatever they hold, and the same from the same records."""

import asyncio
import io
import random
import re
from collections.abc import Sequence

import pytest
from pypdf import PdfReader
from reportlab.lib.pagesizes import A4, landscape

from fieldstone.query.storage import StorageClass
from fieldstone.services.export.content import Row
from fieldstone.services.export.pdf.document import write_pdf
from fieldstone.services.export.pdf.layout import MARGIN, SIZE, lay_out
from fieldstone.services.export.pdf.typeface import load_typeface
from fieldstone.services.export.sheet import Column
from tests.services.export.content import column, content

FACE = load_typeface()
ALPHABETS = (
    "abc def ",
    "ÄÖÜ ßéñ",
    "Ωμέγα ",
    "Жизнь ",
    "مرحبا ",
    "שלום ",
    "ไทย",
    "हिन्दी ",
    "日本語",
    "🙂✓→",
    "\x00\x07\t\n\u200d\ufe0f\uffff\u0301",
)


def pdf_of(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    async def whole() -> bytes:
        return b"".join([part async for part in write_pdf(content(columns, rows))])

    return asyncio.run(whole())


def texts_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_all_rows_are_there_in_their_order_and_every_page_has_its_number() -> None:
    columns = [column(0, "Name"), column(1, "Count", StorageClass.INTEGER)]
    pages = texts_of(pdf_of(columns, [(f"row {number:04}", number) for number in range(1200)]))
    assert re.findall(r"row (\d{4})", "\n".join(pages)) == [f"{number:04}" for number in range(1200)]
    assert [re.findall(r"Page (\d+) of\s+(\d+)", page) for page in pages] == [
        [(str(number), str(len(pages)))] for number in range(1, len(pages) + 1)
    ]
    assert all("Name" in page for page in pages)


def test_the_same_records_make_the_same_document() -> None:
    columns, rows = [column(0, "Name")], [("one",), ("two",)]
    assert pdf_of(columns, rows) == pdf_of(columns, rows)


@pytest.mark.parametrize("count", [1, 4, 9, 30, 120])
def test_columns_stay_on_the_page_and_the_first_stands_in_every_set(count: int) -> None:
    columns = [column(place, f"A heading of {place}") for place in range(count)]
    texts = [[f"some words and more words {place}" * 3 for place in range(count)]]
    layout = lay_out(columns, texts, 0, FACE)
    assert layout.size == (A4 if count == 1 else landscape(A4))
    for group in layout.sets:
        assert group[0].index == 0
        assert group[0].left == MARGIN
        assert group[-1].left + group[-1].width <= layout.size[0] - MARGIN + 0.01
    assert sorted({placed.index for group in layout.sets for placed in group}) == list(range(count))


def test_lines_fit_their_column_and_lose_nothing() -> None:
    chance = random.Random(7)
    for _ in range(150):
        text = "".join(chance.choice(chance.choice(ALPHABETS)) for _ in range(chance.randrange(120)))
        room = chance.uniform(20, 120)
        lines, whole = FACE.regular.lines(text, SIZE, room, 1000)
        assert whole
        assert all(FACE.regular.width(line, SIZE) <= room or len(line) == 1 for line in lines)
        kept = "".join("".join(lines).split())
        assert len(kept) >= len("".join(text.split())) - sum(sign == "\u0301" for sign in text)


def test_any_text_makes_a_document() -> None:
    chance = random.Random(3)
    rows = [tuple("".join(chance.choice(alphabet) for _ in range(60)) for alphabet in ALPHABETS) for _ in range(20)]
    columns = [column(place, alphabet) for place, alphabet in enumerate(ALPHABETS)]
    assert len(texts_of(pdf_of(columns, rows))) >= 1


def test_numbers_end_below_each_other() -> None:
    layout = lay_out([column(0, "Name"), column(1, "Sum", StorageClass.DECIMAL)], [["a", "1"]], 0, FACE)
    assert [placed.at_right for placed in layout.sets[0]] == [False, True]
