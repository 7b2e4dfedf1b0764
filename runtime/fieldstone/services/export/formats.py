"""The table of formats: how exported records become the bytes of a file, bit by bit, so that no export is ever in memory as a whole."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

import msgspec

from fieldstone.late import late
from fieldstone.services.export.content import Content

ROWS_AT_ONCE = 200
"""So many lines are written at a time."""

_write_xlsx = late("fieldstone.services.export.xlsx:write_xlsx")
_write_pdf = late("fieldstone.services.export.pdf.document:write_pdf")


class Format(msgspec.Struct, frozen=True, eq=False):
    """A format: its media type, how file names end, how a file is written, and what it is like.

    A `tabular` one is a table for people, which has headings and labels; a `paged` one is laid out on pages, of which there are only so
    many.
    """

    media_type: str
    ending: str
    write: Callable[[Content], AsyncGenerator[bytes, None]]
    tabular: bool = True
    paged: bool = False


async def _csv(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields lines of RFC 4180, in UTF-8."""
    if content.header:
        yield _lines([content.sheet.headings])
    async with aclosing(content.portions(ROWS_AT_ONCE)) as portions:
        async for rows in portions:
            yield _lines([content.sheet.texts(row) for row in rows])


async def _json(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields one array of the records as a list answers them."""
    yield b"["
    between = b"\n"
    async with aclosing(content.portions(ROWS_AT_ONCE)) as portions:
        async for rows in portions:
            yield between + b",\n".join(content.records(rows))
            between = b",\n"
    yield b"\n]\n"


async def _xlsx(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields a workbook."""
    async with aclosing(await asyncio.to_thread(_write_xlsx, content)) as parts:
        async for part in parts:
            yield part


async def _pdf(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields a document."""
    async with aclosing(await asyncio.to_thread(_write_pdf, content)) as parts:
        async for part in parts:
            yield part


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


FORMATS: Mapping[str, Format] = {
    "csv": Format("text/csv; charset=utf-8", "csv", _csv),
    "json": Format("application/json", "json", _json, tabular=False),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", _xlsx),
    "pdf": Format("application/pdf", "pdf", _pdf, paged=True),
}
"""By their names in a request."""
