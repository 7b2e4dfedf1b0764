"""Fieldstone beside PocketBase: the same requests in the same run, both on one core, and PocketBase on all cores besides.

On one core means that the server's threads run on the first core alone, with the load generator on the others. Before anything is timed
both must answer the same records in the same order with the same values.
"""

import itertools
import json
import os
import re
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.answers import NEW_EACH_TIME, Different
from bench.load import Measured
from bench.measure import Figures, medians, run_once
from bench.part import Bench, Part, Section
from bench.peers.pocketbase import copied, make_durable, prepare, running, tokens_of, users_of, version
from bench.peers.translation import lowered, translated
from bench.requests import Data, Request
from bench.scenarios import BULK, DEEP_BY_CURSOR, SCENARIOS, Scenario
from bench.server import Side, Stand
from bench.targets import missed

NAME = "PocketBase"
HEADINGS = ("scenario", "server", "requests/s", "p50 ms", "p99 ms", "CPU µs", f"times {NAME}")
WITHOUT_COUNTERPART = {"search, alone", "grouped aggregate", DEEP_BY_CURSOR}
"""The scenarios that PocketBase has nothing for: it searches by `LIKE` alone, has no cursors and groups nothing."""

SECONDS_OF_AN_ANSWER = 60.0
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d\.\d{3}Z)")


class Compared(msgspec.Struct, frozen=True):
    """A scenario, measured: medians over the rounds, and the median of how many times the peer's requests a second ours are."""

    scenario: str
    fieldstone: Figures
    peer: Figures
    unrestricted: Figures
    ratio: float


class Peer(msgspec.Struct, frozen=True):
    """The peer on equal rows: as it is, and on one core; `owners` are the ids of the callers by their roles."""

    one_core: Side
    unrestricted: Side
    stand: Stand
    owners: dict[str, str]

    def scenario(self, ours: Scenario) -> Scenario:
        """Returns a scenario as the peer is asked for it."""

        def make(data: Data) -> Iterator[Request]:
            return (translated(request, self.owners[ours.caller]) for request in ours.make(data))

        return msgspec.structs.replace(ours, make=make, status=httpx.codes.OK)


