"""What a server takes beside its requests: the time until it answers, the time of a reload, and memory.

Every figure is taken from a server in production, started as a user would. *first* is a start on a database that is not there yet, so that
all tables are made; *cold* is one on the tables of an earlier one without the cache of readings, and *from cache* one with it.
"""

import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import psutil

from bench.alone import Alone, post, signed_in
from bench.generated import FIELDS, write_app, write_object
from bench.load import cpu_seconds
from bench.measure import Plan
from bench.part import Bench, Part, Section
from bench.requests import Request
from bench.targets import TARGETS, missed
from tests.databases import sqlite_address
from tests.servers import Server, running_server

DEMO = Path(__file__).parents[1] / "apps" / "demo"
FEW, MANY = 10, 1_000
STARTS, RELOADS = 3, 5
SAMPLE, MOST_TICKETS = 200, 20_000
TICKET = "/api/v1/data/ticket"
CACHE = ".fieldstone"
HEADINGS = ("figure", "measured", "of CPU", "target")
MOST_WITH_PLACES = 20
_MEGABYTE = 1 << 20

Spent = tuple[float, float]
"""A time by the clock, and the CPU time of the server meanwhile."""


class Figure(msgspec.Struct, frozen=True):
    """A figure in the unit that its name ends with; where it is a time, with the server's CPU time in the same unit."""

    name: str
    value: float
    cpu: float | None = None


def few_objects(bench: Bench) -> Iterator[Figure]:
    """Starts a small app."""
    app, folder = _generated(bench, FEW)
    with _started(app, folder) as (spent, _):
        yield Figure(f"start, {FEW} objects, first: s", *spent)
    yield from _restarts(app, folder, FEW)


def many_objects(bench: Bench) -> Iterator[Figure]:
    """Starts a large app, and reloads it with one object changed and with one that has a field more."""
    app, folder = _generated(bench, MANY)
    with _started(app, folder) as (spent, server):
        yield Figure(f"start, {MANY:,} objects, first: s", *spent)
        with signed_in(server).api() as api:
            yield from _reloads(app, api, psutil.Process(server.process_id))
    yield from _restarts(app, folder, MANY)


def demo(bench: Bench) -> Iterator[Figure]:
    """Reads the memory of the demo before and after it was asked for lists and records, and for new ones, as fast as it can answer."""
    folder = bench.folder / "demo"
    folder.mkdir()
    with _started(DEMO, folder) as (_, server):
        process = psutil.Process(server.process_id)
        yield Figure("memory, demo, idle: MB", _megabytes(process))
        _load_demo(signed_in(server), bench.plan)
        yield Figure("memory, demo, after load: MB", _megabytes(process))


def this_run(bench: Bench) -> Iterator[Figure]:
    """Reads the memory of the server that the other parts of this run have asked, if they have."""
    if bench.standing is not None:
        yield Figure("memory, after this run: MB", _megabytes(psutil.Process(bench.standing.fieldstone.process)))


PARTS: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    f"{FEW} objects": few_objects,
    f"{MANY:,} objects": many_objects,
    "demo": demo,
    "this run": this_run,
}


