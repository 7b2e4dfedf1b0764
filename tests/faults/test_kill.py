"""A server killed in the middle of writes: what was acknowledged is there, and nothing is half done.

`FIELDSTONE_FAULT_ROUNDS` says how often each database is put to it.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path

import httpx

from tests.faults.look import end_sessions, half_done, rows_of
from tests.faults.writers import BATCH, DATA, Ledger, Writer, run_until_cut_off
from tests.servers import ADMIN_EMAIL, Server, running_server, sign_in

APP = Path(__file__).parents[2] / "apps" / "demo"
ROUNDS = int(os.environ.get("FIELDSTONE_FAULT_ROUNDS", "1"))
WRITERS = 8
SHORTEST, LONGEST = 0.3, 1.0


def client_of(server: Server, password: str) -> httpx.AsyncClient:
    token = sign_in(server.url, ADMIN_EMAIL, password)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30)


async def kill_while_writing(
    server: Server, password: str, ledger: Ledger, url: str, seed: int, *, sever: bool
) -> None:
    """Lets writers write and kills the server at a moment that nobody knows; `sever`: after its database left it once."""
    chance = random.Random(seed)
    async with client_of(server, password) as client:
        made = await client.post(f"{DATA}/customer", json={"name": f"Customer {seed}"})
        writers = [Writer(client, ledger, made.json()["id"], seed * 100 + number) for number in range(WRITERS)]
        running = asyncio.create_task(run_until_cut_off(writers))
        await asyncio.sleep(chance.uniform(SHORTEST, LONGEST))
        if sever:
            before = ledger.acknowledged
            assert await end_sessions(url)
            await asyncio.sleep(LONGEST)
            assert ledger.acknowledged > before
        os.kill(server.process_id, signal.SIGKILL)
        await running


async def check(url: str, ledger: Ledger) -> None:
    """Insists that the database holds what was acknowledged and nothing half done."""
    assert await half_done(url) == {}
    found = {row[0]: (row[1], row[2]) for row in await rows_of(url, "SELECT id, version, subject FROM ticket")}
    for record_id, known in ledger.tickets.items():
        possible = {known} | ({ledger.unsure[record_id]} if record_id in ledger.unsure else set())
        assert found.get(record_id) in possible, f"{record_id} is {found.get(record_id)}, and should be {possible}"
        ledger.tickets[record_id] = found.get(record_id)
    sizes = Counter(row[0] for row in await rows_of(url, 'SELECT subject FROM "ticket.history" WHERE version = 1'))
    assert {marker: sizes[marker] for marker in ledger.batches} == dict.fromkeys(ledger.batches, BATCH)
    assert {sizes[marker] for marker in ledger.pending} <= {0, 1, BATCH}
    ledger.unsure.clear()


async def test_a_kill_in_the_middle_of_writes_loses_nothing_and_halves_nothing(
    tmp_path: Path, database_url: str
) -> None:
    ledger, password = Ledger(), ""
    for number in range(ROUNDS):
        sever = number == 0 and not database_url.startswith("sqlite")
        with running_server(APP, database_url=database_url, folder=tmp_path) as server:
            password = password or server.admin_password
            if number:
                await check(database_url, ledger)
            refused, cut_off = len(ledger.refused), ledger.cut_off
            await kill_while_writing(server, password, ledger, database_url, number, sever=sever)
            assert sever or ledger.refused[refused:] == []
            assert ledger.cut_off > cut_off
    with running_server(APP, database_url=database_url, folder=tmp_path) as server:
        await check(database_url, ledger)
        async with client_of(server, password) as client:
            page = (await client.get(f"{DATA}/ticket", params={"limit": "1"})).json()
    assert page["total"] == len(await rows_of(database_url, "SELECT id FROM ticket"))
    assert ledger.acknowledged > WRITERS * ROUNDS
