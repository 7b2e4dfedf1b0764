"""A database file beside that of the records, for a library that keeps its own: it is there, and ready for several connections."""

import sqlite3
from contextlib import closing
from pathlib import Path

SQLITE = "sqlite:///"


def side_file(url: str, purpose: str) -> str:
    """Returns the address of the file beside an SQLite database: `app.db` has `app.flows.db` for its flows."""
    path = Path(url.removeprefix(SQLITE))
    return f"{SQLITE}{path.with_name(f'{path.stem}.{purpose}{path.suffix}')}"


def engine_url(url: str, own_url: str | None) -> str:
    """Returns where the engine of flows keeps its part: where a setting says so, else beside an SQLite database or in a PostgreSQL one."""
    return own_url or (side_file(url, "flows") if url.startswith(SQLITE) else url)


def prepare_side_file(url: str) -> None:
    """Makes the file where there is none, and has it write ahead, which a file remembers."""
    with closing(sqlite3.connect(url.removeprefix(SQLITE))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
