"""The table of formats: how exported records become the bytes of a file, bit by bit, so that no export is ever in memory as a whole."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from fieldstone.engine.outcome import Exported
from fieldstone.services.export.sheet import Sheet

Records = Callable[[list[tuple[Any, ...]]], list[bytes]]
"""Returns rows as JSON objects."""


class Content(msgspec.Struct, frozen=True, eq=False):
    """What a file is made of: the records, as rows of a sheet and as JSON objects, and whether headings stand above them."""

    exported: Exported
    sheet: Sheet
    records: Records
    header: bool


class Format(msgspec.Struct, frozen=True, eq=False):
    """A format: its media type, how file names end, how a file is written, and whether it is a table, which has headings and labels."""

    media_type: str
    ending: str
    write: Callable[[Content], AsyncGenerator[bytes, None]]
    tabular: bool


async def _csv(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields lines of RFC 4180, in UTF-8."""
    if content.header:
        yield _lines([content.sheet.headings])
    async for rows in _batches(content):
        yield _lines([content.sheet.cells(row) for row in rows])


async def _json(content: Content) -> AsyncGenerator[bytes, None]:
    """Yields one array of the records as a list answers them."""
    yield b"["
    between = b"\n"
    async for rows in _batches(content):
        yield between + b",\n".join(content.records(rows))
        between = b",\n"
    yield b"\n]\n"


async def _batches(content: Content) -> AsyncIterator[list[tuple[Any, ...]]]:
    async with aclosing(content.exported.batches) as batches:
        async for rows in batches:
            yield rows


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


FORMATS: Mapping[str, Format] = {
    "csv": Format("text/csv; charset=utf-8", "csv", _csv, tabular=True),
    "json": Format("application/json", "json", _json, tabular=False),
}
"""By their names in a request."""
