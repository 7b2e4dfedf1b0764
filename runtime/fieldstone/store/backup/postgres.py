"""A PostgreSQL database as a whole: copied by `pg_dump` out of an exported snapshot, put back by `pg_restore` and a rename.

Both programs come with PostgreSQL and are found on the PATH; they must be as new as the server is.
"""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from fieldstone.errors import SettingsError
from fieldstone.store.backup.interface import Moment
from fieldstone.store.columns import DialectName
from fieldstone.store.postgres_failures import POSTGRES_FAILURES

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

RUNS = "sys_automation_run"
ELSEWHERE = ("postgres", "template1")
"""The databases of every server from which another one can be renamed."""

LOCK_SECONDS = 30
_SNAPSHOT = "SELECT pg_export_snapshot()"
_FILLED = (
    "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
    " WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema')"
)
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


class PostgresMoment:
    """A database as an exported snapshot sees it."""

    def __init__(self, url: str, snapshot: str) -> None:
        self._url = url
        self._snapshot = snapshot

    async def save(self, path: Path) -> None:
        """Runs `pg_dump`; its format is compressed already."""
        await _run("pg_dump", self._url, "--format=custom", f"--snapshot={self._snapshot}", f"--file={path}")


class PostgresWhole:
    """One database of a server, whether or not it is there."""

    kind: DialectName = "postgresql"

    def __init__(self, url: str) -> None:
        """Takes the database's address."""
        self._url = url
        self._name = unquote(urlsplit(url).path.removeprefix("/"))
        if not self._name:
            raise SettingsError(
                "The database's address names no database.", hint="It is `postgresql://user@host/name`."
            )
        self._ready: str | None = None

    async def exists(self) -> bool:
        """Tells whether the database is there and has a table."""
        try:
            async with _connected(self._url) as connection:
                return bool(await connection.fetchval(_FILLED))
        except asyncpg.InvalidCatalogNameError:
            return False

    async def version(self) -> str:
        """Returns the version of the server."""
        async with _connected(self._url) as connection:
            return str(await connection.fetchval("SHOW server_version"))

    @asynccontextmanager
    async def unwritten(self) -> AsyncIterator[None]:
        """Holds a lock on the runs that lets others read."""
        async with _connected(self._url) as connection, connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            try:
                await connection.execute(f"LOCK TABLE {RUNS} IN SHARE MODE")
            except asyncpg.LockNotAvailableError as error:
                raise SettingsError("The runs of flows are held by somebody else.", hint="Try again.") from error
            yield

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Moment]:
        """Holds a snapshot in a transaction."""
        async with (
            _connected(self._url) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield PostgresMoment(self._url, await connection.fetchval(_SNAPSHOT))

    async def require_unused(self) -> None:
        """Refuses a database that has other sessions."""
        try:
            async with _connected(self._url) as connection:
                others = await connection.fetchval(_OTHERS)
        except asyncpg.InvalidCatalogNameError:
            return
        if others:
            raise self._in_use()

    @property
    def workplace(self) -> Path:
        """The folder for temporary files."""
        return Path(tempfile.gettempdir())

    async def prepare(self, saved: Path | None) -> None:
        """Restores into a new database beside the old one."""
        name = f"{self._name}_restored_{secrets.token_hex(4)}"
        async with self._elsewhere() as connection:
            try:
                await connection.execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 ENCODING 'UTF8'")
            except asyncpg.InsufficientPrivilegeError as error:
                hint = "A restore makes a database beside the old one and renames it: give the role CREATEDB."
                raise SettingsError("The role may not make a database.", hint=hint) from error
        self._ready = name
        if saved is not None:
            url = _at(self._url, name)
            await _run("pg_restore", url, "--no-owner", "--no-privileges", "--exit-on-error", str(saved))

    async def swap(self) -> None:
        """Renames both databases in one transaction, then drops the old one."""
        if self._ready is None:
            return
        old = f"{self._name}_before_{secrets.token_hex(4)}"
        async with self._elsewhere() as connection:
            there = await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", self._name)
            try:
                async with connection.transaction():
                    if there:
                        await connection.execute(_rename(self._name, old))
                    await connection.execute(_rename(self._ready, self._name))
            except asyncpg.ObjectInUseError as error:
                raise self._in_use() from error
            self._ready = None
            if there:
                await connection.execute(f"DROP DATABASE {_quoted(old)}")

    async def abandon(self) -> None:
        """Drops the new database where it took no place."""
        if self._ready is not None:
            async with self._elsewhere() as connection:
                await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(self._ready)} WITH (FORCE)")
            self._ready = None

    @asynccontextmanager
    async def _elsewhere(self) -> "AsyncIterator[Connection]":
        """Connects to another database of the server."""
        first, second = (_at(self._url, name) for name in ELSEWHERE)
        try:
            connection = await asyncpg.connect(first)
        except POSTGRES_FAILURES:
            async with _connected(second) as connection:
                yield connection
            return
        try:
            yield connection
        finally:
            await connection.close()

    def _in_use(self) -> SettingsError:
        hint = "Stop the servers first, and whatever else is connected to it."
        return SettingsError(f"The database `{self._name}` is in use.", hint=hint)


@asynccontextmanager
async def _connected(url: str) -> "AsyncIterator[Connection]":
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        raise
    except (*POSTGRES_FAILURES, ValueError) as error:
        raise SettingsError(
            "The PostgreSQL database cannot be opened.", hint="Check the address, the name and the password."
        ) from error
    try:
        yield connection
    finally:
        await connection.close()


async def _run(program: str, url: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL on a database; the password goes by the environment, for arguments are seen by everybody."""
    found = shutil.which(program)
    if found is None:
        hint = "It comes with PostgreSQL's client programs; put the folder that holds it on the PATH."
        raise SettingsError(f"`{program}` is not there.", hint=hint)
    parts = urlsplit(url)
    location = parts.netloc.rpartition("@")
    shown = urlunsplit(parts._replace(netloc=f"{location[0].partition(':')[0]}{location[1]}{location[2]}"))
    environment = {**os.environ, **({} if parts.password is None else {"PGPASSWORD": unquote(parts.password)})}
    process = await asyncio.create_subprocess_exec(
        *(found, f"--dbname={shown}", "--no-password", *arguments),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    if process.returncode:
        lines = told.decode(errors="replace").strip().splitlines()
        raise SettingsError(f"`{program}` has failed.", hint="\n".join(lines[:3]) or None)


def _at(url: str, name: str) -> str:
    """Returns the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _rename(name: str, to: str) -> str:
    return f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(to)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
