"""Exports take no more memory for more records, in any format, and let others have their turn."""

import asyncio
import tracemalloc

import pytest

from fieldstone.query.storage import StorageClass
from fieldstone.services.export.formats import FORMATS
from tests.services.export.content import column, content

COLUMNS = [column(0, "Name"), column(1, "Count", StorageClass.INTEGER), column(2, "Day", StorageClass.DAY)]
COUNTS = {"csv": (2_000, 6_000), "json": (2_000, 6_000), "xlsx": (2_000, 6_000), "pdf": (600, 1_200)}
BYTES_FOR_A_RECORD = {"csv": 25, "json": 25, "xlsx": 25, "pdf": 800}
"""A document keeps its pages until it is whole, therefore it has a bound of its own; no other format keeps anything of a record."""


async def written(name: str, count: int) -> int:
    """Returns how many turns others had while a file was written."""
    rows = ((f"record {number:06} of many", number, "2026-03-05") for number in range(count))
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    size = 0
    async for part in FORMATS[name].write(content(COLUMNS, rows)):
        size += len(part)
    other.cancel()
    assert size > count
    return turns


def peak(name: str, count: int) -> int:
    """Returns the most memory that Python took beside what it had, in bytes."""
    tracemalloc.start()
    try:
        asyncio.run(written(name, count))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", FORMATS)
def test_more_records_take_no_more_memory(name: str) -> None:
    asyncio.run(written(name, 10))
    few, many = COUNTS[name]
    assert peak(name, many) - peak(name, few) < BYTES_FOR_A_RECORD[name] * (many - few)


@pytest.mark.parametrize("name", FORMATS)
def test_others_have_their_turn_within_some_hundred_records(name: str) -> None:
    assert asyncio.run(written(name, 1_000)) >= 5
