"""Saturation: how many requests are worked on at a time, who waits, who is refused, and that nobody is forgotten."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fieldstone.settings import Limits, Settings
from fieldstone.surfaces.http.places import Places
from tests.servers import running_server, sign_in
from tests.surfaces.counters import Counters, settled
from tests.surfaces.running import DATA, WORLD, running

CROWD = 300


@pytest.mark.parametrize(
    ("errors", "code"), [("objectos", lambda body: body["error"]["code"]), ("flat", lambda body: body["code"])]
)
async def test_of_a_crowd_some_are_answered_some_wait_and_all_others_are_refused_at_once(
    errors: str, code: Any
) -> None:
    counters = Counters(Limits(answering=8, waiting=16), errors)
    requests = [asyncio.create_task(counters.client.get("/")) for _ in range(CROWD)]
    await settled(lambda: sum(request.done() for request in requests) == CROWD - 24)
    assert (counters.now, counters.places.taken, counters.places.waiting, counters.places.refused) == (
        8,
        8,
        16,
        CROWD - 24,
    )
    counters.let_go.set()
    answers = await asyncio.gather(*requests)
    assert Counter(answer.status_code for answer in answers) == {200: 24, 503: CROWD - 24}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert {code(answer.json()) for answer in refused} == {"SERVICE_UNAVAILABLE"}
    assert (counters.most, counters.done, counters.places.taken, counters.places.waiting) == (8, 24, 0, 0)
    assert {key: sum(tally.buckets) for key, tally in counters.answers.tallies.items()} == {
        ("GET", "/counter", 200): 24,
        ("", "", 503): CROWD - 24,
    }


async def test_who_is_refused_has_sent_his_body_for_nothing() -> None:
    counters = Counters(Limits(answering=1, waiting=1))
    held = [asyncio.create_task(counters.client.get("/")) for _ in range(2)]
    await settled(lambda: counters.places.waiting == 1)
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    assert (await counters.client.post("/", content=body())).status_code == 503
    assert not read
    counters.let_go.set()
    assert [answer.status_code for answer in await asyncio.gather(*held)] == [200, 200]


async def test_who_has_waited_too_long_is_refused_and_leaves_the_queue() -> None:
    counters = Counters(Limits(answering=1, waiting=5, waiting_seconds=0))
    held = asyncio.create_task(counters.client.get("/"))
    await settled(lambda: counters.now == 1)
    assert (await counters.client.get("/")).status_code == 503
    assert (counters.places.waiting, counters.places.taken) == (0, 1)
    counters.let_go.set()
    assert (await held).status_code == 200


async def test_who_goes_away_while_he_waits_leaves_his_turn_to_the_next() -> None:
    counters = Counters(Limits(answering=1, waiting=5))
    first, gone, late = (asyncio.create_task(counters.client.get("/")) for _ in range(3))
    await settled(lambda: counters.places.waiting == 2)
    gone.cancel()
    await asyncio.wait([gone])
    counters.let_go.set()
    assert [(await request).status_code for request in (first, late)] == [200, 200]
    assert (counters.places.taken, counters.places.waiting) == (0, 0)


async def test_a_turn_that_comes_as_its_owner_goes_away_is_not_lost() -> None:
    places = Places(Limits(answering=1, waiting=5))
    places.free = 0
    waiting = [asyncio.create_task(places.wait()) for _ in range(2)]
    await settled(lambda: places.waiting == 2)
    places.leave()
    waiting[0].cancel()
    await asyncio.wait(waiting)
    assert (waiting[0].cancelled(), waiting[1].exception(), places.taken) == (True, None, 1)


async def test_a_body_that_comes_slowly_takes_no_place_from_others() -> None:
    counters = Counters(Limits(answering=1, waiting=1))
    counters.let_go.set()
    begun, whole = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        begun.set()
        await whole.wait()
        yield b"}"

    slow = asyncio.create_task(counters.client.post("/", content=slowly()))
    await begun.wait()
    assert [(await counters.client.get("/")).status_code for _ in range(3)] == [200] * 3
    whole.set()
    assert (await slow).status_code == 200
    assert counters.places.taken == 0


async def test_whoever_watches_over_the_server_is_answered_while_requests_are_refused(tmp_path: Path) -> None:
    settings = Settings(limits=Limits(answering=1, waiting=1, waiting_seconds=0))
    async with running(WORLD, f"sqlite:///{tmp_path / 'world.db'}", settings) as world:
        world.runtime.process.places.free = 0
        assert (await world.nobody.get(f"{DATA}/city")).status_code == 503
        assert [(await world.nobody.get(path)).status_code for path in ("/health", "/ready")] == [200, 200]
        world.runtime.process.places.leave()
        assert (await world.nobody.get(f"{DATA}/city")).status_code == 401


async def test_of_a_crowd_of_connections_everybody_is_answered_or_refused(tmp_path: Path, postgres_url: str) -> None:
    few = {"FIELDSTONE_LIMIT_ANSWERING": "4", "FIELDSTONE_LIMIT_WAITING": "8"}
    with running_server(WORLD, database_url=postgres_url, folder=tmp_path, settings=few) as server:
        headers = {"Authorization": f"Bearer {sign_in(server.url, 'mia@world.example', 'fieldstone-world')}"}
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client:
            crowd = [client.get(f"{DATA}/customer", headers=headers) for _ in range(CROWD)]
            health, *answers = await asyncio.gather(client.get("/health"), *crowd)
            after = await client.get(f"{DATA}/customer", headers=headers)
            told = (await client.get("/metrics")).text
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert (health.status_code, after.status_code) == (200, 200)
    assert f'fieldstone_requests_refused_total{{worker="1"}} {len(refused)}.0' in told
