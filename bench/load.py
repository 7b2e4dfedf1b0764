"""The load generator: a process of its own that keeps some connections busy and times every answer.

    python -m bench.load < job > measured        (both in MessagePack)

One request is under way on each connection at any time. A run is bounded by its seconds and, where requests must not be sent
twice, by their number. At a rate, each connection sends at instants that are settled before, and at once when it is late. It reads the
server's CPU clock right before the first request and right after the last answer.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice
from typing import Any

import msgspec
import psutil
import uvloop

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "
WARMING = 4
"""Of requests that must not come twice, at most a fourth part is sent before it is measured."""

HAS_CLOCKS = sys.platform.startswith("linux")
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Job(msgspec.Struct, frozen=True):
    """What to send: whole HTTP/1.1 requests to a port of 127.0.0.1, over and over if `repeat`.

    Every answer must begin with `status`. The first `warm` seconds are not measured. `process` is the server's process id. `rate` is
    how many requests a second all connections send together; zero: as many as are answered.
    """

    port: int
    process: int
    requests: list[bytes]
    repeat: bool
    status: bytes
    connections: int
    seconds: float
    warm: float
    rate: float = 0.0


class Measured(msgspec.Struct, frozen=True):
    """What came of a job: latencies are in milliseconds, CPU times in seconds (user and system together)."""

    requests: int
    seconds: float
    p50: float
    p99: float
    server_cpu: float
    client_cpu: float


class WrongAnswer(Exception):
    """An answer with another status than the job expects."""


class Connection(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, status: bytes, interval: float, first: float) -> None:
        """Takes the seconds from one request to the next, and from the beginning to the first; zero: at once."""
        self._requests: Iterator[bytes] = iter(())
        self._status = status
        self._interval = interval
        self._first = first
        self._due = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._sent = 0.0
        self._deadline = 0.0
        self._done: asyncio.Future[None] | None = None
        self.latencies: list[float] = []

    def run(self, requests: Iterator[bytes], deadline: float) -> asyncio.Future[None]:
        """Begins to send, beside other connections that take from the same requests.

        The future is done with the last answer, at the deadline or when no request is left.
        """
        self.latencies = []
        self._requests = requests
        self._deadline = deadline
        self._done = asyncio.get_running_loop().create_future()
        self._due = time.perf_counter() + self._first - self._interval
        self._go_on(time.perf_counter())
        return self._done

    def connection_made(self, transport: Any) -> None:
        """Keeps the transport; uvloop's has the methods of asyncio's, but not its type."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collects an answer; when it is whole, notes the time it took and goes on."""
        self._buffer = buffer = self._buffer + data if self._buffer else data
        head = buffer.find(END_OF_HEAD)
        if head < 0:
            return
        if not is_whole(buffer, head):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent)
        self._buffer = b""
        if not buffer.startswith(self._status):
            self._fail(WrongAnswer(buffer[:2000].decode("utf-8", errors="replace")))
        else:
            self._go_on(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails the run when the server hangs up in the middle of it."""
        self._transport = None
        self._fail(exc or ConnectionError("The server closed the connection."))

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()

    def _go_on(self, now: float) -> None:
        """Sends the next request when it is due, if that is before the deadline."""
        self._due += self._interval
        if max(now, self._due) >= self._deadline:
            self._finish()
        elif self._due > now and self._interval:
            asyncio.get_running_loop().call_later(self._due - now, self._send)
        else:
            self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None or self._transport is None:
            self._finish()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)


def is_whole(answer: bytes, head: int) -> bool:
    """Tells whether the body of an answer is there, whose head ends at a place; one without a length comes in chunks."""
    lines = answer[:head].lower() + b"\r"
    at = lines.find(LENGTH)
    if at < 0:
        return answer.endswith(LAST_CHUNK)
    length = int(lines[at + len(LENGTH) : lines.index(b"\r", at)])
    return len(answer) >= head + len(END_OF_HEAD) + length


async def perform(job: Job) -> Measured:
    """Runs a job; raises WrongAnswer for an answer that it does not expect."""
    loop = asyncio.get_running_loop()
    requests = cycle(job.requests) if job.repeat else iter(job.requests)
    interval = job.connections / job.rate if job.rate else 0.0
    pairs = [
        await loop.create_connection(partial(Connection, job.status, interval, first), "127.0.0.1", job.port)
        for first in (interval * place / job.connections for place in range(job.connections))
    ]
    connections = [connection for _, connection in pairs]
    server = psutil.Process(job.process)
    try:
        await _all(connections, requests if job.repeat else islice(requests, len(job.requests) // WARMING), job.warm)
        server_before, client_before, started = cpu_seconds(server), time.process_time(), time.perf_counter()
        await _all(connections, requests, job.seconds)
        seconds = time.perf_counter() - started
        server_cpu, client_cpu = cpu_seconds(server) - server_before, time.process_time() - client_before
    finally:
        for connection in connections:
            connection.close()
    latencies = sorted(latency for connection in connections for latency in connection.latencies)
    return Measured(
        requests=len(latencies),
        seconds=seconds,
        p50=_percentile(latencies, 50),
        p99=_percentile(latencies, 99),
        server_cpu=server_cpu,
        client_cpu=client_cpu,
    )


async def _all(connections: list[Connection], requests: Iterator[bytes], seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    await asyncio.gather(*(connection.run(requests, deadline) for connection in connections))


def cpu_seconds(server: psutil.Process) -> float:
    """Returns the seconds of CPU that a process has taken so far.

    Linux has a clock for each process, by a number made of its id; what others tell is counted in hundredths of a second.
    """
    if HAS_CLOCKS:
        return time.clock_gettime((~server.pid << 3) | 2)
    times = server.cpu_times()
    return float(times.user + times.system)


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000 if ordered else 0.0


if __name__ == "__main__":
    received = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(perform(received))))
