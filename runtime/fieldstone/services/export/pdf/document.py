"""Documents: exported records as a PDF that a person would hand on, page by page.

A title with who took the records out, when, and what they were narrowed by; the headings on every page; `Page x of y`; long texts in
several lines. What does not fit, and what no font has, is said at the end.
"""

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fieldstone.query.storage import StorageClass
from fieldstone.services.export.content import Content
from fieldstone.services.export.pdf.layout import lay_out
from fieldstone.services.export.pdf.page import Heading, Line, Pages
from fieldstone.services.export.pdf.typeface import ELLIPSIS, MISSING, load_typeface
from fieldstone.services.export.sheet import Cell, Column, Sheet, text_of

BYTES_AT_ONCE = 1 << 16
ROWS_AT_ONCE = 50
MEASURED = 500
"""So many records tell how wide the columns are."""

MOST_CHARACTERS = 2_000
"""Of a text no more is laid out: it would not fit into its cell anyway."""


async def write_pdf(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields a document; it is whole before its first byte goes out."""
    document: Document | None = None
    waiting: list[list[str]] = []
    async with aclosing(content.portions(ROWS_AT_ONCE)) as portions:
        async for rows in portions:
            waiting += [_texts(content.sheet, row) for row in rows]
            if document is None and len(waiting) >= MEASURED:
                document = await asyncio.to_thread(Document, content, waiting)
            if document is not None:
                await asyncio.to_thread(document.add, waiting)
                waiting = []
    if document is None:
        document = await asyncio.to_thread(Document, content, waiting)
    await asyncio.to_thread(document.add, waiting)
    whole = await asyncio.to_thread(document.close)
    for start in range(0, len(whole), BYTES_AT_ONCE):
        yield bytes(whole[start : start + BYTES_AT_ONCE])


class Document:
    """A document that is being written."""

    def __init__(self, content: Content, measured: list[list[str]]) -> None:
        """Begins one whose columns are as wide as some rows ask for."""
        face = load_typeface()
        columns = content.sheet.columns
        first = next((place for place, column in enumerate(columns) if column.name == content.name_field), 0)
        layout = lay_out(columns, measured, first, face)
        heading = Heading(
            title=content.title,
            told=f"{_moment(content.exported.at)}, taken out by {content.asker}",
            asked=content.asked,
            columns=tuple(column.heading for column in columns) if content.header else (),
        )
        self._face = face
        self._sink = io.BytesIO()
        self._pages = Pages(self._sink, layout, heading, face, content.exported.at)
        self._records = self._cut = self._missing = 0

    def add(self, rows: list[list[str]]) -> None:
        """Writes rows."""
        for row in rows:
            lines, whole = self._pages.broken(row)
            self._records += 1
            self._cut += not whole
            self._missing += sum(map(self._face.regular.missing, row))
            self._pages.add(Line(lines))

    def close(self) -> memoryview:
        """Returns the document, with what is to be known about it at its end."""
        told = ["No records." if not self._records else _counted(self._records, "record") + "."]
        if self._cut:
            told.append(
                f"{_counted(self._cut, 'record')} with a text too long for its cell: it ends in “{ELLIPSIS}” here."
            )
        if self._missing:
            told.append(
                f"“{MISSING}” stands for {_counted(self._missing, 'sign')} that the fonts of this document do not have."
            )
        if self._cut or self._missing:
            told.append("The same export as csv, xlsx or json has all of it.")
        self._pages.end(told)
        return self._sink.getbuffer()


def _texts(sheet: Sheet, row: tuple[object, ...]) -> list[str]:
    return [_text(column, column.cell(row))[:MOST_CHARACTERS] for column in sheet.columns]


def _text(column: Column, cell: Cell) -> str:
    """Returns a cell as a person reads it."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str) and column.title is None and column.storage.kind is StorageClass.INSTANT:
        return _moment(cell)
    return text_of(cell)


def _moment(instant: str) -> str:
    """Returns an instant as a person reads it, to the second."""
    return f"{instant[:10]} {instant[11:19]} UTC"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
