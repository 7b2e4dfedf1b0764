"""The load generator: a process of its own that keeps some connections busy and times every answer.

    python -m bench.load < job > measured        (both in MessagePack)

One request is under way on each connection at any time. A run is bounded by its seconds and, where requests must not be sent
twice, by their number. It reads the server's CPU clock right before the first request and right after the last answer.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import msgspec
import psutil
import uvloop

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Job(msgspec.Struct, frozen=True):
    """What to send: whole HTTP/1.1 requests to a port of 127.0.0.1, over and over if `repeat`.

    Every answer must have `status`. The first `warm` seconds are not measured. `process` is the server's process id.
    """

    port: int
    process: int
    requests: list[bytes]
    repeat: bool
    status: int
    connections: int
    seconds: float
    warm: float


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

    def __init__(self, requests: Iterator[bytes], status: int) -> None:
        self._requests = requests
        self._status = b"HTTP/1.1 %d" % status
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._sent = 0.0
        self._deadline = 0.0
        self._done: asyncio.Future[None] | None = None
        self.latencies: list[float] = []

    def run(self, deadline: float) -> asyncio.Future[None]:
        """Begins to send; the future is done with the last answer, at the deadline or when no request is left."""
        self.latencies = []
        self._deadline = deadline
        self._done = asyncio.get_running_loop().create_future()
        self._send()
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
        elif now < self._deadline:
            self._send()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails the run when the server hangs up in the middle of it."""
        self._transport = None
        self._fail(exc or ConnectionError("The server closed the connection."))

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()

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
    pairs = [
        await loop.create_connection(lambda: Connection(requests, job.status), "127.0.0.1", job.port)
        for _ in range(job.connections)
    ]
    connections = [connection for _, connection in pairs]
    server = psutil.Process(job.process)
    try:
        await _all(connections, job.warm)
        server_before, client_before, started = cpu_seconds(server), time.process_time(), time.perf_counter()
        await _all(connections, job.seconds)
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


async def _all(connections: list[Connection], seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    await asyncio.gather(*(connection.run(deadline) for connection in connections))


def cpu_seconds(server: psutil.Process) -> float:
    """Returns the seconds of CPU that a process has taken so far."""
    times = server.cpu_times()
    return float(times.user + times.system)


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000 if ordered else 0.0


if __name__ == "__main__":
    received = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(perform(received))))