def measure_peer(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Checks that both answer alike, then measures them in turn; on PostgreSQL there is nothing to compare."""
    chosen = [scenario for scenario in SCENARIOS if _row(scenario) in names]
    if bench.postgres:
        return []
    stand = bench.stand()
    with _peer(stand, bench.folder) as peer:
        for scenario in chosen:
            bench.console.print(f"{_row(scenario)}: {check(stand, peer, scenario)} answers equal")
        compared = []
        for scenario in chosen:
            compared.append(compare(bench, peer, scenario))
            bench.console.print(f"{_row(scenario)}: {compared[-1].ratio:.2f} times its requests a second")
    return [section_of(compared, bench)]


def compare(bench: Bench, peer: Peer, scenario: Scenario) -> Compared:
    """Measures a scenario in turn: ours and the peer on one core, then the peer on all; who goes first changes with each round.

    A bulk, for which the peer takes many seconds, has one round.
    """
    stand, theirs = bench.stand(), peer.scenario(scenario)
    runs: tuple[list[Measured], ...] = ([], [], [])
    for number in range(1 if scenario.name == BULK else bench.plan.rounds):
        for place in (0, 1, 2) if number % 2 == 0 else (2, 1, 0):
            if place == 0:
                with on_one_core(stand.fieldstone.process):
                    runs[0].append(run_once(stand.fieldstone, stand, scenario, bench.plan))
            elif place == 1:
                make_durable(peer.one_core)
                with on_one_core(peer.one_core.process):
                    runs[1].append(run_once(peer.one_core, peer.stand, theirs, bench.plan))
            else:
                make_durable(peer.unrestricted)
                runs[2].append(run_once(peer.unrestricted, peer.stand, theirs, bench.plan))
    pairs = zip(runs[0], runs[1], strict=True)
    ratio = statistics.median(one.requests / one.seconds / (other.requests / other.seconds) for one, other in pairs)
    return Compared(scenario.name, medians(runs[0]), medians(runs[1]), medians(runs[2]), ratio)


def check(stand: Stand, peer: Peer, scenario: Scenario) -> int:
    """Compares the answers of both to the same requests and returns how many; raises Different.

    What is mixed of other scenarios is compared with these.
    """
    if scenario.compare == "any":
        return 0
    for side in (peer.one_core, peer.unrestricted):
        for number, request in enumerate(itertools.islice(scenario.make(stand.data), scenario.compared)):
            other = translated(request, peer.owners[scenario.caller])
            ours = json.loads(lowered(_answer(stand.fieldstone, request, stand.tokens[scenario.caller])))
            theirs = json.loads(_answer(side, other, peer.stand.tokens[scenario.caller]))
            if difference := different(ours, theirs, is_new=request.method == "POST"):
                raise Different(f"{scenario.name}, request {number}: {other.target}\n{difference}")
    return scenario.compared


def different(ours: Any, theirs: Any, *, is_new: bool) -> str:
    """Tells where two answers part, in what both have; empty where they do not."""
    if isinstance(ours, dict) and "items" in ours:
        if ours.get("total", theirs["totalItems"]) != theirs["totalItems"]:
            return f"{ours['total']} records, and {theirs['totalItems']}"
        return different(ours["items"], theirs["items"], is_new=is_new)
    if isinstance(ours, dict) and "results" in ours:
        made = (
            [result["success"] for result in ours["results"]],
            [result["status"] == httpx.codes.OK for result in theirs],
        )
        return "" if made[0] == made[1] else f"{len(made[0])} records made, and {len(made[1])}"
    if isinstance(ours, list):
        ids = [[each["id"] for each in side] for side in (ours, theirs)]
        if ids[0] != ids[1]:
            return f"other records: {ids}"
        return "".join(different(one, other, is_new=is_new) for one, other in zip(ours, theirs, strict=True))
    names = ours.keys() & theirs.keys() - (NEW_EACH_TIME if is_new else {"updated_at"})
    within = theirs.get("expand", {})
    return "".join(
        different(ours[name], within[name], is_new=is_new)
        if name in within
        else f"{name}: {ours[name]} and {theirs[name]}\n" * (not _same(ours[name], theirs[name]))
        for name in sorted(names)
    )


@contextmanager
def on_one_core(process: int) -> Iterator[None]:
    """Keeps all threads of a process on the first core, and what this process starts off it."""
    threads = [int(task.name) for task in Path(f"/proc/{process}/task").iterdir()]
    allowed = os.sched_getaffinity(0)
    first = min(allowed)
    for thread in threads:
        os.sched_setaffinity(thread, {first})
    os.sched_setaffinity(0, allowed - {first} or allowed)
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        for thread in threads:
            os.sched_setaffinity(thread, allowed)


@contextmanager
def _peer(stand: Stand, folder: Path) -> Iterator[Peer]:
    source, data = folder / "fieldstone.db", folder / "pocketbase"
    prepare(data, source)
    copy = copied(data, "pocketbase-one-core")
    with ExitStack() as stack:
        unrestricted = stack.enter_context(running(data, threads=None))
        one_core = stack.enter_context(running(copy, threads=1))
        owners: dict[str, str] = {}
        for user in users_of(source):
            owners.setdefault(user.role, user.id)
        yield Peer(
            one_core=one_core,
            unrestricted=unrestricted,
            stand=msgspec.structs.replace(stand, tokens=tokens_of(unrestricted, source)),
            owners=owners,
        )


def section_of(compared: Sequence[Compared], bench: Bench) -> Section:
    """Returns the section of some scenarios."""
    plan, cores = bench.plan, len(os.sched_getaffinity(0))
    rows: list[tuple[str, ...]] = []
    for each in compared:
        rows += [
            (each.scenario, "Fieldstone, 1 core", *each.fieldstone.cells(), f"{each.ratio:.2f}"),
            ("", f"{NAME}, 1 core", *each.peer.cells(), ""),
            ("", f"{NAME}, {cores} cores", *each.unrestricted.cells(), ""),
        ]
    return Section(
        title=f"beside {NAME}",
        headings=HEADINGS,
        rows=rows,
        names=2,
        note=f"{bench.rows:,} rows, {plan.connections} connections, median of {plan.rounds} rounds of {plan.seconds:g} s; "
        f"{NAME} {version()}, each commit on the disk on both sides.",
        missed=[
            line for each in compared for line in missed(f"{NAME}: ratio", each.ratio, bench.database, each.scenario)
        ],
    )


def _answer(side: Side, request: Request, token: str) -> str:
    answer = httpx.request(
        request.method,
        f"http://127.0.0.1:{side.port}{request.target}",
        content=request.body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        timeout=SECONDS_OF_AN_ANSWER,
        trust_env=False,
    )
    if not answer.is_success:
        raise Different(f"{side.name} answers {answer.status_code} to {request.target}: {answer.text[:2000]}")
    return answer.text


def _same(ours: Any, theirs: Any) -> bool:
    """Tells whether two values are one, whose instants, dates and absent values are written in two ways."""
    if isinstance(theirs, str) and (instant := _INSTANT.fullmatch(theirs)):
        return ours in (instant[1], f"{instant[1]}T{instant[2]}")
    return bool(ours == theirs or (ours is None and not theirs))


def _row(scenario: Scenario) -> str:
    return f"{NAME}: {scenario.name}"


PEER = Part(NAME, tuple(_row(each) for each in SCENARIOS if each.name not in WITHOUT_COUNTERPART), measure_peer)
