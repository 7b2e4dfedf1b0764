"""The floor's statements on SQLite: the standard library's driver, on the loop's own thread."""

import sqlite3
from decimal import Decimal
from typing import Any

import msgspec

from bench.floor_records import RANKED, RULE_BOUND, Hit, Session, Where, WorkOrder, hit_of

_COLUMNS = ", ".join(WorkOrder.__struct_fields__)
_NAMES = ",".join(WorkOrder.__struct_fields__)
_PLACES = ", ".join("?" for _ in WorkOrder.__struct_fields__)

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -16384",
    "temp_store = MEMORY",
    "busy_timeout = 5000",
)
SESSION = """
    SELECT s.user_id, s.active_organization_id, s.expires_at, EXISTS(
        SELECT 1 FROM sys_user_permission_set g WHERE g.user_id = s.user_id AND g.permission_set = 'technician')
    FROM sys_session s WHERE s.token_hash = ?"""
GET = f"SELECT {_COLUMNS} FROM work_order WHERE organization_id = ? AND id = ?"
FILTER = "organization_id = ? AND status = ? AND priority >= ?"
RULE = "owner_id = ? AND priority <= ?"
ORDER = "ORDER BY reported_at DESC NULLS FIRST, id LIMIT ?"
LIST = f"SELECT {_COLUMNS} FROM work_order WHERE {FILTER} {ORDER}"
LIST_UNDER_RULE = f"SELECT {_COLUMNS} FROM work_order WHERE {FILTER} AND {RULE} {ORDER}"
COUNT = f"SELECT count(*) FROM work_order WHERE {FILTER}"
COUNT_UNDER_RULE = f"SELECT count(*) FROM work_order WHERE {FILTER} AND {RULE}"
SEARCH = f"""
    WITH newest AS MATERIALIZED (
        SELECT id FROM work_order WHERE organization_id = ? AND id IN (
            SELECT w.id FROM "work_order.search" JOIN "work_order.words" w ON w.key = "work_order.search".rowid
            WHERE "work_order.search" MATCH ?)
        ORDER BY id DESC LIMIT {RANKED}),
    best AS MATERIALIZED (
        SELECT w.id, {{points}} AS points FROM newest n JOIN "work_order.words" w ON w.id = n.id
        ORDER BY points DESC, w.id DESC LIMIT ?)
    SELECT {", ".join(f"o.{name}" for name in WorkOrder.__struct_fields__)}, b.points
    FROM best b JOIN work_order o ON o.id = b.id ORDER BY b.points DESC, o.id DESC"""
POINTS = """
    CASE WHEN substr(w.w_title, 1, length(?)) = ? THEN 6 WHEN substr(w.w_title, 1, length(?)) = ? THEN 5
    WHEN instr(w.w_title, ?) > 0 THEN 4 ELSE 3 END"""
CREATE = f"INSERT INTO work_order ({_COLUMNS}) VALUES ({_PLACES})"
WORDS = 'INSERT INTO "work_order.words" (id, w_title) VALUES (?, ?)'
EVENT = """
    INSERT INTO sys_event (organization_id, object, record_id, action, version, actor, at, changed)
    VALUES (?, 'work_order', ?, 'created', 1, ?, ?, ?)"""


class Sqlite:
    """The floor's database in a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Takes an open connection in autocommit mode."""
        self._connection = connection

    async def session(self, token_hash: str) -> tuple[str, str, str, bool] | None:
        """Returns user, organisation, end and whether the technician's rule applies."""
        row = self._connection.execute(SESSION, (token_hash,)).fetchone()
        return (row[0], row[1], row[2], bool(row[3])) if row else None

    async def get(self, organization_id: str, record_id: str) -> WorkOrder | None:
        """Returns one record."""
        row = self._connection.execute(GET, (organization_id, record_id)).fetchone()
        return _record(row) if row else None

    async def search(self, session: Session, words: list[str], limit: int) -> list[Hit]:
        """Returns the records with all of these words in their titles, the best first."""
        match = " AND ".join(f'"{word}" *' for word in words)
        places = [place for word in words for place in (*[f" {word} "] * 2, *[f" {word}"] * 2, f" {word} ")]
        statement = SEARCH.format(points=" + ".join(POINTS for _ in words))
        rows = self._connection.execute(statement, (session.organization_id, match, *places, limit))
        return [hit_of(_record(row[:-1]), row[-1], words) for row in rows.fetchall()]

    async def list(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
        """Returns the newest records of a status and a priority."""
        values = (session.organization_id, where.status, where.priority.bound)
        if session.technician:
            rows = self._connection.execute(LIST_UNDER_RULE, (*values, session.user_id, RULE_BOUND, limit))
        else:
            rows = self._connection.execute(LIST, (*values, limit))
        return [_record(row) for row in rows.fetchall()]

    async def count(self, session: Session, where: Where) -> int:
        """Returns how many records there are of a status and a priority."""
        values = (session.organization_id, where.status, where.priority.bound)
        if session.technician:
            rows = self._connection.execute(COUNT_UNDER_RULE, (*values, session.user_id, RULE_BOUND))
        else:
            rows = self._connection.execute(COUNT, values)
        number: int = rows.fetchone()[0]
        return number

    async def create(self, record: WorkOrder) -> None:
        """Stores one record with its words for searching and its event for the outbox: the same rows as the server's."""
        values = list(msgspec.structs.astuple(record))
        values[12] = None if record.cost is None else int(record.cost.scaleb(2))
        event = (record.organization_id, record.id, record.created_by, record.created_at, _NAMES)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(CREATE, values)
        self._connection.execute(WORDS, (record.id, f" {record.title.lower()} "))
        self._connection.execute(EVENT, event)
        self._connection.execute("COMMIT")


async def open_sqlite(url: str) -> Sqlite:
    """Opens the file with the server's own durability and memory."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return Sqlite(connection)


def _record(row: tuple[Any, ...]) -> WorkOrder:
    cost, urgent = row[12], row[13]
    exact = None if cost is None else Decimal(cost).scaleb(-2)
    values = (*row[:12], exact, None if urgent is None else bool(urgent), *row[14:])
    return WorkOrder(*values)
