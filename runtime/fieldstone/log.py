"""The structured log: one JSON object a line in production, lines for a person in development.

A log is a value that `app.py` makes and hands on; there is no global one. Tokens, passwords and bodies never go into it.
The line of a request is written by a shorter way than all others: there is one for each request, and it always has the same values.
"""

import asyncio
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

import msgspec

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
    """A log over a stream."""

    def __init__(self, stream: BinaryIO, *, readable: bool) -> None:
        self._stream = stream
        self._render = _as_text if readable else _encode
        self._render_request = _line_for_people if readable else _encode
        self._flush_due = False

    def info(self, event: str, **values: Any) -> None:
        """Writes a line of level `info`."""
        self._write("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        """Writes a line of level `warning`."""
        self._write("warning", event, values)

    def error(self, event: str, *, exc_info: BaseException | None = None, **values: Any) -> None:
        """Writes a line of level `error`, with the traceback of an exception."""
        self._write("error", event, values, exc_info)

    def exception(self, event: str, **values: Any) -> None:
        """Writes a line of level `error`, with the traceback of the exception being handled."""
        self._write("error", event, values, sys.exception())

    def request(self, line: RequestLine) -> None:
        """Writes the line of a request; those of one turn of the loop go out together."""
        self._stream.write(self._render_request(line) + b"\n")
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _write(self, level: str, event: str, values: dict[str, Any], error: BaseException | None = None) -> None:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        entry = {**values, "event": event, "level": level, "timestamp": now}
        if error is not None:
            entry["exception"] = "".join(traceback.format_exception(error)).rstrip("\n")
        self._stream.write(self._render(entry) + b"\n")
        self._stream.flush()

    def _flush(self) -> None:
        self._flush_due = False
        self._stream.flush()


def open_log(stream: BinaryIO, *, readable: bool) -> ServerLog:
    """Returns a log that writes to a stream; `readable` lines are for a terminal, others are JSON."""
    return _StreamLog(stream, readable=readable)


def _as_text(entry: dict[str, Any]) -> bytes:
    time = str(entry.pop("timestamp"))[11:19]
    level = entry.pop("level")
    event = entry.pop("event")
    trace = entry.pop("exception", None)
    values = " ".join(f"{name}={value}" for name, value in entry.items())
    mark = "" if level == "info" else f"{level.upper()} "
    return f"{time} {mark}{event} {values}{f'{chr(10)}{trace}' if trace else ''}".encode(errors="backslashreplace")


def _line_for_people(line: RequestLine) -> bytes:
    return _as_text({"event": "request", **msgspec.structs.asdict(line)})
