"""The floor's statements on PostgreSQL: a pool of asyncpg."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
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

CONNECTIONS = 8

_COLUMNS = ", ".join(WorkOrder.__struct_fields__)
_OF_A_VISIT = ", ".join(f"v.{name}" for name in Visit.__struct_fields__ if name not in ("work_order", "site"))
_NAMES = ",".join(NewWorkOrder.__struct_fields__)
_PLACES = ", ".join(f"${place}" for place in range(1, len(WorkOrder.__struct_fields__) + 1))

SESSION = """
    SELECT s.user_id, s.active_organization_id, s.expires_at, EXISTS(
        SELECT 1 FROM sys_user_permission_set g WHERE g.user_id = s.user_id AND g.permission_set = 'technician')
    FROM sys_session s WHERE s.token_hash = $1"""
GET = f"SELECT {_COLUMNS} FROM work_order WHERE organization_id = $1 AND id = $2"
FILTER = "organization_id = $1 AND status = $2 AND priority >= $3"
RULE = "owner_id = $4 AND priority <= $5"
ORDER = "ORDER BY reported_at DESC NULLS FIRST, id"
LIST = f"SELECT {_COLUMNS} FROM work_order WHERE {FILTER} {ORDER} LIMIT $4"
LIST_UNDER_RULE = f"SELECT {_COLUMNS} FROM work_order WHERE {FILTER} AND {RULE} {ORDER} LIMIT $6"
COUNT = f"SELECT count(*) FROM work_order WHERE {FILTER}"
COUNT_UNDER_RULE = f"SELECT count(*) FROM work_order WHERE {FILTER} AND {RULE}"
SEARCH = f"""
    WITH newest AS MATERIALIZED (
        SELECT id FROM work_order WHERE organization_id = $1 AND id = ANY (ARRAY(
            SELECT w.id FROM "work_order.words" w WHERE fieldstone_lexemes(w.w_title) @@ $2::text::tsquery))
        ORDER BY id DESC LIMIT {RANKED}),
    best AS MATERIALIZED (
        SELECT w.id, {{points}} AS points FROM newest n JOIN "work_order.words" w ON w.id = n.id
        ORDER BY points DESC, w.id DESC LIMIT $3)
    SELECT {", ".join(f"o.{name}" for name in WorkOrder.__struct_fields__)}, b.points
    FROM best b JOIN work_order o ON o.id = b.id ORDER BY b.points DESC, o.id DESC"""
POINTS = """
    CASE WHEN starts_with(w.w_title, {place} || ' ') THEN 6 WHEN starts_with(w.w_title, {place}) THEN 5
    WHEN strpos(w.w_title, {place} || ' ') > 0 THEN 4 ELSE 3 END"""
PAGE = f"SELECT {_COLUMNS} FROM work_order WHERE organization_id = $1 ORDER BY number DESC NULLS FIRST, id LIMIT $2 OFFSET $3"
PAGE_AFTER = f"""
    SELECT {_COLUMNS} FROM work_order WHERE organization_id = $1 AND number <= $2 AND (number < $2 OR number = $2 AND id > $3)
    ORDER BY number DESC NULLS FIRST, id LIMIT $4"""
VISITS = f"""
    SELECT {_OF_A_VISIT},
        {", ".join(f"o.{name}" for name in WorkOrder.__struct_fields__)},
        {", ".join(f"s.{name}" for name in Site.__struct_fields__)}
    FROM visit v JOIN work_order o ON o.id = v.work_order JOIN site s ON s.id = v.site
    WHERE v.organization_id = $1 AND v.minutes >= $2 ORDER BY v.planned_at DESC NULLS FIRST, v.id LIMIT $3"""
GROUPS = """
    SELECT status, count(*), sum(cost), max(priority) FROM work_order WHERE organization_id = $1 AND priority >= $2
    GROUP BY status ORDER BY status COLLATE "C" """
CREATE = f"INSERT INTO work_order ({_COLUMNS}) VALUES ({_PLACES})"
WORDS = 'INSERT INTO "work_order.words" (id, w_title) VALUES ($1, $2)'
UPDATE = f"""
    UPDATE work_order SET title = $1, cost = $2, updated_at = $3, updated_by = $4, version = version + 1
    WHERE organization_id = $5 AND id = $6 AND version = coalesce($7, version) RETURNING {_COLUMNS}"""
WORDS_AGAIN = 'UPDATE "work_order.words" SET w_title = $1 WHERE id = $2'
EVENT = """
    INSERT INTO sys_event (organization_id, object, record_id, action, version, actor, at, changed)
    VALUES ($1, 'work_order', $2, $3, $4, $5, $6, $7)"""

if TYPE_CHECKING:
    _AnyConnection = asyncpg.Connection[asyncpg.Record]
else:
    _AnyConnection = asyncpg.Connection


class _Connection(_AnyConnection):
    """Goes back into the pool as it is: there is nothing to reset, and a reset is one more way to the database and back."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class Postgresql:
    """The floor's database on a PostgreSQL server."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Takes an open pool."""
        self._pool = pool

    async def session(self, token_hash: str) -> tuple[str, str, str, bool] | None:
        """Returns user, organisation, end and whether the technician's rule applies."""
        row = await self._pool.fetchrow(SESSION, token_hash)
        return (row[0], row[1], _instant(row[2]), row[3]) if row else None

    async def get(self, organization_id: str, record_id: str) -> WorkOrder | None:
        """Returns one record."""
        row = await self._pool.fetchrow(GET, organization_id, record_id)
        return _record(row) if row else None

    async def search(self, session: Session, words: list[str], limit: int) -> list[Hit]:
        """Returns the records with all of these words in their titles, the best first."""
        points = " + ".join(POINTS.format(place=f"${place}::text") for place in range(4, 4 + len(words)))
        match = " & ".join(f"'{word}':*" for word in words)
        terms = (f" {word}" for word in words)
        rows = await self._pool.fetch(SEARCH.format(points=points), session.organization_id, match, limit, *terms)
        return [hit_of(_record(row), row["points"], words) for row in rows]

    async def newest(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
        """Returns the newest records of a status and a priority."""
        values = (session.organization_id, where.status, where.priority.bound)
        if session.technician:
            rows = await self._pool.fetch(LIST_UNDER_RULE, *values, session.user_id, RULE_BOUND, limit)
        else:
            rows = await self._pool.fetch(LIST, *values, limit)
        return [_record(row) for row in rows]

    async def count(self, session: Session, where: Where) -> int:
        """Returns how many records there are of a status and a priority."""
        values = (session.organization_id, where.status, where.priority.bound)
        if session.technician:
            number = await self._pool.fetchval(COUNT_UNDER_RULE, *values, session.user_id, RULE_BOUND)
        else:
            number = await self._pool.fetchval(COUNT, *values)
        return int(number)

    async def page(self, session: Session, after: Place | None, offset: int, limit: int) -> list[WorkOrder]:
        """Returns records by their numbers, the last first, from behind a place or an offset on."""
        if after is None:
            rows = await self._pool.fetch(PAGE, session.organization_id, limit, offset)
        else:
            rows = await self._pool.fetch(PAGE_AFTER, session.organization_id, after.after[0], after.id, limit)
        return [_record(row) for row in rows]

    async def visits(self, session: Session, where: Long, limit: int) -> list[Visit]:
        """Returns the last visits that take so long, with what they refer to."""
        rows = [
            tuple(row) for row in await self._pool.fetch(VISITS, session.organization_id, where.minutes.bound, limit)
        ]
        return [
            visit_of((*_begun(row[:9]), _optional(row[9])), _record(row[10:26]), Site(*_begun(row[26:])))
            for row in rows
        ]

    async def groups(self, session: Session, where: Urgent) -> list[Group]:
        """Returns what is to be known of each status."""
        rows = await self._pool.fetch(GROUPS, session.organization_id, where.priority.bound)
        return [Group(*row) for row in rows]

    async def create(self, records: list[WorkOrder]) -> None:
        """Stores records, all or none, each with its words for searching and its event for the outbox."""
        rows, words, events = [], [], []
        for record in records:
            values = list(msgspec.structs.astuple(record))
            for place in (3, 4, 15):
                values[place] = values[place] and datetime.fromisoformat(values[place])
            values[14] = values[14] and date.fromisoformat(values[14])
            rows.append(values)
            words.append((record.id, f" {record.title.lower()} "))
            events.append(_event(record, "created", _NAMES))
        async with self._pool.acquire() as connection, connection.transaction():
            if len(records) == 1:
                await connection.execute(CREATE, *rows[0])
                await connection.execute(WORDS, *words[0])
                await connection.execute(EVENT, *events[0])
            else:
                await connection.executemany(CREATE, rows)
                await connection.executemany(WORDS, words)
                await connection.executemany(EVENT, events)

    async def update(
        self, session: Session, record_id: str, version: int | None, change: Change, now: str
    ) -> WorkOrder | None:
        """Changes a record, of this version where one is given, with its words and an event; returns it as it is then."""
        values = (change.title, change.cost, datetime.fromisoformat(now), session.user_id)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(UPDATE, *values, session.organization_id, record_id, version)
            if row is None:
                return None
            record = _record(row)
            await connection.execute(WORDS_AGAIN, f" {record.title.lower()} ", record_id)
            await connection.execute(EVENT, *_event(record, "updated", "title,cost"))
            return record


async def open_postgresql(url: str) -> Postgresql:
    """Opens a pool; compiling a plan of so few rows costs more than running it, here and there."""
    pool = await asyncpg.create_pool(
        url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        connection_class=_Connection,
        server_settings={"jit": "off"},
    )
    return Postgresql(pool)


def _record(row: asyncpg.Record | tuple[Any, ...]) -> WorkOrder:
    due_on = row[14]
    ends = (None if due_on is None else due_on.isoformat(), _optional(row[15]))
    values = (*_begun(row[:14]), *ends)
    return WorkOrder(*values)


def _begun(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Returns the values of a record, of which the fourth and the fifth are instants."""
    return (*row[:3], _instant(row[3]), _instant(row[4]), *row[5:])


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else _instant(moment)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def _event(record: WorkOrder, action: str, changed: str) -> tuple[Any, ...]:
    at = (record.updated_by, record.updated_at)
    return (record.organization_id, record.id, action, record.version, *at, changed)
