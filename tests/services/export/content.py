"""Contents of files for tests: rows that are there already, in columns of some storage classes."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice
from typing import Any

from fieldstone.engine.outcome import Exported
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.services.export.content import Content, Row
from fieldstone.services.export.sheet import Column, Sheet

AT = "2026-03-05T09:30:00.000Z"
BATCH = 500


def column(place: int, heading: str, kind: StorageClass = StorageClass.TEXT, **measures: Any) -> Column:
    """Returns a column whose values are shown as they are."""
    return Column(heading.lower(), place, heading, Storage(kind, **measures), lambda value: value)


def content(columns: Sequence[Column], rows: Iterable[Row], title: str = "Things") -> Content:
    """Returns what a file is made of."""

    async def batches() -> AsyncGenerator[list[Row], None]:
        left = iter(rows)
        while batch := list(islice(left, BATCH)):
            yield batch

    names = tuple(each.name for each in columns)
    return Content(
        exported=Exported("thing", AT, names, {}, batches()),
        sheet=Sheet(tuple(columns)),
        records=lambda some: [str(row).encode() for row in some],
        header=True,
        title=title,
        asker="ann@example.org",
        asked=(),
        name_field=names[0],
    )
