"""Limits in processes of their own: exact at the door, and a flood at the door is not felt by those inside."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

import httpx
import pytest

from tests.concurrency.conftest import DEMO, SECRET
from tests.concurrency.crowd import DATA
from tests.databases import PostgresServer, sqlite_address
from tests.servers import ADMIN_EMAIL, running_server, sign_in

REQUESTS = 300
SIGN_INS_A_SECOND = 1000 / 60
ATTEMPTS = 10
FLOOR = 0.004
"""Seconds that no machine holds still for: an idle 99th percentile below it counts as it."""


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[list[str], str]]:
    """The demo, served by two processes on one database: their addresses, and the administrator's password."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            database = sqlite_address(tmp_path / "limits.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            database = stack.enter_context(server.fresh_database())
        servers = [
            stack.enter_context(running_server(DEMO, database_url=database, folder=tmp_path, settings=SECRET))
            for _ in range(2)
        ]
        yield [server.url for server in servers], servers[0].admin_password


def test_two_processes_let_as_many_sign_ins_through_as_one_and_those_inside_feel_nothing(
    pair: tuple[list[str], str],
) -> None:
    urls, password = pair
    token = sign_in(urls[0], ADMIN_EMAIL, password)

    async def run() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            idle = await _slowest(client, urls[0], token)
            ending = asyncio.Event()
            flood = asyncio.create_task(_flood(client, urls, ending))
            flooded = await _slowest(client, urls[0], token)
            ending.set()
            statuses, seconds = await flood
        through = statuses.count(401)
        assert set(statuses) == {401, 429}
        assert ATTEMPTS - 1 <= through <= ATTEMPTS + seconds * ATTEMPTS / 60
        assert flooded <= 2 * max(idle, FLOOR)

    asyncio.run(run())


async def _slowest(client: httpx.AsyncClient, url: str, token: str) -> float:
    """Returns the 99th percentile of the seconds that a list takes, the best of three rounds."""
    rounds = []
    for _ in range(3):
        taken = []
        for _ in range(REQUESTS // 3):
            start = time.perf_counter()
            answer = await client.get(f"{url}{DATA}/customer", headers={"Authorization": f"Bearer {token}"})
            taken.append(time.perf_counter() - start)
            assert answer.status_code == 200
        rounds.append(quantiles(taken, n=100)[98])
    return min(rounds)


async def _flood(client: httpx.AsyncClient, urls: list[str], ending: asyncio.Event) -> tuple[list[int], float]:
    """Signs strangers in, a thousand a minute, at one process after the other; returns the statuses, and the seconds it took."""
    start = time.perf_counter()
    sent: list[asyncio.Task[httpx.Response]] = []
    while not ending.is_set() or len(sent) < 4 * ATTEMPTS:
        number = len(sent)
        body = {"email": f"stranger{number}@demo.example", "password": "a wrong password"}
        sent.append(asyncio.create_task(client.post(f"{urls[number % 2]}/api/v1/auth/sign-in", json=body)))
        await asyncio.sleep(1 / SIGN_INS_A_SECOND)
    return [(await answer).status_code for answer in sent], time.perf_counter() - start
