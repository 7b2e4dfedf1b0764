"""Idempotency keys between processes: two servers over one PostgreSQL, one key, one record; and none forgotten by a restart."""

import asyncio
from pathlib import Path

import httpx

from tests.servers import ADMIN_EMAIL, Server, running_server
from tests.surfaces.running import DATA, WORLD

REPLAYED = "idempotency-replayed"


async def _signed_in(server: Server, password: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30)
    answer = await client.post("/api/v1/auth/sign-in", json={"email": ADMIN_EMAIL, "password": password})
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


async def test_fifty_equal_posts_to_two_servers_make_one_record(tmp_path: Path, postgres_url: str) -> None:
    headers, body = {"Idempotency-Key": "one"}, {"name": "Made once"}
    with running_server(WORLD, database_url=postgres_url, folder=tmp_path) as first:
        with running_server(WORLD, database_url=postgres_url, folder=tmp_path) as second:
            clients = [await _signed_in(server, first.admin_password) for server in (first, second)]
            sent = (clients[number % 2].post(f"{DATA}/customer", json=body, headers=headers) for number in range(50))
            answers = await asyncio.gather(*sent)
            await clients[1].aclose()
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1
        found = await clients[0].get(f"{DATA}/customer", params={"name": "Made once"})
        assert found.json()["total"] == 1
        await clients[0].aclose()
    with running_server(WORLD, database_url=postgres_url, folder=tmp_path) as third:
        client = await _signed_in(third, first.admin_password)
        again = await client.post(f"{DATA}/customer", json=body, headers=headers)
        await client.aclose()
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (201, answers[0].content, "true")
