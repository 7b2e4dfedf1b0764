"""The content of an exported file: the records, a few rows at a time so that other requests get their turn, and what is told of them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from fieldstone.engine.outcome import Exported
from fieldstone.services.export.sheet import Sheet

PAUSE_SECONDS = 0.001
"""Between some rows and the next: an answer that waits for the database several times gets through meanwhile."""

Row = tuple[Any, ...]
Records = Callable[[list[Row]], list[bytes]]
"""Returns rows as JSON objects."""


class Content(msgspec.Struct, frozen=True, eq=False):
    """What a file is made of: the records, as rows of a sheet and as JSON objects, and whether headings stand above them.

    `title` is what they are called, `asker` who takes them out, `asked` what they were narrowed by and how they are ordered, in words;
    `name_field` the field that tells a record from others, if there is one.
    """

    exported: Exported
    sheet: Sheet
    records: Records
    header: bool
    title: str
    asker: str
    asked: tuple[str, ...]
    name_field: str | None

    async def portions(self, count: int) -> AsyncGenerator[list[Row], None]:
        """Yields the rows, so many at a time as take a millisecond or two of work, and lets others have their turn in between."""
        async with aclosing(self.exported.batches) as batches:
            async for rows in batches:
                for start in range(0, len(rows), count):
                    yield rows[start : start + count]
                    await asyncio.sleep(PAUSE_SECONDS)
