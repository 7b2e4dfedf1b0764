"""The two servers that are compared, on equal data: Fieldstone, started as a user would, and the floor.

The data is loaded through the API; then the server is started anew, and the floor beside it on a copy of the database.
"""

import asyncio
import itertools
import random
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from os import environ
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from rich.console import Console
from rich.progress import track

from bench.requests import PAGE, PAGING, PATH, Data
from bench.workload import (
    BATCH,
    INSPECTION,
    OBJECT,
    SITE,
    TECHNICIANS,
    VISIT,
    inspections,
    sites,
    technician_email,
    visits,
    work_orders,
)
from tests.databases import running_postgres, sqlite_address
from tests.servers import ADMIN_EMAIL, Server, free_port, running_server, sign_in, started, wait_until_ready

APP = Path(__file__).parent / "app"
PASSWORD = "a password of the benchmark"
SAMPLE = 5_000
DEEP, NEIGHBOURS = 2_000, 8
"""The number of the page that is asked for far from the first, and how many pages before it are, too."""


class Side(msgspec.Struct, frozen=True):
    """One of the two servers: its name in the report, its port and its process."""

    name: str
    port: int
    process: int


class _Loaded(msgspec.Struct, frozen=True):
    """What was loaded: the tokens of the callers by role, and ids in their order."""

    tokens: dict[str, str]
    orders: list[str]
    inspections: list[str]


class Stand(msgspec.Struct, frozen=True):
    """Everything ready to be measured: both servers, the callers' tokens by role, and what requests are made of.

    `database_url` is the address of Fieldstone's database.
    """

    database_url: str
    fieldstone: Side
    floor: Side
    tokens: Mapping[str, str]
    data: Data


@contextmanager
def stand(rows: int, folder: Path, console: Console, *, postgres: bool) -> Iterator[Stand]:
    """Prepares the data, starts both servers, and stops all at the end of the block."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running_postgres(folder)) if postgres else None
        url = stack.enter_context(cluster.fresh_database()) if cluster else sqlite_address(folder / "fieldstone.db")
        with _fieldstone(url, folder) as server:
            loaded = _load(server, rows, console)
        if cluster:
            asyncio.run(_analyze(url))
            copy = stack.enter_context(cluster.fresh_database(like=url))
        else:
            shutil.copyfile(folder / "fieldstone.db", folder / "floor.db")
            copy = sqlite_address(folder / "floor.db")
        server = stack.enter_context(_fieldstone(url, folder))
        yield Stand(
            database_url=url,
            fieldstone=Side("Fieldstone", httpx.URL(server.url).port or 0, server.process_id),
            floor=stack.enter_context(_floor(copy, folder)),
            tokens=loaded.tokens,
            data=_data(server, loaded, rows),
        )


async def _analyze(url: str) -> None:
    """Does what PostgreSQL does by itself a minute after so many rows have come: looks at them, so that it can plan."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _data(server: Server, loaded: _Loaded, rows: int) -> Data:
    """Returns what requests are made of: a sample of the records for reading, all others to be changed."""
    chance = random.Random(OBJECT)
    ids = chance.sample(loaded.orders, rows)
    sample = min(SAMPLE, rows // 10)
    last = min(DEEP, rows // PAGE)
    with httpx.Client(base_url=server.url, headers=_credential(loaded.tokens["dispatcher"]), trust_env=False) as http:
        offsets = [(page - 1) * PAGE for page in range(max(2, last - NEIGHBOURS), last + 1)]
        pages = [(offset, _cursor_before(http, offset)) for offset in offsets]
    return Data(
        ids=ids[:sample],
        inspections=chance.sample(loaded.inspections, len(loaded.inspections)),
        places=itertools.count(rows),
        turns=itertools.count(),
        rows=rows,
        fresh=iter(ids[sample:]),
        pages=pages,
    )


def _cursor_before(http: httpx.Client, offset: int) -> str:
    """Returns the cursor behind the page that ends where an offset begins."""
    cursor: str = http.get(PATH, params=PAGING | {"offset": str(offset - PAGE)}).raise_for_status().json()["nextCursor"]
    return cursor


def _fieldstone(database_url: str, folder: Path) -> AbstractContextManager[Server]:
    return running_server(APP, database_url=database_url, folder=folder, production=True)


@contextmanager
def _floor(database_url: str, folder: Path) -> Iterator[Side]:
    port = free_port()
    command = [sys.executable, "-m", "bench.floor", database_url, str(port)]
    with started(command, environ, folder / "floor.log") as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}/ready")
        yield Side("floor", port, process.pid)


def _load(server: Server, rows: int, console: Console) -> _Loaded:
    """Makes the callers, then the work orders, each technician his share, and all else."""
    with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as http:
        admin = sign_in(server.url, ADMIN_EMAIL, server.admin_password)
        tokens = {
            role: _caller(http, server, admin, f"{role}@fieldstone.example", role)
            for role in ("dispatcher", "inspector", "visitor")
        }
        technicians = [
            _caller(http, server, admin, technician_email(place), "technician")
            for place in range(min(TECHNICIANS, -(-rows // BATCH)))
        ]
        tokens["technician"] = technicians[0]
        orders: list[str] = []
        for first in track(range(0, rows, BATCH), description=f"Loading {rows:,} work orders", console=console):
            records = list(work_orders(first, min(BATCH, rows - first)))
            orders += _made(http, OBJECT, technicians[first // BATCH % len(technicians)], records)
        inspected = _made(http, INSPECTION, tokens["inspector"], list(inspections(rows)))
        places = _made(http, SITE, tokens["dispatcher"], list(sites()))
        _made(http, VISIT, tokens["dispatcher"], list(visits(orders, places)))
    return _Loaded(tokens, orders, inspected)


def _made(http: httpx.Client, object_name: str, token: str, records: list[dict[str, Any]]) -> list[str]:
    """Makes records in one batch and returns their ids."""
    body = {"operation": "create", "records": [{"data": record} for record in records], "options": {"atomic": True}}
    return [result["id"] for result in _post(http, f"/api/v1/data/{object_name}/batch", token, body)["results"]]


def _caller(http: httpx.Client, server: Server, admin: str, email: str, permission_set: str) -> str:
    user = _post(http, "/api/v1/data/sys_user", admin, {"email": email, "name": email, "password": PASSWORD})
    grant = {"user_id": user["id"], "permission_set": permission_set}
    _post(http, "/api/v1/data/sys_user_permission_set", admin, grant)
    return sign_in(server.url, email, PASSWORD)


def _post(http: httpx.Client, path: str, token: str, body: dict[str, Any]) -> Any:
    answer = http.post(path, json=body, headers=_credential(token))
    if not answer.is_success:
        raise httpx.HTTPStatusError(answer.text[:2000], request=answer.request, response=answer)
    return answer.json()


def _credential(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
