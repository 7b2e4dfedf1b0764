"""The HTTP protocol of a serving process: uvicorn's own, which can also send a whole answer at once.

uvicorn takes an answer as two messages, looks at every header with two regular expressions, and writes head and body apart: two system
calls, and a client that is woken twice. An answer of ours comes as bytes that are known to be well formed, and goes out in one write.
"""

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fieldstone.surfaces.http.request import SEND_WHOLE

_CLOSE = b"connection: close\r\n"


class WholeAnswerProtocol(HttpToolsProtocol):
    """Answers each request of a connection, in its turn."""

    _defaults: tuple[object, bytes] = (None, b"")

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
