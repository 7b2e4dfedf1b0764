"""The floor: what a careful person would write by hand for the scenarios, as a bare ASGI endpoint in a process of its own.

    python -m bench.floor DATABASE_URL PORT

It knows one object, looks the credential up in the database at every request (a session that was ended must not be honoured),
runs the one statement that the scenario needs through the raw driver and encodes with msgspec. It speaks the same paths and bodies as
the server, so that the same requests go to both.
"""

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
from bench.floor_records import Database, NewWorkOrder, Session, Where, WorkOrder
from bench.floor_sqlite import open_sqlite
from bench.scenarios import PATH, SEARCH

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

ONE = f"{PATH}/"


class Floor:
    """The endpoint."""

    def __init__(self, database: Database) -> None:
        """Takes an open database."""
        self._database = database
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._where = msgspec.json.Decoder(Where).decode
        self._body = msgspec.json.Decoder(NewWorkOrder).decode

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        path: str = scope["path"]
        if path == "/ready":
            await self._answer(send, 200, {"status": "ready"})
            return
        session = await self._session(scope["headers"])
        if session is None:
            await self._answer(send, 401, {"error": {"code": "UNAUTHENTICATED", "message": "No session."}})
        elif scope["method"] == "POST" and path == PATH:
            await self._create(session, receive, send)
        elif path == SEARCH:
            await self._search(session, scope["query_string"], send)
        elif path == PATH:
            await self._list(session, scope["query_string"], send)
        elif path.startswith(ONE):
            await self._get(session, path.removeprefix(ONE), send)
        else:
            await self._answer(send, 404, {"error": {"code": "NOT_FOUND", "message": "No such path."}})

    async def _session(self, headers: list[tuple[bytes, bytes]]) -> Session | None:
        for name, value in headers:
            if name == b"authorization":
                token_hash = hashlib.sha256(value.removeprefix(b"Bearer ")).hexdigest()
                break
        else:
            return None
        found = await self._database.session(token_hash)
        if found is None:
            return None
        session = Session(*found)
        return session if session.expires_at > _now() else None

    async def _get(self, session: Session, record_id: str, send: Send) -> None:
        record = await self._database.get(session.organization_id, record_id)
        if record is None:
            await self._answer(send, 404, {"error": {"code": "NOT_FOUND", "message": "No such record."}})
        else:
            await self._answer(send, 200, record)

    async def _list(self, session: Session, query_string: bytes, send: Send) -> None:
        query = dict(parse_qsl(query_string.decode()))
        where, limit = self._where(query["where"]), int(query["limit"])
        records = await self._database.list(session, where, limit + 1)
        body: dict[str, Any] = {"items": records[:limit]}
        if query.get("count") != "false":
            body["total"] = await self._database.count(session, where)
        body["nextCursor"] = records[limit - 1].id if len(records) > limit else None
        await self._answer(send, 200, body)

    async def _search(self, session: Session, query_string: bytes, send: Send) -> None:
        query = dict(parse_qsl(query_string.decode()))
        hits = await self._database.search(session, query["q"].lower().split(), int(query["limit"]))
        await self._answer(send, 200, {"query": query["q"], "items": hits, "hits": hits})

    async def _create(self, session: Session, receive: Receive, send: Send) -> None:
        message = await receive()
        content = message["body"]
        while message["more_body"]:
            message = await receive()
            content += message["body"]
        new = self._body(content)
        now, user = _now(), session.user_id
        record = WorkOrder(
            id=str(ULID()),
            organization_id=session.organization_id,
            owner_id=user,
            created_at=now,
            updated_at=now,
            created_by=user,
            updated_by=user,
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
        await self._database.create(record)
        await self._answer(send, 201, record)

    async def _answer(self, send: Send, status: int, body: object) -> None:
        content = self._encode(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


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
