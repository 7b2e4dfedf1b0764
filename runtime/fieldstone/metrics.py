"""Metrics: what a process counts while it works, as plain numbers that cost next to nothing to raise. Whoever shows them reads them here.

All of them are raised on the loop's own thread.
"""

from bisect import bisect_left
from typing import Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Durations are counted by the first of these seconds that they do not pass, the longer ones behind the last."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are told apart."""

Answered = tuple[str, str, int]
"""What requests are counted by: their method, the template of their route, and the status."""


class Tally:
    """Durations of one sort: how many there were within each bound, and their sum."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        """Begins at nothing."""
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Counts one."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Answers:
    """The requests that were answered. What anybody can make up is not told apart: one without a route is counted by its status alone."""

    def __init__(self) -> None:
        """Begins at nothing."""
        self.tallies: dict[Answered, Tally] = {}

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one."""
        tally = self.tallies.get((method, route, status))
        if tally is None:
            known = (method if method in METHODS else "") if route else ""
            tally = self.tallies.setdefault((known, route, status), Tally())
        tally.add(seconds)
