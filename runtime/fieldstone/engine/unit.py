"""The Unit: one transaction, its instant, and what the operations within it share.

The door opens it at the outermost write. Every further operation joins it under a savepoint and counts toward a depth, so
that hooks which write in circles end with an error instead of never.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fieldstone.engine.outcome import Outcome
from fieldstone.errors import Conflict
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row, Statement, Store, Transaction

Fetch = Callable[[Statement, Binds], Awaitable[list[Row]]]
"""Runs a prepared read, within a Unit or by itself."""


class Unit:
    """One transaction on its way; `now` is the instant of everything written in it.

    `feeds_policy` is set by a write to rows from which somebody's rights are made: the door then raises the policy epoch before it
    commits.
    """

    def __init__(self, transaction: Transaction, now: str, deepest: int) -> None:
        self.transaction = transaction
        self.now = now
        self.feeds_policy = False
        self._depth = 1
        self._deepest = deepest

    @asynccontextmanager
    async def nested(self) -> AsyncIterator[None]:
        """Opens a savepoint one level deeper; an exception that leaves the block rolls back to it. Raises Conflict below the deepest."""
        if self._depth >= self._deepest:
            raise Conflict(
                f"Operations call each other more than {self._deepest} deep.",
                details={"depth": self._deepest},
                hint="A hook probably writes what calls it again.",
            )
        self._depth += 1
        try:
            async with self.transaction.savepoint():
                yield
        finally:
            self._depth -= 1


class Undone(Exception):
    """Raised by a handler to undo all that its operation wrote and still answer with an outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The operation is undone.")
        self.outcome = outcome


def fetcher(store: Store, unit: Unit | None) -> Fetch:
    """Returns how to read: within the Unit when there is one, so that its own writes are seen."""
    return store.fetch if unit is None else unit.transaction.fetch
