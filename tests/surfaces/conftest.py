"""The world of the surfaces' tests: one app on each kind of database for a whole module, and its people."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.databases import PostgresServer, sqlite_address
from tests.surfaces.running import ADMIN, WORLD, Person, World, running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database that the tests of a module share."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("world") / "world.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(module_url: str) -> AsyncIterator[World]:
    """The running world on both databases."""
    async with running(WORLD, module_url) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lone_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The running world on SQLite alone, where the database does not matter."""
    folder: Path = tmp_path_factory.mktemp("lone")
    async with running(WORLD, sqlite_address(folder / "world.db")) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mia(world: World) -> Person:
    """The manager of the desk."""
    return await world.person("mia@world.example")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ann(world: World) -> Person:
    """An agent of the desk."""
    return await world.person("ann@world.example")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(world: World) -> Person:
    """The administrator."""
    return await world.person(ADMIN)
