"""Use: what a process asks its database, in numbers, who waits for a connection, and which statements are slow.

Each connection that several threads might use counts for itself, so that nothing is lost; whoever shows the numbers adds them up.
"""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from math import inf
from time import perf_counter

import msgspec

from fieldstone.trace import TRACE


class SlowRun(msgspec.Struct, frozen=True):
    """A statement that took long: its text, how many rows it answered or changed, None where it failed, and the request it was run for."""

    text: str
    seconds: float
    rows: int | None
    request: str | None


class Use(msgspec.Struct, frozen=True):
    """What a process has asked so far, and how its connections stand now."""

    statements: int
    seconds: float
    slow: int
    connections: int
    busy: int
    waiting: int
    waits: int
    wait_seconds: float


class Watch:
    """What counts as slow, and who is told of it, from whichever thread: nobody at first."""

    def __init__(self) -> None:
        """Begins without anybody."""
        self.after = inf
        self.tell: Callable[[SlowRun], None] = lambda _run: None


class Asked:
    """What was asked by one connection, or by all that one thread uses."""

    __slots__ = ("_watch", "seconds", "slow", "statements")

    def __init__(self, watch: Watch) -> None:
        """Begins at nothing."""
        self._watch = watch
        self.statements = 0
        self.seconds = 0.0
        self.slow = 0

    def ran(self, text: str, seconds: float, answer: Sized | int | None) -> None:
        """Counts a statement that was run; `answer` are its rows, how many it changed as a number or a driver tells it, or None."""
        self.statements += 1
        self.seconds += seconds
        if seconds >= self._watch.after:
            self.slow += 1
            trace = TRACE.get()
            self._watch.tell(SlowRun(text, seconds, _rows(answer), None if trace is None else trace.request))

    def add(self, other: "Asked") -> None:
        """Counts what another one has counted, which is over."""
        self.statements += other.statements
        self.seconds += other.seconds
        self.slow += other.slow


class Waits:
    """Those who wait for a connection."""

    def __init__(self) -> None:
        """Begins at nobody."""
        self.now = 0
        self.count = 0
        self.seconds = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts whoever waits within the block."""
        start = perf_counter()
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1
            self.count += 1
            self.seconds += perf_counter() - start


def use_of(asked: Iterable[Asked], waits: Waits, *, connections: int, busy: int) -> Use:
    """Returns the sum."""
    every = tuple(asked)
    return Use(
        statements=sum(each.statements for each in every),
        seconds=sum(each.seconds for each in every),
        slow=sum(each.slow for each in every),
        connections=connections,
        busy=busy,
        waiting=waits.now,
        waits=waits.count,
        wait_seconds=waits.seconds,
    )


def _rows(answer: Sized | int | None) -> int | None:
    if isinstance(answer, str):
        told = answer.rpartition(" ")[2]
        return int(told) if told.isdigit() else None
    if isinstance(answer, int):
        return answer if answer >= 0 else None
    return None if answer is None else len(answer)
