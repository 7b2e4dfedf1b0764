"""The HTTP protocol of a serving process: uvicorn's own, with a shorter way for what each request needs.

uvicorn takes an answer as two messages, looks at every header with two regular expressions, and writes head and body apart: two system
calls, and a client that is woken twice. An answer of ours comes as bytes that are known to be well formed, and goes out in one write.
It also makes a task for each request; here a connection has one, which answers its requests one after the other, as they come anyway.
"""

import asyncio
from asyncio import Future, Task, TimerHandle
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fieldstone.surfaces.http.request import SEND_WHOLE

_CLOSE = b"connection: close\r\n"
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class WholeAnswerProtocol(HttpToolsProtocol):
    """Answers each request of a connection, in its turn."""

    _defaults: tuple[object, bytes] = (None, b"")
    _idle_since: float | None = None
    _watch: TimerHandle | None = None
    _next: RequestResponseCycle | None = None
    _task: Task[None] | None = None
    _called: Future[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        if self._watch is not None:
            self._watch.cancel()
        self._call()

    def on_message_begin(self) -> None:
        """Begins to take in the head of a request."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """Begins with a request, or lets it wait for those before it."""
        before: RequestResponseCycle | None = self.cycle
        parser = self.parser
        version = parser.get_http_version()
        raw_path, query = _parts(self.url)
        path = raw_path.decode("ascii")
        scope: Any = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
        }
        self.scope = scope
        cycle = self.cycle = _Cycle(self, scope, keep_alive=version != "1.0" and parser.should_keep_alive())
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Goes on with the next request, or waits for one, under the one timer that a connection has."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self._watch is None:
            self._watch = self.loop.call_later(self.timeout_keep_alive, self._close_when_idle)

    def send_whole(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
        """Writes an answer and ends its request; False where uvicorn's own way has to wait, or to keep silent."""
        if cycle.response_started or cycle.disconnected or self.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        parts = (STATUS_LINE[status], self._default_lines(), head, b"" if cycle.keep_alive else _CLOSE, b"\r\n", body)
        self.transport.write(b"".join(parts))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, _app: Any) -> None:
        """Hands a request to the connection's task; the one before has been answered by now."""
        self._next = cycle
        if self._task is None or self._task.done():
            self._task = self.loop.create_task(self._answer_all())
            self._task.add_done_callback(self.tasks.discard)
        self.tasks.add(self._task)
        self._call()

    def _call(self) -> None:
        """Wakes the connection's task, if it waits for a request."""
        if self._called is not None and not self._called.done():
            self._called.set_result(None)

    async def _answer_all(self) -> None:
        """Answers requests until the connection is closed; the server counts the task as long as there is one to answer."""
        while self._next is not None:
            cycle, self._next = self._next, None
            await cycle.run_asgi(self.app)
            scope: Any = cycle.scope
            # What refers to itself, as it does by its request, would take up memory until the garbage collector finds it.
            scope.clear()
            await self._next_one()

    async def _next_one(self) -> None:
        """Waits for the next request, or for the end of the connection; one that is there already begins in the next turn of the loop."""
        if self._next is not None:
            await asyncio.sleep(0)
        elif not self.transport.is_closing():
            self.tasks.discard(self._task)
            self._called = self.loop.create_future()
            await self._called

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _close_when_idle(self) -> None:
        """Closes a connection over which nothing has come for the time that one may be idle, or looks again when that may be."""
        self._watch = None
        if self._idle_since is None or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._watch = self.loop.call_later(left, self._close_when_idle)
        else:
            self.transport.close()

    def _default_lines(self) -> bytes:
        """Returns the lines that the server adds to every answer, the date; uvicorn makes a new list of them every second."""
        headers = self.server_state.default_headers
        made_of, lines = self._defaults
        if made_of is not headers:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self._defaults = (headers, lines)
        return lines


class _Cycle(RequestResponseCycle):
    """One request and its answer."""

    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding = None
    expected_content_length = 0

    def __init__(self, connection: WholeAnswerProtocol, scope: Any, *, keep_alive: bool) -> None:
        """Takes the connection that it came over, and its scope."""
        self._connection = connection
        self.scope = scope
        scope[SEND_WHOLE] = self._send_whole
        self.transport = connection.transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.default_headers = connection.server_state.default_headers
        self.message_event = asyncio.Event()
        self.on_response = connection.on_response_complete
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = connection.expect_100_continue
        self.body = bytearray()

    def _send_whole(self, status: int, head: bytes, body: bytes) -> bool:
        return self._connection.send_whole(self, status, head, body)


def _parts(url: bytes) -> tuple[bytes, bytes]:
    """Returns path and query of a request's target, which may be a whole address."""
    if url.startswith(b"/") and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = httptools.parse_url(url)
    return parsed.path, parsed.query or b""
