"""One connection to an SQLite file: its settings, its functions, and a stop for statements that take too long."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from time import perf_counter, sleep
from types import MappingProxyType
from typing import Any, Literal

from fieldstone.store.sqlite_functions import register_functions
from fieldstone.store.use import Asked, Watch

Synchronous = Literal["full", "normal"]

STATEMENTS_KEPT = 512
CACHE_KIBIBYTES = 16 * 1024
OPENING_SECONDS = 5.0
OPENING_PAUSE_SECONDS = 0.01


class SqliteConnection:
    """A connection used by one thread at a time, whichever.

    Every `interval` steps of SQLite's machine it looks at the clock, and a statement's time counts from the first look, so that a quick
    one costs no look at all. In a thread beside the loop each look waits for the interpreter's lock, so there it looks seldom. The clock
    on the loop's own thread is that of its work, `thread_time`: a statement is not late because the machine was busy with something else.
    """

    def __init__(
        self,
        path: Path,
        watch: Watch,
        *,
        interval: int,
        writes: bool = False,
        synchronous: Synchronous = "full",
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Opens the file; a connection that does not write refuses to. `watch` says which statements are slow."""
        self.asked = Asked(watch)
        self._clock = clock
        self._seconds = 0.0
        self._began: float | None = None
        self._read = ""
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS_KEPT
        )
        execute = self._connection.execute
        if writes:
            _keep_a_log(self._connection)
            execute("PRAGMA wal_autocheckpoint = 0")
        execute(f"PRAGMA synchronous = {synchronous}")
        execute("PRAGMA foreign_keys = ON")
        execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        execute("PRAGMA temp_store = MEMORY")
        execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        execute("PRAGMA busy_timeout = 0")
        register_functions(self._connection)
        self._functions: Mapping[str, Callable[..., Any]] = MappingProxyType({})
        self._schema = 0
        self._connection.set_progress_handler(self._is_late, interval)

    def know(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Gets to know functions beside those of its own; one of a name that it knows is the same."""
        if functions is not self._functions:
            for name in functions.keys() - self._functions.keys():
                self._connection.create_function(name, -1, functions[name], deterministic=True)
            self._functions = functions

    @property
    def in_transaction(self) -> bool:
        """Tells whether a transaction is open; SQLite ends one by itself after some failures."""
        return self._connection.in_transaction

    def rows(self, text: str, parameters: tuple[Any, ...], seconds: float) -> list[tuple[Any, ...]]:
        """Returns all rows of a query; stops after so many seconds."""
        self._seconds, self._began = seconds, None
        found, start = None, perf_counter()
        try:
            found = self._connection.execute(text, parameters).fetchall()
            return found
        finally:
            self.asked.ran(text, perf_counter() - start, found)

    def open(self, text: str, parameters: tuple[Any, ...], seconds: float) -> sqlite3.Cursor:
        """Returns a query whose rows are fetched some at a time; all of them are of one moment, the first within so many seconds."""
        self._seconds, self._began = seconds, None
        self._read = text
        return self._connection.execute(text, parameters)

    def some(self, cursor: sqlite3.Cursor, count: int, seconds: float) -> list[tuple[Any, ...]]:
        """Returns the next rows of an open query, none at its end; stops after so many seconds."""
        self._seconds, self._began = seconds, None
        found, start = None, perf_counter()
        try:
            found = cursor.fetchmany(count)
            return found
        finally:
            self.asked.ran(self._read, perf_counter() - start, found)

    def run(self, text: str, parameters: tuple[Any, ...], seconds: float) -> int:
        """Runs a statement; returns how many rows it changed."""
        self._seconds, self._began = seconds, None
        changed, start = None, perf_counter()
        try:
            changed = self._connection.execute(text, parameters).rowcount
            return changed
        finally:
            self.asked.ran(text, perf_counter() - start, changed)

    def run_many(self, text: str, rows: Sequence[tuple[Any, ...]], seconds: float) -> None:
        """Runs a statement for each row of parameters."""
        self._seconds, self._began = seconds, None
        start = perf_counter()
        try:
            self._connection.executemany(text, rows)
        finally:
            self.asked.ran(text, perf_counter() - start, rows)

    def catch_up(self) -> bool:
        """Reads the file's schema, however long it takes, where it is another one than before; tells whether it was."""
        self._seconds, self._began = inf, None
        (version,) = self._connection.execute("PRAGMA schema_version").fetchone()
        if version == self._schema:
            return False
        self._connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        self._schema = version
        return True

    def hold(self) -> None:
        """Lets all that is read from the next statement on be of one moment, until it is let go.

        Neither has a deadline: SQLite counts the steps of a statement over all its runs, and would ask about that of the read before.
        """
        self._seconds, self._began = inf, None
        self._connection.execute("BEGIN")

    def let_go(self) -> None:
        """Ends what `hold` began."""
        self._seconds, self._began = inf, None
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def interrupt(self) -> None:
        """Stops what another thread runs here."""
        self._connection.interrupt()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _is_late(self) -> bool:
        now = self._clock()
        if self._began is None:
            self._began = now
        return now - self._began > self._seconds


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Lets the file have a log of changes; of several that do so to a new file at once, SQLite lets one, and the others do not wait."""
    deadline = perf_counter() + OPENING_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or perf_counter() > deadline:
                raise
        sleep(OPENING_PAUSE_SECONDS)
