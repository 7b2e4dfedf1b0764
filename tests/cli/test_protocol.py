"""The HTTP protocol: a whole answer goes out in one write, and says just what it would say message by message."""

import asyncio
import gc
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
SCOPE = (
    "type",
    "http_version",
    "server",
    "client",
    "scheme",
    "root_path",
    "method",
    "path",
    "raw_path",
    "query_string",
    "headers",
)
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


class Tasks(set[asyncio.Task[None]]):
    """The tasks of requests that are being answered."""

    def __init__(self) -> None:
        super().__init__()
        self._none = asyncio.Event()

    def add(self, task: asyncio.Task[None]) -> None:
        """Counts one."""
        super().add(task)
        self._none.clear()

    def discard(self, task: object) -> None:
        """Counts one no more."""
        super().discard(task)
        if not self:
            self._none.set()

    async def ended(self) -> None:
        """Returns when there are none."""
        async with asyncio.timeout(10):
            await self._none.wait()


def connected(
    application: Any, protocol: type[HttpToolsProtocol] = WholeAnswerProtocol
) -> tuple[HttpToolsProtocol, Transport, Tasks]:
    config = Config(application, log_config=None, access_log=False)
    config.load()
    tasks = Tasks()
    state = ServerState()
    state.tasks, state.default_headers = tasks, [DATE]
    connection, transport = protocol(config=config, server_state=state, app_state={}), Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    return connection, transport, tasks


async def answered(
    protocol: type[HttpToolsProtocol], response: Response, sent: bytes, prepare: Callable[[Any], None] = lambda _: None
) -> Transport:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_response(send, request_of(scope, receive, "0001"), response)

    connection, transport, tasks = connected(application, protocol)
    prepare(connection)
    connection.data_received(sent)
    await tasks.ended()
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


async def test_a_request_that_came_behind_another_one_begins_in_a_later_turn_of_the_loop() -> None:
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append("begins")
        asyncio.get_running_loop().call_soon(seen.append, "turn is over")
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    connection, _, tasks = connected(application)
    connection.data_received(message() * 2)
    await tasks.ended()
    connection.connection_lost(None)
    assert seen[:3] == ["begins", "turn is over", "begins"]


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


@pytest.mark.parametrize(
    "target", ["/x", "/x?a=b?c", "/x?", "/%C3%A4%20?a=%20", "http://here/x?a=b", "/x#y", "//x", "*"]
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_request_is_understood_as_the_library_understands_it(target: str, version: str) -> None:
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        told = await receive()
        seen.append({**{name: scope[name] for name in SCOPE}, "body": told["body"], "more": told["more_body"]})
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    sent = f"POST {target} HTTP/{version}\r\nHost: here\r\nX-A: b\r\ncontent-length: 3\r\n\r\nabc".encode()
    for protocol in (WholeAnswerProtocol, HttpToolsProtocol):
        connection, _, tasks = connected(application, protocol)
        connection.data_received(sent)
        await tasks.ended()
        connection.connection_lost(None)
    assert seen[0] == seen[1]


async def test_one_task_answers_all_requests_of_a_connection_and_ends_with_it() -> None:
    answering: set[asyncio.Task[Any] | None] = set()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        answering.add(asyncio.current_task())
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    connection, transport, tasks = connected(application)
    for _ in range(3):
        connection.data_received(message())
        await tasks.ended()
    (task,) = answering
    assert task is not None
    assert (len(transport.writes), task.done()) == (3, False)
    connection.connection_lost(None)
    await asyncio.wait([task], timeout=10)
    assert task.done()


async def test_a_request_that_is_broken_off_leaves_the_next_one_to_be_answered() -> None:
    waiting = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/waits":
            waiting.set()
            await asyncio.Event().wait()
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    connection, transport, tasks = connected(application)
    connection.data_received(message().replace(b"/x", b"/waits"))
    await waiting.wait()
    for task in tuple(tasks):
        task.cancel()
    await tasks.ended()
    connection.data_received(message())
    await tasks.ended()
    assert [write.split(b"\r\n")[0][9:12] for write in transport.writes if write.startswith(b"HTTP")] == [
        b"500",
        b"200",
    ]


async def test_an_answered_request_leaves_nothing_to_the_garbage_collector() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        request = scope["request"] = request_of(scope, receive, "0001")
        await send_response(send, request, ANSWERS["record"])

    connection, _, tasks = connected(application)

    async def ask() -> None:
        connection.data_received(message())
        await tasks.ended()

    await ask()
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            await ask()
        assert gc.collect() < 50
    finally:
        gc.enable()


async def test_a_connection_is_closed_when_it_was_idle_for_its_time_and_not_before() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_response(send, request_of(scope, receive, "0001"), ANSWERS["record"])

    config = Config(application, log_config=None, access_log=False, timeout_keep_alive=8)
    config.load()
    loop, transport, tasks, state = Loop(), Transport(), Tasks(), ServerState()
    state.tasks = tasks
    connection = WholeAnswerProtocol(config, state, {}, cast("asyncio.AbstractEventLoop", loop))
    connection.connection_made(cast("asyncio.Transport", transport))
    for _ in range(5):
        connection.data_received(message())
        await tasks.ended()
        loop.go_on(5)
        assert len(loop.timers) == 1
    assert (len(transport.writes), transport.is_closing()) == (5, False)
    loop.go_on(2.9)
    assert not transport.is_closing()
    loop.go_on(0.1)
    assert transport.is_closing()
    connection.connection_lost(None)
