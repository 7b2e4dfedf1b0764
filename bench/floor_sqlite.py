"""The floor's statements on SQLite: the standard library's driver, on the loop's own thread."""

import sqlite3
from decimal import Decimal
from typing import Any

import msgspec

from bench.floor_records import (
    RANKED,
    RULE_BOUND,
    Change,
    Group,
    Hit,
    Long,
    NewWorkOrder,
    Place,
    Session,
    Site,
    Urgent,
    Visit,
    Where,
    WorkOrder,
    hit_of,
    visit_of,
)

_COLUMNS = ", ".join(WorkOrder.__struct_fields__)
_PLACES = ", ".join("?" for _ in WorkOrder.__struct_fields__)
_OF_A_VISIT = ", ".join(f"v.{name}" for name in Visit.__struct_fields__ if name not in ("work_order", "site"))
_NAMES = ",".join(NewWorkOrder.__struct_fields__)

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
PAGE = (
    f"SELECT {_COLUMNS} FROM work_order WHERE organization_id = ? ORDER BY number DESC NULLS FIRST, id LIMIT ? OFFSET ?"
)
PAGE_AFTER = f"""
    SELECT {_COLUMNS} FROM work_order
    WHERE organization_id = ? AND number <= ? AND (number < ? OR number = ? AND id > ?)
    ORDER BY number DESC NULLS FIRST, id LIMIT ?"""
VISITS = f"""
    SELECT {_OF_A_VISIT},
        {", ".join(f"o.{name}" for name in WorkOrder.__struct_fields__)},
        {", ".join(f"s.{name}" for name in Site.__struct_fields__)}
    FROM visit v JOIN work_order o ON o.id = v.work_order JOIN site s ON s.id = v.site
    WHERE v.organization_id = ? AND v.minutes >= ? ORDER BY v.planned_at DESC NULLS FIRST, v.id LIMIT ?"""
GROUPS = """
    SELECT status, count(*), sum(cost), max(priority) FROM work_order WHERE organization_id = ? AND priority >= ?
    GROUP BY status ORDER BY status"""
CREATE = f"INSERT INTO work_order ({_COLUMNS}) VALUES ({_PLACES})"
WORDS = 'INSERT INTO "work_order.words" (id, w_title) VALUES (?, ?)'
UPDATE = f"""
    UPDATE work_order SET title = ?, cost = ?, updated_at = ?, updated_by = ?, version = version + 1
    WHERE organization_id = ? AND id = ? AND version = coalesce(?, version) RETURNING {_COLUMNS}"""
WORDS_AGAIN = 'UPDATE "work_order.words" SET w_title = ? WHERE id = ?'
EVENT = """
    INSERT INTO sys_event (organization_id, object, record_id, action, version, actor, at, changed)
    VALUES (?, 'work_order', ?, ?, ?, ?, ?, ?)"""


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

    async def newest(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
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

    async def page(self, session: Session, after: Place | None, offset: int, limit: int) -> list[WorkOrder]:
        """Returns records by their numbers, the last first, from behind a place or an offset on."""
        if after is None:
            rows = self._connection.execute(PAGE, (session.organization_id, limit, offset))
        else:
            number = after.after[0]
            rows = self._connection.execute(
                PAGE_AFTER, (session.organization_id, number, number, number, after.id, limit)
            )
        return [_record(row) for row in rows.fetchall()]

    async def visits(self, session: Session, where: Long, limit: int) -> list[Visit]:
        """Returns the last visits that take so long, with what they refer to."""
        rows = self._connection.execute(VISITS, (session.organization_id, where.minutes.bound, limit))
        return [visit_of(row[:10], _record(row[10:26]), Site(*row[26:])) for row in rows.fetchall()]

    async def groups(self, session: Session, where: Urgent) -> list[Group]:
        """Returns what is to be known of each status."""
        rows = self._connection.execute(GROUPS, (session.organization_id, where.priority.bound))
        return [Group(status, orders, _cost(cost), priority) for status, orders, cost, priority in rows.fetchall()]

    async def create(self, records: list[WorkOrder]) -> None:
        """Stores records, all or none, each with its words for searching and its event for the outbox."""
        rows, words, events = [], [], []
        for record in records:
            values = list(msgspec.structs.astuple(record))
            values[12] = None if record.cost is None else int(record.cost.scaleb(2))
            rows.append(values)
            words.append((record.id, f" {record.title.lower()} "))
            events.append(_event(record, "created", _NAMES))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(CREATE, rows)
        self._connection.executemany(WORDS, words)
        self._connection.executemany(EVENT, events)
        self._connection.execute("COMMIT")

    async def update(
        self, session: Session, record_id: str, version: int | None, change: Change, now: str
    ) -> WorkOrder | None:
        """Changes a record, of this version where one is given, with its words and an event; returns it as it is then."""
        values = (change.title, int(change.cost.scaleb(2)), now, session.user_id)
        self._connection.execute("BEGIN IMMEDIATE")
        row = self._connection.execute(UPDATE, (*values, session.organization_id, record_id, version)).fetchone()
        if row is None:
            self._connection.execute("ROLLBACK")
            return None
        record = _record(row)
        self._connection.execute(WORDS_AGAIN, (f" {record.title.lower()} ", record_id))
        self._connection.execute(EVENT, _event(record, "updated", "title,cost"))
        self._connection.execute("COMMIT")
        return record


async def open_sqlite(url: str) -> Sqlite:
    """Opens the file with the server's own durability and memory."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return Sqlite(connection)


def _record(row: tuple[Any, ...]) -> WorkOrder:
    urgent = row[13]
    values = (*row[:12], _cost(row[12]), None if urgent is None else bool(urgent), *row[14:])
    return WorkOrder(*values)


def _cost(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)


def _event(record: WorkOrder, action: str, changed: str) -> tuple[Any, ...]:
    at = (record.updated_by, record.updated_at)
    return (record.organization_id, record.id, action, record.version, *at, changed)
