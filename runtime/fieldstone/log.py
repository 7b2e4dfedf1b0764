"""The structured log: one JSON object a line in production, lines for a person in development.

A log is a value that `app.py` makes and hands on; there is no global one. Tokens, passwords and bodies never go into it.
"""

from collections.abc import Callable, MutableMapping
from typing import Any, BinaryIO, Protocol

import msgspec
import structlog

_encode = msgspec.json.Encoder(enc_hook=repr).encode


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


def open_log(stream: BinaryIO, *, readable: bool) -> Log:
    """Returns a log that writes to a stream; `readable` lines are for a terminal, others are JSON."""
    render: Callable[[Any, str, MutableMapping[str, Any]], bytes] = _as_text if readable else _as_json
    log: Log = structlog.wrap_logger(
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
    return log


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
