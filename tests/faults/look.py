"""Looking into a database past the server, as an auditor would: plain SQL on either kind."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import asyncpg

STANDING = '(SELECT * FROM "ticket.history" WHERE "valid.to" IS NULL)'
LAST = (
    "(SELECT record_id, action, version FROM sys_event e WHERE object = 'ticket' AND position ="
    " (SELECT max(position) FROM sys_event WHERE object = 'ticket' AND record_id = e.record_id))"
)

WRONG = {
    "a comment without its ticket": 'SELECT c.id FROM "comment" c LEFT JOIN ticket t ON t.id = c.ticket WHERE t.id IS NULL',
    "a ticket that is not as its standing version": (
        f"SELECT t.id FROM ticket t LEFT JOIN {STANDING} h ON h.id = t.id AND h.version = t.version AND h.subject = t.subject"
        " WHERE h.id IS NULL"
    ),
    "a standing version without its ticket": f"SELECT h.id FROM {STANDING} h LEFT JOIN ticket t ON t.id = h.id WHERE t.id IS NULL",
    "a version that is missing or there twice": (
        'SELECT t.id FROM ticket t JOIN "ticket.history" h ON h.id = t.id GROUP BY t.id, t.version'
        " HAVING count(*) <> t.version OR count(DISTINCT h.version) <> t.version"
    ),
    "a ticket that is not as its last event": (
        f"SELECT t.id FROM ticket t LEFT JOIN {LAST} e ON e.record_id = t.id AND e.version = t.version AND e.action <> 'deleted'"
        " WHERE e.record_id IS NULL"
    ),
    "an event without its ticket": (
        f"SELECT e.record_id FROM {LAST} e LEFT JOIN ticket t ON t.id = e.record_id WHERE t.id IS NULL AND e.action <> 'deleted'"
    ),
    "an event that is missing or there twice": (
        "SELECT t.id FROM ticket t JOIN sys_event e ON e.record_id = t.id GROUP BY t.id, t.version HAVING count(*) <> t.version"
    ),
}
"""What would be half done, by the query that finds it."""


async def rows_of(url: str, text: str) -> list[tuple[Any, ...]]:
    """Returns the rows of a query."""
    if url.startswith("sqlite:///"):
        return await asyncio.to_thread(_sqlite_rows, url.removeprefix("sqlite:///"), text)
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(text)]
    finally:
        await connection.close()


async def half_done(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Returns everything in the database that is half done, by what it is."""
    found = {what: await rows_of(url, text) for what, text in WRONG.items()}
    if url.startswith("sqlite"):
        found["a damaged file"] = [row for row in await rows_of(url, "PRAGMA integrity_check") if row != ("ok",)]
        found["a reference to nothing"] = await rows_of(url, "PRAGMA foreign_key_check")
    return {what: rows[:5] for what, rows in found.items() if rows}


async def end_sessions(url: str) -> int:
    """Ends every session of a PostgreSQL database but one's own; returns how many there were."""
    ended = await rows_of(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'",
    )
    return len(ended)


def _sqlite_rows(path: str, text: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(text).fetchall()
