"""The structured log: one JSON object a line in production, lines for a person in development.

A log is a value that `app.py` makes and hands on; there is no global one. Tokens, passwords and bodies never go into it.
The line of a request is written by a shorter way than all others: there is one for each request, and it always has the same values.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, BinaryIO, Protocol

import msgspec
import structlog

_encode = msgspec.json.Encoder(enc_hook=repr).encode


class RequestLine(msgspec.Struct, tag_field="event", tag="request", gc=False):
    """A request that was answered: its id, its route's template, how long it took in milliseconds, and the user's id."""

    timestamp: str
    id: str
    method: str
    route: str
    status: int
    ms: float
    caller: str | None
    level: str = "info"


class Log(Protocol):
    """What the house needs of a log: an event in snake_case, and values that belong to it."""

    def info(self, event: str, **values: Any) -> Any:
        """Writes that something happened."""

    def warning(self, event: str, **values: Any) -> Any:
        """Writes that something deserves a look."""

    def error(self, event: str, **values: Any) -> Any:
        """Writes that something went wrong; `exc_info` is the exception, if there is one."""

    def exception(self, event: str, **values: Any) -> Any:
        """Writes the exception being handled, with its traceback."""


class ServerLog(Log, Protocol):
    """The log of a server, which writes a line for each request."""

    def request(self, line: RequestLine) -> None:
        """Writes the line of a request, by the end of the loop's turn."""


class _StreamLog:
    """A log over a stream: all lines are written by structlog, but for those of requests."""

    def __init__(self, stream: BinaryIO, events: Any, *, readable: bool) -> None:
        self.info = events.info
        self.warning = events.warning
        self.error = events.error
        self.exception = events.exception
        self._stream = stream
        self._encode = _line_for_people if readable else _encode
        self._flush_due = False

    def request(self, line: RequestLine) -> None:
        """Writes the line of a request; those of one turn of the loop go out together."""
        self._stream.write(self._encode(line) + b"\n")
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        self._stream.flush()


def open_log(stream: BinaryIO, *, readable: bool) -> ServerLog:
    """Returns a log that writes to a stream; `readable` lines are for a terminal, others are JSON."""
    render: Callable[[Any, str, MutableMapping[str, Any]], bytes] = _as_text if readable else _as_json
    events = structlog.wrap_logger(
        structlog.BytesLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return _StreamLog(stream, events, readable=readable)


def _as_json(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> bytes:
    return _encode(entry)


def _as_text(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> bytes:
    time = str(entry.pop("timestamp"))[11:19]
    level = entry.pop("level")
    event = entry.pop("event")
    trace = entry.pop("exception", None)
    values = " ".join(f"{name}={value}" for name, value in entry.items())
    mark = "" if level == "info" else f"{level.upper()} "
    return f"{time} {mark}{event} {values}{f'{chr(10)}{trace}' if trace else ''}".encode(errors="backslashreplace")


def _line_for_people(line: RequestLine) -> bytes:
    return _as_text(None, line.level, {"event": "request", **msgspec.structs.asdict(line)})
