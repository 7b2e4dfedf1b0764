"""The floor's statements on PostgreSQL: a pool of asyncpg."""

from datetime import date, datetime

import asyncpg
import msgspec

from bench.floor_records import RANKED, RULE_BOUND, Hit, Session, Where, WorkOrder, hit_of

CONNECTIONS = 8

_COLUMNS = ", ".join(WorkOrder.__struct_fields__)
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
CREATE = f"INSERT INTO work_order ({_COLUMNS}) VALUES ({_PLACES})"


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

    async def list(self, session: Session, where: Where, limit: int) -> list[WorkOrder]:
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

    async def create(self, record: WorkOrder) -> None:
        """Stores one record; the statement commits by itself."""
        values = list(msgspec.structs.astuple(record))
        for place in (3, 4, 15):
            values[place] = values[place] and datetime.fromisoformat(values[place])
        values[14] = values[14] and date.fromisoformat(values[14])
        await self._pool.execute(CREATE, *values)


async def open_postgresql(url: str) -> Postgresql:
    """Opens a pool; compiling a plan of so few rows costs more than running it, here and there."""
    settings = {"jit": "off"}
    pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, server_settings=settings)
    return Postgresql(pool)


def _record(row: asyncpg.Record) -> WorkOrder:
    due_on, reported_at = row[14], row[15]
    ends = (None if due_on is None else due_on.isoformat(), None if reported_at is None else _instant(reported_at))
    values = (*row[:3], _instant(row[3]), _instant(row[4]), *row[5:14], *ends)
    return WorkOrder(*values)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
