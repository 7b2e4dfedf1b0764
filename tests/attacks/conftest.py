"""The worlds that are attacked: on each kind of database one in which nothing lasts, and one in which it does."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
import pytest_asyncio

from fieldstone.proof.stage import open_stage
from tests.access.world import write_world
from tests.attacks.siege import Siege
from tests.databases import PostgresServer, sqlite_address

WORLD = Path(__file__).parent / "world.yaml"


@asynccontextmanager
async def besieged(folder: Path, database_url: str, *, lasting: bool = False) -> AsyncIterator[Siege]:
    """Opens the world on an empty database; an empty folder takes its app."""
    app = write_world(WORLD.read_text(encoding="utf-8"), folder / "app", "attacks")
    async with open_stage(app, "attacks", database_url) as stage:
        siege = await Siege.laid(stage)
        async with nullcontext() if lasting else stage.rehearsing():
            yield siege


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """The siege of a world in which nothing lasts."""
    folder = tmp_path_factory.mktemp("attacks")
    async with besieged(folder, sqlite_address(folder / "world.db")) as siege:
        yield siege


@pytest.fixture(scope="session")
def postgres_world(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database on PostgreSQL."""
    with postgres.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_siege(postgres_world: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """The same on PostgreSQL."""
    async with besieged(tmp_path_factory.mktemp("attacks"), postgres_world) as siege:
        yield siege


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lasting_siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """The siege of a world in which what is written stays."""
    folder = tmp_path_factory.mktemp("lasting")
    async with besieged(folder, sqlite_address(folder / "world.db"), lasting=True) as siege:
        yield siege
