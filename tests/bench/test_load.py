"""The load generator sends what it is told, counts every answer, and refuses wrong ones."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bench.load import END_OF_HEAD, Job, WrongAnswer, is_whole, perform

Received = list[bytes]
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"


@pytest.fixture
async def received() -> AsyncIterator[tuple[int, Received]]:
    """The port of a small server and the first lines of what it was sent; it answers in two pieces."""
    lines: Received = []
    busy: set[asyncio.Task[Any] | None] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        busy.add(asyncio.current_task())
        try:
            while True:
                lines.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
                writer.write(ANSWER[:20])
                await asyncio.sleep(0)
                writer.write(ANSWER[20:])
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], lines
        await asyncio.gather(*(task for task in busy if task))


def job(port: int, **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "port": port,
        "process": os.getpid(),
        "requests": [b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(10)],
        "repeat": True,
        "status": b"HTTP/1.1 200",
        "connections": 4,
        "seconds": 0.1,
        "warm": 0.0,
    }
    return Job(**{**fields, **changes})


async def test_requests_are_sent_over_and_over_until_the_time_is_up(received: tuple[int, Received]) -> None:
    port, lines = received
    measured = await perform(job(port, warm=0.05))
    assert 0.1 <= measured.seconds < 5
    assert 10 < measured.requests < len(lines)
    assert set(lines) == {b"GET /%d HTTP/1.1" % number for number in range(10)}
    assert 0 < measured.p50 <= measured.p99
    assert measured.client_cpu > 0


async def test_at_a_rate_no_more_are_sent_than_it_allows(received: tuple[int, Received]) -> None:
    measured = await perform(job(received[0], seconds=0.5, rate=40.0))
    assert 4 <= measured.requests <= 20


async def test_requests_that_must_not_come_twice_are_sent_once(received: tuple[int, Received]) -> None:
    port, lines = received
    measured = await perform(job(port, repeat=False, seconds=30))
    assert measured.seconds < 5
    assert len(lines) == len(set(lines)) == 10


async def test_an_answer_with_another_status_ends_the_run(received: tuple[int, Received]) -> None:
    with pytest.raises(WrongAnswer, match="200 OK"):
        await perform(job(received[0], status=b"HTTP/1.1 201"))


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\nhello", True),
        (b"HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 5\r\n\r\nhell", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", False),
    ],
)
def test_an_answer_is_whole_with_its_length_or_its_last_chunk(answer: bytes, whole: bool) -> None:
    assert is_whole(answer, answer.index(END_OF_HEAD)) is whole
