"""Measuring: first that both servers answer the same, byte for byte, then how long it takes them and what it costs."""

import itertools
import json
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator

import msgspec

from bench.load import Job, Measured
from bench.scenarios import Request, Scenario
from bench.server import Side, Stand

COMPARED = 24
MOST_A_SECOND = 20_000
NEW_EACH_TIME = frozenset({"id", "number", "created_at", "updated_at"})


class Plan(msgspec.Struct, frozen=True):
    """How to measure: rounds of both sides, each of some seconds after a warm-up, over some connections."""

    rounds: int = 5
    seconds: float = 2.0
    warm: float = 0.3
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


class Result(msgspec.Struct, frozen=True):
    """A scenario, measured: medians over the rounds; `ratio` is the floor's CPU per request divided by Fieldstone's.

    `client` is the greatest share of one core that the load generator took.
    """

    scenario: str
    fieldstone: Figures
    floor: Figures
    ratio: float
    client: float


class Different(Exception):
    """The two servers answer the same request differently: there is nothing to compare."""


class _Page(msgspec.Struct):
    items: msgspec.Raw


def check(stand: Stand, scenario: Scenario) -> int:
    """Compares the answers of both servers to the same requests and returns how many; raises Different."""
    requests = list(itertools.islice(scenario.make(stand.data), COMPARED))
    for request in requests:
        message = message_of(request, stand.tokens[scenario.caller])
        ours, theirs = (ask(side, message, scenario) for side in (stand.fieldstone, stand.floor))
        if ours != theirs:
            raise Different(f"{scenario.name}: {request.target}\n{_difference(ours, theirs)}")
    return len(requests)


def measure(stand: Stand, scenario: Scenario, plan: Plan, advance: Callable[[], None]) -> Result:
    """Measures both servers in turn, as often as the plan says; who goes first changes with each round."""
    runs: dict[str, list[Measured]] = {stand.fieldstone.name: [], stand.floor.name: []}
    for number in range(plan.rounds):
        sides = (stand.floor, stand.fieldstone) if number % 2 == 0 else (stand.fieldstone, stand.floor)
        for side in sides:
            runs[side.name].append(run_once(side, stand, scenario, plan))
            advance()
    ours, theirs = runs[stand.fieldstone.name], runs[stand.floor.name]
    ratios = [cpu_of(floor) / cpu_of(fieldstone) for fieldstone, floor in zip(ours, theirs, strict=True)]
    return Result(
        scenario=scenario.name,
        fieldstone=medians(ours),
        floor=medians(theirs),
        ratio=statistics.median(ratios),
        client=max(run.client_cpu / run.seconds for run in (*ours, *theirs)),
    )


def run_once(side: Side, stand: Stand, scenario: Scenario, plan: Plan) -> Measured:
    """Sends the requests of a scenario to one server for as long as the plan says."""
    requests = scenario.make(stand.data)
    if not scenario.repeat:
        requests = itertools.islice(requests, int((plan.seconds + plan.warm) * MOST_A_SECOND))
    job = Job(
        port=side.port,
        process=side.process,
        requests=[message_of(request, stand.tokens[scenario.caller]) for request in requests],
        repeat=scenario.repeat,
        status=scenario.status,
        connections=scenario.connections or plan.connections,
        seconds=plan.seconds,
        warm=plan.warm,
    )
    return send(job)


def send(job: Job) -> Measured:
    """Runs a job of the load generator in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=msgspec.msgpack.encode(job), stdout=subprocess.PIPE, check=True)
    return msgspec.msgpack.decode(done.stdout, type=Measured)


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


def message_of(request: Request, token: str) -> bytes:
    """Returns a whole HTTP request."""
    lines = [f"{request.method} {request.target} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if request.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(request.body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def ask(side: Side, message: bytes, scenario: Scenario) -> bytes:
    """Returns the part of an answer that must be equal on both sides."""
    with socket.create_connection(("127.0.0.1", side.port)) as connection:
        connection.sendall(message.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1))
        answer = b"".join(_received(connection))
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 %d" % scenario.status):
        raise Different(f"{side.name} answers {answer[:2000]!r}")
    if scenario.compare == "items":
        return bytes(msgspec.json.decode(body, type=_Page).items)
    if scenario.compare == "created":
        record = json.loads(body)
        return json.dumps({name: None if name in NEW_EACH_TIME else record[name] for name in sorted(record)}).encode()
    return body


def _difference(ours: bytes, theirs: bytes) -> str:
    """Returns both answers around the first place where they part."""
    places = enumerate(zip(ours, theirs, strict=False))
    first = next((place for place, (one, other) in places if one != other), min(len(ours), len(theirs)))
    shown = slice(max(0, first - 200), first + 200)
    return f"from byte {first} on\nFieldstone: {ours[shown]!r}\nfloor:      {theirs[shown]!r}"


def _received(connection: socket.socket) -> Iterator[bytes]:
    while chunk := connection.recv(65_536):
        yield chunk
