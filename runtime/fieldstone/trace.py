"""The trace of the request that is being answered: what whoever writes down a deed says of where it came from."""

from contextvars import ContextVar

import msgspec


class Trace(msgspec.Struct, frozen=True):
    """A request's id, and the address of its client."""

    request: str
    address: str


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the running request; None outside any."""
