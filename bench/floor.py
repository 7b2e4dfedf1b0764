"""The floor: what a careful person would write by hand for the scenarios, as a bare ASGI endpoint in a process of its own.

    python -m bench.floor DATABASE_URL PORT

It knows three objects, looks the credential up in the database at every request (a session that was ended must not be honoured),
runs the one statement that the scenario needs through the raw driver and encodes with msgspec. It speaks the same paths and bodies as
the server, so that the same requests go to both.
"""

import base64
import hashlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import uvicorn
import uvloop
from ulid import ULID

from bench.floor_postgresql import open_postgresql
from bench.floor_records import (
    Batch,
    Change,
    Database,
    Groups,
    Long,
    NewWorkOrder,
    Place,
    Session,
    Where,
    WorkOrder,
)
from bench.floor_sqlite import open_sqlite
from bench.requests import PATH, SEARCH, VISITS

Headers = Mapping[bytes, bytes]
Answer = tuple[int, object]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

ONE = f"{PATH}/"
READY: Answer = (200, {"status": "ready"})
NOT_FOUND: Answer = (404, {"error": {"code": "NOT_FOUND", "message": "No such record."}})
STALE: Answer = (409, {"error": {"code": "CONCURRENT_UPDATE", "message": "The record is at another version."}})
UNAUTHENTICATED: Answer = (401, {"error": {"code": "UNAUTHENTICATED", "message": "No session."}})


class Floor:
    """The endpoint."""

    def __init__(self, database: Database) -> None:
        """Takes an open database."""
        self._database = database
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._where = msgspec.json.Decoder(Where).decode
        self._long = msgspec.json.Decoder(Long).decode
        self._groups = msgspec.json.Decoder(Groups).decode
        self._new = msgspec.json.Decoder(NewWorkOrder).decode
        self._change = msgspec.json.Decoder(Change).decode
        self._batch = msgspec.json.Decoder(Batch).decode
        self._place = msgspec.json.Decoder(Place).decode

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        path: str = scope["path"]
        headers: Headers = dict(scope["headers"])
        status, body = READY if path == "/ready" else await self._answer(scope, path, headers, receive)
        content = self._encode(body)
        told = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": content})

    async def _session(self, headers: Headers) -> Session | None:
        token_hash = hashlib.sha256(headers.get(b"authorization", b"").removeprefix(b"Bearer ")).hexdigest()
        found = await self._database.session(token_hash)
        if found is None:
            return None
        session = Session(*found)
        return session if session.expires_at > _now() else None

    async def _answer(self, scope: Mapping[str, Any], path: str, headers: Headers, receive: Receive) -> Answer:
        session = await self._session(headers)
        if session is None:
            return UNAUTHENTICATED
        if scope["method"] == "GET":
            return await self._read(session, path, scope["query_string"])
        content = await _received(receive)
        if scope["method"] == "PATCH":
            return await self._update(session, path.removeprefix(ONE), headers.get(b"if-match"), content)
        if path == PATH:
            record = _made(self._new(content), session, _now())
            await self._database.create([record])
            return 201, record
        if path == f"{PATH}/batch":
            return await self._create_many(session, content)
        groups = await self._database.groups(session, self._groups(content).where)
        return 200, {"items": groups, "total": len(groups)}

    async def _read(self, session: Session, path: str, query_string: bytes) -> Answer:
        if path == PATH:
            return await self._list(session, query_string)
        if path == SEARCH:
            return await self._search(session, query_string)
        if path == VISITS:
            return await self._visits(session, query_string)
        record = await self._database.get(session.organization_id, path.removeprefix(ONE))
        return NOT_FOUND if record is None else (200, record)

    async def _list(self, session: Session, query_string: bytes) -> Answer:
        query = dict(parse_qsl(query_string.decode()))
        limit = int(query["limit"])
        if "where" not in query:
            return await self._page(session, query, limit)
        where = self._where(query["where"])
        records = await self._database.newest(session, where, limit + 1)
        body: dict[str, Any] = {"items": records[:limit]}
        if query.get("count") != "false":
            body["total"] = await self._database.count(session, where)
        last = records[limit - 1] if len(records) > limit else None
        body["nextCursor"] = last and self._cursor(last.id, last.reported_at)
        return 200, body

    async def _page(self, session: Session, query: Mapping[str, str], limit: int) -> Answer:
        sent = query.get("cursor")
        after = None if sent is None else self._place(base64.urlsafe_b64decode(sent + "=" * (-len(sent) % 4)))
        records = await self._database.page(session, after, int(query.get("offset", 0)), limit + 1)
        last = records[limit - 1] if len(records) > limit else None
        return 200, {"items": records[:limit], "nextCursor": last and self._cursor(last.id, last.number)}

    async def _visits(self, session: Session, query_string: bytes) -> Answer:
        query = dict(parse_qsl(query_string.decode()))
        limit = int(query["limit"])
        visits = await self._database.visits(session, self._long(query["where"]), limit + 1)
        last = visits[limit - 1] if len(visits) > limit else None
        return 200, {"items": visits[:limit], "nextCursor": last and self._cursor(last.id, last.planned_at)}

    async def _search(self, session: Session, query_string: bytes) -> Answer:
        query = dict(parse_qsl(query_string.decode()))
        hits = await self._database.search(session, query["q"].lower().split(), int(query["limit"]))
        return 200, {"query": query["q"], "items": hits, "hits": hits}

    async def _update(self, session: Session, record_id: str, match: bytes | None, content: bytes) -> Answer:
        version = None if match is None else int(match.strip(b'"'))
        record = await self._database.update(session, record_id, version, self._change(content), _now())
        return STALE if record is None else (200, record)

    async def _create_many(self, session: Session, content: bytes) -> Answer:
        now = _now()
        records = [_made(row.data, session, now) for row in self._batch(content).records]
        await self._database.create(records)
        results = [{"index": place, "success": True, "id": record.id} for place, record in enumerate(records)]
        count = len(records)
        told = {"success": True, "operation": "create", "total": count, "succeeded": count, "failed": 0}
        return 200, {**told, "results": results}

    def _cursor(self, record_id: str, value: str | None) -> str:
        return base64.urlsafe_b64encode(self._encode(Place(record_id, (value,)))).rstrip(b"=").decode()


async def _received(receive: Receive) -> bytes:
    message = await receive()
    parts = [message["body"]]
    while message["more_body"]:
        message = await receive()
        parts.append(message["body"])
    return b"".join(parts)


def _made(new: NewWorkOrder, session: Session, now: str) -> WorkOrder:
    """Returns the record that a body asks for."""
    return WorkOrder(
        id=str(ULID()),
        organization_id=session.organization_id,
        owner_id=session.user_id,
        created_at=now,
        updated_at=now,
        created_by=session.user_id,
        updated_by=session.user_id,
        version=1,
        number=new.number,
        title=new.title,
        status=new.status,
        priority=new.priority,
        cost=new.cost,
        urgent=new.urgent,
        due_on=new.due_on.isoformat() if new.due_on else None,
        reported_at=_instant(new.reported_at) if new.reported_at else None,
    )


def _now() -> str:
    return _instant(datetime.now(UTC))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


async def serve(database_url: str, port: int) -> None:
    """Serves the floor until the process is asked to end."""
    opened = open_sqlite if database_url.startswith("sqlite") else open_postgresql
    floor = Floor(await opened(database_url))
    config = uvicorn.Config(
        floor, host="127.0.0.1", port=port, http="httptools", lifespan="off", access_log=False, log_level="warning"
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
