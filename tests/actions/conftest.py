"""Two apps on each kind of database: the workshop, whose actions do all that actions can do, and sales; and their people."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.databases import PostgresServer, sqlite_address
from tests.surfaces.running import ADMIN, Person, World, running

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    return str(request.param)


@pytest.fixture(scope="session")
def addresses(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """The addresses of two empty databases of a kind."""
    if kind == "sqlite":
        yield [sqlite_address(tmp_path_factory.mktemp(name) / "app.db") for name in ("workshop", "sales")]
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as first, server.fresh_database() as second:
        yield [first, second]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workshop(addresses: list[str]) -> AsyncIterator[World]:
    """The running workshop; tests share it, so each makes the records that it looks at."""
    async with running(FOLDER / "world", addresses[0]) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sales(addresses: list[str]) -> AsyncIterator[World]:
    """A running app of sales; each test makes its own leads."""
    async with running(FOLDER / "sales", addresses[1]) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rob(sales: World) -> Person:
    """A sales representative."""
    return await sales.person("rob@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def wim(workshop: World) -> Person:
    """A worker: he changes open jobs, and does not know of their margins."""
    return await workshop.person("wim@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sue(workshop: World) -> Person:
    """A worker who may stamp jobs."""
    return await workshop.person("sue@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ned(workshop: World) -> Person:
    """Somebody who may do nothing."""
    return await workshop.person("ned@world.example")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(workshop: World) -> Person:
    """The administrator."""
    return await workshop.person(ADMIN)
