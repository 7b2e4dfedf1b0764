"""The HTTP protocol of a serving process: uvicorn's own, which can also send a whole answer at once.

uvicorn takes an answer as two messages, looks at every header with two regular expressions, and writes head and body apart: two system
calls, and a client that is woken twice. An answer of ours comes as bytes that are known to be well formed, and goes out in one write.
"""

from asyncio import TimerHandle
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fieldstone.surfaces.http.request import SEND_WHOLE

_CLOSE = b"connection: close\r\n"


class WholeAnswerProtocol(HttpToolsProtocol):
    """Answers each request of a connection, in its turn."""

    _defaults: tuple[object, bytes] = (None, b"")
    _idle_since: float | None = None
    _watch: TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        if self._watch is not None:
            self._watch.cancel()

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

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        scope[SEND_WHOLE] = partial(self._send_whole, cycle)
        super()._start_asgi_task(cycle, app)

    def _send_whole(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
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

    def _default_lines(self) -> bytes:
        """Returns the lines that the server adds to every answer, the date; uvicorn makes a new list of them every second."""
        headers = self.server_state.default_headers
        made_of, lines = self._defaults
        if made_of is not headers:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self._defaults = (headers, lines)
        return lines
