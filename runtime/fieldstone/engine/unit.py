"""The Unit: one transaction, its instant, and what the operations within it share.

The door opens it at the outermost write. Every further operation joins it under a savepoint and counts toward a depth, so
that hooks which write in circles end with an error instead of never.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fieldstone.engine.outcome import Outcome
from fieldstone.errors import Conflict
from fieldstone.store.binds import Binds
from fieldstone.store.event import RecordEvent
from fieldstone.store.interface import Row, Statement, Store, Transaction

Fetch = Callable[[Statement, Binds], Awaitable[list[Row]]]
"""Runs a prepared read, within a Unit or by itself."""

Preparer = Callable[[Any], Awaitable[Any]]
"""Turns a value that was read into the one that is stored, never while a Unit is open: hashes a password."""

Ready = dict[tuple[str, Any], Any]
"""What preparers have made, by field type and value."""


class Unit:
    """One transaction on its way; `now` is the instant of everything written in it. A `whole` one is over with the write of its operation.

    `feeds_policy` is set by a write to rows from which somebody's rights are made: the door then raises the policy epoch before it commits.
    `run_id` is the run of a flow that writes, if one does. `ready` are the prepared values that operations within it may need, `events` the
    changes of records so far, in their order. `committed` is what the door calls once all of it stands: short, and harmless when a part was
    undone after all.
    """

    def __init__(self, transaction: Transaction, now: str, deepest: int, ready: Ready, *, whole: bool = False) -> None:
        self.transaction = transaction
        self.now = now
        self.ready = ready
        self.whole = whole
        self.feeds_policy = False
        self.run_id: str | None = None
        self.events: list[RecordEvent] = []
        self.committed: list[Callable[[], None]] = []
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
        noted = len(self.events)
        try:
            async with self.transaction.savepoint():
                yield
        except BaseException:
            del self.events[noted:]
            raise
        finally:
            self._depth -= 1


class Undone(Exception):
    """Raised by a handler to undo all that its operation wrote and still answer with an outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The operation is undone.")
        self.outcome = outcome


class Unprepared(Exception):
    """A value that an operation within a Unit needs prepared: the door rolls the Unit back, prepares it, and tries again."""

    def __init__(self, type_name: str, value: Any) -> None:
        super().__init__(f"A `{type_name}` value is not prepared.")
        self.type_name = type_name
        self.value = value


class ReadyValues(Mapping[str, Preparer]):
    """The preparers as an open Unit offers them: each hands out what is ready, and raises Unprepared for what is not."""

    def __init__(self, preparers: Mapping[str, Preparer], ready: Ready) -> None:
        self._preparers = preparers
        self._ready = ready

    def __getitem__(self, type_name: str) -> Preparer:
        async def find(value: Any) -> Any:
            try:
                return self._ready[type_name, value]
            except KeyError:
                raise Unprepared(type_name, value) from None

        return find if type_name in self._preparers else self._preparers[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._preparers)

    def __len__(self) -> int:
        return len(self._preparers)


def fetcher(store: Store, unit: Unit | None) -> Fetch:
    """Returns how to read: within the Unit when there is one, so that its own writes are seen."""
    return store.fetch if unit is None else unit.transaction.fetch
