"""Servers that share a database: two processes on PostgreSQL, and one on SQLite."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.concurrency.crowd import Office
from tests.databases import PostgresServer, sqlite_address
from tests.servers import running_server

DEMO = Path(__file__).parents[2] / "apps" / "demo"
SECRET = {"FIELDSTONE_SECRET": "one secret for both of the servers"}


@pytest.fixture(scope="session")
def two(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo, served by two processes on one PostgreSQL database."""
    folder = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        database = stack.enter_context(postgres.fresh_database())
        servers = [
            stack.enter_context(running_server(DEMO, database_url=database, folder=folder, settings=SECRET))
            for _ in range(2)
        ]
        yield Office([server.url for server in servers], servers[0].admin_password)


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo, served by two processes on one SQLite file."""
    folder = tmp_path_factory.mktemp("beside")
    database = sqlite_address(folder / "beside.db")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running_server(DEMO, database_url=database, folder=folder, settings=SECRET))
            for _ in range(2)
        ]
        yield Office([server.url for server in servers], servers[0].admin_password)


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo, served by one process on SQLite."""
    folder = tmp_path_factory.mktemp("one")
    database = sqlite_address(folder / "one.db")
    with running_server(DEMO, database_url=database, folder=folder, settings=SECRET) as server:
        yield Office([server.url], server.admin_password)
