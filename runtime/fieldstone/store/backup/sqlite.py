"""An SQLite file as a whole: copied by the online backup of SQLite out of a read transaction, put back by a rename."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

from fieldstone.errors import SettingsError
from fieldstone.store.backup.interface import Moment
from fieldstone.store.columns import DialectName
from fieldstone.store.sqlite_functions import register_functions

WAIT_SECONDS = 30.0
"""How long it is waited for a write that is under way."""


class SqliteMoment:
    """A file as a connection sees it, whose read transaction is open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def save(self, path: Path) -> None:
        """Copies the pages into a new file, which is whole by itself; raises SettingsError for a damaged one."""
        try:
            with closing(sqlite3.connect(path)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                register_functions(copy)
                found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise SettingsError(f"The SQLite file cannot be copied: {error}.") from error
        if found != "ok":
            raise SettingsError(f"The SQLite file is damaged: {found}.", hint="Restore the last backup that was whole.")


class SqliteFile:
    """One file, whether or not it is there."""

    kind: DialectName = "sqlite"

    def __init__(self, path: Path) -> None:
        """Takes the file's path."""
        self._path = path
        self._ready: Path | None = None

    async def exists(self) -> bool:
        """Tells whether the file has anything in it."""
        return self._path.is_file() and self._path.stat().st_size > 0

    async def version(self) -> str:
        """Returns the version of the library."""
        return sqlite3.sqlite_version

    @asynccontextmanager
    async def unwritten(self) -> AsyncIterator[None]:
        """Holds the turn to write."""
        with self._opened() as connection:
            _begin(connection, "BEGIN IMMEDIATE")
            yield

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Moment]:
        """Holds a read transaction: the log of changes keeps what it sees."""
        with self._opened() as connection:
            _begin(connection, "BEGIN")
            yield SqliteMoment(connection)

    async def require_unused(self) -> None:
        """Refuses a file that another process has open."""
        with self._alone():
            pass

    @property
    def workplace(self) -> Path:
        """The file's own folder, so that a rename is enough."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path.parent

    async def prepare(self, saved: Path | None) -> None:
        """Remembers what takes the file's place: it lies beside it already."""
        self._ready = saved

    async def swap(self) -> None:
        """Renames what is ready; without it, removes the file."""
        with self._alone():
            # What belongs to the file that goes would be read as a part of the one that comes.
            for end in ("-wal", "-shm", "-journal"):
                self._path.with_name(f"{self._path.name}{end}").unlink(missing_ok=True)
            if self._ready is None:
                self._path.unlink(missing_ok=True)
            else:
                self._ready.replace(self._path)

    async def abandon(self) -> None:
        """Has nothing to remove: the folder of what is ready goes with whoever made it."""

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._address(), uri=True, isolation_level=None, timeout=WAIT_SECONDS)
        except sqlite3.Error as error:
            raise SettingsError(f"The SQLite file `{self._path}` cannot be opened: {error}.") from error
        with closing(connection):
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the file so that nobody else opens it; one that is too damaged to be held is let go."""
        if not self._path.is_file():
            yield
            return
        with closing(sqlite3.connect(self._address(), uri=True, isolation_level=None, timeout=0)) as connection:
            try:
                # Nobody can leave the write-ahead log while another connection is open, at rest or not.
                connection.execute("PRAGMA journal_mode = DELETE").fetchall()
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    message = f"`{self._path}` is in use."
                    raise SettingsError(message, hint="Stop the server first, and whatever else has it open.") from None
            yield
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def _address(self) -> str:
        return f"{self._path.absolute().as_uri()}?mode=rw"


def _begin(connection: sqlite3.Connection, text: str) -> None:
    """Begins a transaction that sees this moment: without a first look it would see that of the first look."""
    try:
        connection.execute(text)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        hint = "Nobody but a server should have it open." if text != "BEGIN" else None
        raise SettingsError(f"The SQLite file cannot be read: {error}.", hint=hint) from error
