"""An office over the door, on each kind of database, for flows to work in."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore
from tests.databases import PostgresServer, sqlite_address
from tests.engine.office import Office
from tests.worlds import load_world


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_world("office", tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the database of all offices; what asks for it runs once for each kind of database."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("flows") / "offices.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.fresh_database() as url:
            yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def store(catalog: Catalog, store_url: str) -> AsyncIterator[SqlStore]:
    """The store of all offices."""
    opened = await open_store(catalog, store_url, synchronous="normal", limits=Limits())
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def office(store: SqlStore) -> Office:
    """A new office."""
    return await Office.founded(store)
