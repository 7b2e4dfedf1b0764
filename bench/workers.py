"""Several processes on PostgreSQL: what requests cost two workers beside one, what each takes idle, and whether it heeds revocations.

Both servers stand on one database of their own, and are asked in turn for the same records over as many connections. The CPU time
of a server is that of all its processes.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence

import asyncpg
import httpx
import msgspec
import psutil

from bench.alone import Alone, post, signed_in
from bench.load import cpu_seconds
from bench.measure import Plan
from bench.part import Bench, Part, Section
from bench.requests import Request
from bench.revocations import RECORDS, answering, prove_revocations
from bench.server import APP
from bench.targets import TARGETS, missed
from bench.workload import STATUSES, work_orders
from tests.databases import running_postgres
from tests.servers import Server, running_server

WORKERS = 2
RECORDS_MADE = 2_000
REVOCATIONS, QUICK_REVOCATIONS = 10_000, 1_000
IDLE_SECONDS = 12.0
"""The database counts what a connection has done when that has been idle for ten."""

HEADINGS = ("figure", "one worker", "two workers", "ratio", "target")
COSTS, IDLE, REVOKED = "workers: get and list", "workers: memory, and idle", "workers: revocations"
_MEGABYTE = 1 << 20

SECRET = {"FIELDSTONE_SECRET": "one secret for all of the workers"}


class Compared(msgspec.Struct, frozen=True):
    """A figure of one worker and of two; `name` is that of its target, `ratio` what is held to it."""

    name: str
    one: float
    two: float
    ratio: float
    row: str = ""

    def cells(self, database: str) -> tuple[str, ...]:
        """Returns the cells of a table."""
        target = TARGETS.get(self.name)
        words = target.words(database) if target else ""
        return self.row, f"{self.one:,.1f}", f"{self.two:,.1f}", f"{self.ratio:.2f}", words


def measure_workers(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures what is asked for; on SQLite there is one process."""
    if not bench.postgres:
        return []
    folder = bench.folder / "workers"
    folder.mkdir()
    with (
        running_postgres(folder) as cluster,
        cluster.fresh_database() as url,
        running_server(APP, database_url=url, folder=folder, production=True, settings=SECRET) as one,
        running_server(APP, database_url=url, folder=folder, production=True, settings=SECRET, workers=WORKERS) as two,
    ):
        admin = signed_in(one)
        servers = (admin, Alone(two, admin.token))
        figures: list[Compared] = []
        if COSTS in names:
            figures += _costs(servers, bench.plan)
        if IDLE in names:
            figures += _idle(servers, url)
        sections = [section_of(figures, bench.database)] if figures else []
        if REVOKED in names:
            whole = Plan().seconds <= bench.plan.seconds
            sections.append(_revocations(two, admin.token, REVOCATIONS if whole else QUICK_REVOCATIONS, bench.database))
        return sections


def section_of(figures: Sequence[Compared], database: str) -> Section:
    """Returns the section of what is compared."""
    return Section(
        title="two workers beside one",
        headings=HEADINGS,
        rows=[each.cells(database) for each in figures],
        note="The same requests over as many connections; CPU is that of all processes of a server, medians of rounds in turn.",
        missed=[line for each in figures for line in missed(each.name, each.ratio, database, each.row)],
    )


def _costs(servers: tuple[Alone, Alone], plan: Plan) -> list[Compared]:
    ids = _made(servers[0])
    asked = {
        "get by id: CPU µs": [Request("GET", f"{RECORDS}/{each}") for each in ids],
        "list of 20: CPU µs": [
            Request("GET", f"{RECORDS}?status={status}&orderBy=-reported_at&limit=20&count=false")
            for status in STATUSES
        ],
    }
    return [_compared(row, servers, requests, plan) for row, requests in asked.items()]


def _compared(row: str, servers: tuple[Alone, Alone], requests: Sequence[Request], plan: Plan) -> Compared:
    """Sends the same requests to both servers in turn; who goes first changes with each round."""
    taken: tuple[list[float], list[float]] = ([], [])
    for each in servers:
        each.measure(requests, plan)
    for number in range(plan.rounds):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            taken[place].append(_cpu_of(servers[place], requests, plan))
    ratio = statistics.median(two / one for one, two in zip(*taken, strict=True))
    return Compared("workers: ratio", statistics.median(taken[0]), statistics.median(taken[1]), ratio, row)


def _cpu_of(server: Alone, requests: Sequence[Request], plan: Plan) -> float:
    """Returns the CPU time of all processes of a server for one request, in microseconds."""
    processes = answering(server.server.process_id)
    before = sum(map(cpu_seconds, processes))
    measured = server.measure(requests, msgspec.structs.replace(plan, warm=0.0))
    return (sum(map(cpu_seconds, processes)) - before) / measured.requests * 1e6


def _idle(servers: tuple[Alone, Alone], url: str) -> list[Compared]:
    """Returns the memory of the largest process of each server, and how many transactions all of them ask for when nobody asks them."""
    one, two = (max(map(_megabytes, answering(each.server.process_id))) for each in servers)
    memory = Compared("workers: memory ratio", one, two, two / one, "memory of a process, after it: MB")
    rate = asyncio.run(_transactions_a_second(url)) / (1 + WORKERS)
    return [memory, Compared("workers: idle", rate, rate, rate, "transactions a second, idle, of a process")]


async def _transactions_a_second(url: str) -> float:
    connection = await asyncpg.connect(url)
    try:
        counted = []
        for _ in range(2):
            await asyncio.sleep(IDLE_SECONDS)
            await connection.execute("SELECT pg_stat_clear_snapshot()")
            text = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
            counted.append((await connection.fetchval(text), time.perf_counter()))
        (first, begun), (last, ended) = counted
        return float(last - first) / (ended - begun)
    finally:
        await connection.close()


def _revocations(server: Server, admin: str, count: int, database: str) -> Section:
    port = httpx.URL(server.url).port or 0
    proof = prove_revocations(server.process_id, port, admin, count)
    rows = [(name, f"{done:,}") for name, done in proof.done.items()]
    target = TARGETS["revocations: stale answers"].words(database)
    return Section(
        title="revocations",
        headings=("what is taken away at one worker, and tried at all", "how often"),
        rows=[*rows, ("all", f"{count:,}"), (f"stale answers ({target})", f"{len(proof.stale):,}")],
        missed=[*missed("revocations: stale answers", len(proof.stale), database), *proof.stale[:3]],
    )


def _made(server: Alone) -> list[str]:
    """Makes work orders and returns their ids in any order."""
    records = [{"data": record} for record in work_orders(0, RECORDS_MADE)]
    body = {"operation": "create", "records": records, "options": {"atomic": True}}
    with server.api() as api:
        ids = [result["id"] for result in post(api, f"{RECORDS}/batch", body)["results"]]
    random.Random(RECORDS).shuffle(ids)
    return ids


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / _MEGABYTE


WORKERS_PART = Part("workers", (COSTS, IDLE, REVOKED), measure_workers)