def measure_lifetimes(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures what is asked for, on SQLite alone: none of it is the database's."""
    if bench.postgres:
        return []
    figures: list[Figure] = []
    for name in names:
        for figure in PARTS[name.removeprefix(PREFIX)](bench):
            bench.console.print(f"{figure.name} {figure.value:.3g}")
            figures.append(figure)
    return [section_of(figures, bench.database)]


def section_of(figures: Sequence[Figure], database: str) -> Section:
    """Returns the section of some figures."""
    return Section(
        title="starts, reloads and memory",
        headings=HEADINGS,
        rows=[_cells(figure, database) for figure in figures],
        note=f"Medians of {STARTS} starts and of {RELOADS} reloads. Objects have {FIELDS} fields; memory is what is resident.",
        missed=[line for figure in figures for line in missed(figure.name, figure.value, database)],
    )


def _generated(bench: Bench, objects: int) -> tuple[Path, Path]:
    """Writes an app of so many objects; returns its folder and one for its database."""
    folder = bench.folder / f"lifetime-{objects}"
    app = folder / "app"
    app.mkdir(parents=True)
    write_app(app, objects)
    return app, folder


def _restarts(app: Path, folder: Path, objects: int) -> Iterator[Figure]:
    """Starts an app again, cold and from the cache in turn; tells of the most memory that it took idle."""
    taken: Mapping[str, list[Spent]] = {"cold": [], "from cache": []}
    memory = []
    for number in range(STARTS * 2):
        name = "from cache" if number % 2 else "cold"
        if name == "cold":
            shutil.rmtree(app / CACHE)
        with _started(app, folder) as (spent, server):
            taken[name].append(spent)
            memory.append(_megabytes(psutil.Process(server.process_id)))
    for name, runs in taken.items():
        yield Figure(f"start, {objects:,} objects, {name}: s", *_medians(runs))
    yield Figure(f"memory, {objects:,} objects, idle: MB", max(memory))


def _reloads(app: Path, api: httpx.Client, process: psutil.Process) -> Iterator[Figure]:
    changes: Mapping[str, Callable[[int], None]] = {
        "another label": lambda turn: write_object(app, MANY // 2, label=f"Turn {turn}"),
        "a field more": lambda turn: write_object(app, MANY // 2, fields=FIELDS + 1 + turn),
    }
    for name, change in changes.items():
        taken = []
        for turn in range(RELOADS):
            change(turn)
            begun, used = time.perf_counter(), cpu_seconds(process)
            answer = post(api, "/api/v1/meta/_reload")
            taken.append(((time.perf_counter() - begun) * 1000, (cpu_seconds(process) - used) * 1000))
            if not answer["reloaded"]:
                raise RuntimeError(f"Nothing was reloaded: {answer}")
        yield Figure(f"reload, {MANY:,} objects, {name}: ms", *_medians(taken))


def _load_demo(server: Alone, plan: Plan) -> None:
    """Asks for new tickets, and for lists and records."""
    with server.api() as api:
        customer = post(api, "/api/v1/data/customer", {"name": "Riverside"})["id"]
        made = [
            post(api, TICKET, {"subject": f"Lift {number}", "customer": customer})["id"] for number in range(SAMPLE)
        ]
    body = json.dumps({"subject": "A lift stands still", "customer": customer}).encode()
    server.measure([Request("POST", TICKET, body)] * MOST_TICKETS, plan, status=201)
    lists = [Request("GET", f"{TICKET}?limit=20&orderBy=-opened_at&expand=customer&count=false")] * SAMPLE
    gets = [Request("GET", f"{TICKET}/{each}") for each in made]
    server.measure([request for pair in zip(lists, gets, strict=True) for request in pair], plan)


@contextmanager
def _started(app: Path, folder: Path) -> Iterator[tuple[Spent, Server]]:
    """Starts an app in a process of its own and tells how long that took until `/ready` answered 200."""
    begun = time.perf_counter()
    url = sqlite_address(folder / "fieldstone.db")
    with running_server(app, database_url=url, folder=folder, production=True) as server:
        seconds = time.perf_counter() - begun
        yield (seconds, cpu_seconds(psutil.Process(server.process_id))), server


def _medians(runs: Sequence[Spent]) -> Spent:
    return statistics.median(one for one, _ in runs), statistics.median(cpu for _, cpu in runs)


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / _MEGABYTE


def _cells(figure: Figure, database: str) -> tuple[str, ...]:
    name, _, unit = figure.name.rpartition(": ")
    cpu = "" if figure.cpu is None else _number(figure.cpu)
    target = TARGETS.get(figure.name)
    return name, f"{_number(figure.value)} {unit}", cpu, target.words(database) if target else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= MOST_WITH_PLACES else f"{value:.2f}"


PREFIX = "lifetimes: "
LIFETIMES = Part("lifetimes", tuple(f"{PREFIX}{name}" for name in PARTS), measure_lifetimes)
