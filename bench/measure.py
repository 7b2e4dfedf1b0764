"""Measuring: how long requests take a server, and what they cost it, asked as fast as it can answer and at a pace."""

import itertools
import statistics
import subprocess
import sys
from collections.abc import Callable

import msgspec

from bench.answers import message_of, status_line
from bench.load import Job, Measured
from bench.scenarios import Scenario
from bench.server import Side, Stand

MOST_A_SECOND = 10_000
PACED_ROUNDS = 3
PACE = 0.5


class Plan(msgspec.Struct, frozen=True):
    """How to measure: rounds of both sides, each of some seconds after a warm-up, over some connections."""

    rounds: int = 5
    seconds: float = 0.8
    warm: float = 0.2
    connections: int = 16


class Figures(msgspec.Struct, frozen=True):
    """What one server does: answers a second, milliseconds, and microseconds of CPU for one request."""

    rate: float
    p50: float
    p99: float
    cpu: float

    def cells(self) -> tuple[str, str, str, str]:
        """Returns the cells of a table."""
        return f"{self.rate:,.0f}", f"{self.p50:.2f}", f"{self.p99:.2f}", f"{self.cpu:,.0f}"


class Beside(msgspec.Struct, frozen=True):
    """Both servers, asked alike: medians over the rounds; `ratio` is the floor's CPU per request divided by Fieldstone's.

    `client` is the greatest share of one core that the load generator took.
    """

    fieldstone: Figures
    floor: Figures
    ratio: float
    client: float


class Result(msgspec.Struct, frozen=True):
    """A scenario, measured: asked as fast as each server can answer, and both at one rate, where that was done."""

    scenario: str
    fastest: Beside
    paced: Beside | None = None


def measure(stand: Stand, scenario: Scenario, plan: Plan, advance: Callable[[], None]) -> Result:
    """Measures a scenario; the pace is half of what the slower of both servers can do."""
    fastest = _beside(stand, scenario, plan, 0.0)
    advance()
    if not scenario.paced:
        return Result(scenario.name, fastest)
    rate = PACE * min(fastest.fieldstone.rate, fastest.floor.rate)
    rounds = min(plan.rounds, PACED_ROUNDS)
    paced = _beside(stand, scenario, msgspec.structs.replace(plan, rounds=rounds), rate)
    advance()
    return Result(scenario.name, fastest, paced)


def runs_of(scenario: Scenario) -> int:
    """Returns how often `measure` goes on."""
    return 2 if scenario.paced else 1


def _beside(stand: Stand, scenario: Scenario, plan: Plan, rate: float) -> Beside:
    """Measures both servers in turn, as often as the plan says; who goes first changes with each round."""
    runs: dict[str, list[Measured]] = {stand.fieldstone.name: [], stand.floor.name: []}
    for number in range(plan.rounds):
        sides = (stand.floor, stand.fieldstone) if number % 2 == 0 else (stand.fieldstone, stand.floor)
        for side in sides:
            runs[side.name].append(run_once(side, stand, scenario, plan, rate))
    ours, theirs = runs[stand.fieldstone.name], runs[stand.floor.name]
    ratios = [cpu_of(floor) / cpu_of(fieldstone) for fieldstone, floor in zip(ours, theirs, strict=True)]
    return Beside(
        fieldstone=medians(ours),
        floor=medians(theirs),
        ratio=statistics.median(ratios),
        client=max(run.client_cpu / run.seconds for run in (*ours, *theirs)),
    )


def run_once(side: Side, stand: Stand, scenario: Scenario, plan: Plan, rate: float = 0.0) -> Measured:
    """Sends the requests of a scenario to one server for as long as the plan says; at a `rate`, unless it is zero."""
    requests = scenario.make(stand.data)
    if not scenario.repeat:
        most = int((plan.seconds + plan.warm) * MOST_A_SECOND) if scenario.most is None else scenario.most
        requests = itertools.islice(requests, most)
    job = Job(
        port=side.port,
        process=side.process,
        requests=[message_of(request, stand.tokens[scenario.caller]) for request in requests],
        repeat=scenario.repeat,
        status=status_line(scenario.status),
        connections=scenario.connections or plan.connections,
        seconds=plan.seconds,
        warm=plan.warm,
        rate=rate,
    )
    return send(job)


def send(job: Job) -> Measured:
    """Runs a job of the load generator in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=msgspec.msgpack.encode(job), stdout=subprocess.PIPE, check=True)
    measured = msgspec.msgpack.decode(done.stdout, type=Measured)
    if not measured.requests:
        raise ValueError(f"{len(job.requests)} requests are too few to measure; load more rows.")
    return measured


def cpu_of(run: Measured) -> float:
    """Returns the server's CPU time for one request, in microseconds."""
    return run.server_cpu / run.requests * 1e6


def medians(runs: list[Measured]) -> Figures:
    """Returns the medians over some runs."""
    return Figures(
        rate=statistics.median(run.requests / run.seconds for run in runs),
        p50=statistics.median(run.p50 for run in runs),
        p99=statistics.median(run.p99 for run in runs),
        cpu=statistics.median(cpu_of(run) for run in runs),
    )
