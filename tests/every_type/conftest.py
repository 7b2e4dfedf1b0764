"""The app that has a field of every type, on each kind of database, and its administrator."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.databases import PostgresServer, sqlite_address
from tests.surfaces.running import ADMIN, Person, World, running

APP = Path(__file__).parent / "app"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def types_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("types") / "types.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def types(types_url: str) -> AsyncIterator[World]:
    async with running(APP, types_url) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(types: World) -> Person:
    return await types.person(ADMIN)
