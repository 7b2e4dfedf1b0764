"""The HTTP protocol: a whole answer goes out in one write, and says just what it would say message by message."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from fieldstone.cli.protocol import WholeAnswerProtocol
from fieldstone.surfaces.http.request import Response, request_of
from fieldstone.surfaces.http.send import send_response

DATE = (b"date", b"Thu, 01 Jan 2026 00:00:00 GMT")
ANSWERS: dict[str, Response] = {
    "record": Response(200, b'{"id":"7"}', headers=((b"etag", b'"1-ab"'),)),
    "created": Response(201, b"{}", headers=((b"location", b"/x"), (b"cache-control", b"no-store"))),
    "not modified": Response(304, b"", headers=((b"etag", b'"1-ab"'),)),
    "empty": Response(204, b""),
    "text": Response(404, b"no", media_type=b"text/plain"),
}


class Transport:
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        """Keeps one write."""
        self.writes.append(data)

    def close(self) -> None:
        """Closes the connection."""
        self.closed = True

    def is_closing(self) -> bool:
        """Tells whether it is closed."""
        return self.closed

    def get_extra_info(self, name: str) -> Any:
        """Returns the addresses of both ends."""
        return {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)}.get(name)

    def pause_reading(self) -> None:
        """Reads no more for now."""

    def resume_reading(self) -> None:
        """Reads again."""


async def answered(
    protocol: type[HttpToolsProtocol], response: Response, sent: bytes, prepare: Callable[[Any], None] = lambda _: None
) -> Transport:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_response(send, request_of(scope, receive, "0001"), response)

    config = Config(application, log_config=None, access_log=False)
    config.load()
    state = ServerState()
    state.default_headers = [DATE]
    connection, transport = protocol(config=config, server_state=state, app_state={}), Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    prepare(connection)
    connection.data_received(sent)
    while state.tasks:
        await asyncio.gather(*state.tasks)
        await asyncio.sleep(0)
    connection.connection_lost(ConnectionResetError())
    return transport


def message(method: str = "GET", version: str = "1.1", *headers: str) -> bytes:
    return "\r\n".join([f"{method} /x HTTP/{version}", "host: here", *headers, "", ""]).encode()


def parts(transport: Transport) -> tuple[bytes, list[bytes], bytes]:
    head, _, body = b"".join(transport.writes).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, sorted(lines), body


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    "sent", [message(), message("HEAD"), message("GET", "1.0"), message("GET", "1.1", "connection: close")]
)
async def test_a_whole_answer_says_what_it_would_say_message_by_message(name: str, sent: bytes) -> None:
    whole = await answered(WholeAnswerProtocol, ANSWERS[name], sent)
    bit_by_bit = await answered(HttpToolsProtocol, ANSWERS[name], sent)
    assert parts(whole) == parts(bit_by_bit)
    assert whole.closed == bit_by_bit.closed
    assert len(whole.writes) == 1


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    transport = await answered(WholeAnswerProtocol, ANSWERS["record"], message() * 3)
    assert len(transport.writes) == 3
    assert not transport.is_closing()


async def test_an_answer_to_a_client_that_reads_too_slowly_waits_for_him() -> None:
    def pause(connection: HttpToolsProtocol) -> None:
        connection.pause_writing()
        asyncio.get_running_loop().call_later(0.01, connection.resume_writing)

    transport = await answered(WholeAnswerProtocol, ANSWERS["record"], message(), pause)
    assert parts(transport)[2] == ANSWERS["record"].body


async def test_a_header_that_is_more_than_a_line_is_not_sent() -> None:
    split = Response(200, b"{}", headers=((b"etag", b'"1"\r\nset-cookie: a=b'),))
    transport = await answered(WholeAnswerProtocol, split, message())
    first, lines, _ = parts(transport)
    assert first.startswith(b"HTTP/1.1 500")
    assert not any(line.startswith(b"set-cookie") for line in lines)


class Loop:
    """The running loop with a time of its own, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        """Returns the time."""
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Sets a timer."""
        self.timers.append((self.now + delay, callback))
        return self._loop.call_later(1000, callback)

    def go_on(self, seconds: float) -> None:
        """Lets time pass, and the timers that are due go off."""
        self.now += seconds
        due = [callback for at, callback in self.timers if at <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for callback in due:
            callback()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


async def test_a_connection_is_closed_when_it_was_idle_for_its_time_and_not_before() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    config = Config(application, log_config=None, access_log=False, timeout_keep_alive=8)
    config.load()
    loop, transport, state = Loop(), Transport(), ServerState()
    connection = WholeAnswerProtocol(config, state, {}, cast("asyncio.AbstractEventLoop", loop))
    connection.connection_made(cast("asyncio.Transport", transport))
    for _ in range(5):
        connection.data_received(message())
        await asyncio.gather(*state.tasks)
        loop.go_on(5)
        assert len(loop.timers) == 1
    assert (len(transport.writes), transport.is_closing()) == (5, False)
    loop.go_on(2.9)
    assert not transport.is_closing()
    loop.go_on(0.1)
    assert transport.is_closing()
    connection.connection_lost(None)
