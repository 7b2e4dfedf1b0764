"""The house that the tests of identity live in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.identity.house import House, load, open_house, started, write_app


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A started house on an empty database; the test runs on both kinds."""
    async with open_house(load(write_app(tmp_path)), database_url) as house:
        yield await started(house)
