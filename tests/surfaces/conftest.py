"""The world of the surfaces' tests: one app on each kind of database for the whole run, and its people."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.databases import PostgresServer, sqlite_address
from tests.surfaces.running import ADMIN, WORLD, Person, World, running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs tests in the world on both kinds of database; on one, in modules that say `ONE_DATABASE = True`."""
    if "world_url" in metafunc.fixturenames:
        kinds = ["sqlite"] if getattr(metafunc.module, "ONE_DATABASE", False) else ["sqlite", "postgresql"]
        metafunc.parametrize("world_url", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def world_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database for the world."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("world") / "world.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(world_url: str) -> AsyncIterator[World]:
    """The running world; tests share it, so each makes the records that it looks at."""
    async with running(WORLD, world_url) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mia(world: World) -> Person:
    """The manager of the desk."""
    return await world.person("mia@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ann(world: World) -> Person:
    """An agent of the desk."""
    return await world.person("ann@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(world: World) -> Person:
    """The administrator."""
    return await world.person(ADMIN)
