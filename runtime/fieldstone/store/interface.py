"""What the store offers to the floors above: statements prepared once per shape, and transactions.

Rows come back as tuples in wire form, columns in the order of the `Select`, its flags behind them. Every method may raise
Unavailable (the database cannot be reached or is saturated) and Timeout.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from fieldstone.query.ast import Aggregation, Filter, Select
from fieldstone.registry.catalog import Catalog
from fieldstone.store.binds import Binds
from fieldstone.store.counter import Counter
from fieldstone.store.event import RecordEvent
from fieldstone.store.plan import StatementPlan

Row = tuple[Any, ...]


class Statement(Protocol):
    """A prepared read; made by `prepare` or `prepare_count`, opaque to others."""


class WholeWrite(msgspec.Struct, frozen=True):
    """A write of one record that is all that its transaction does: the shape of one statement for it.

    It sets `columns`, in a new record where there is no `where`. It answers what `seen` asks of the record as it is then, whose first flag
    must hold.
    """

    seen: Select
    columns: tuple[str, ...]
    where: Filter | None = None


class Transaction(Protocol):
    """One transaction: reads see its own writes."""

    async def fetch(self, statement: Statement, binds: Binds) -> list[Row]:
        """Returns the rows of a prepared read."""

    async def insert(self, object_name: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Inserts rows; raises UniqueViolation (details.fields). A reference to a record that is gone is a Conflict at the commit."""

    async def update(
        self, object_name: str, values: Mapping[str, Any], where: Filter, binds: Binds, *, bump: bool = True
    ) -> int:
        """Sets values on the rows of a filter in one statement, raising `version` by one if `bump`; returns how many."""

    async def delete(self, object_name: str, where: Filter, binds: Binds) -> int:
        """Deletes the rows of a filter in one statement; returns how many."""

    async def copy(self, source: str, target: str, values: Mapping[str, Any], where: Filter, binds: Binds) -> None:
        """Copies the rows of a filter to an object that has the same columns and `values`, which are the same on every row."""

    async def reserve(self, counter: Counter, count: int, start: int) -> int:
        """Returns the first of `count` counts, which nobody else gets unless all is undone; none is below `start`."""

    async def write_whole(
        self, statement: Statement, values: Row, event: RecordEvent, binds: Binds
    ) -> list[Row] | None:
        """Does a whole write with its event, for good, and returns what it answers. The transaction must do nothing else.

        None where it could not be done: then nothing was, and it is to be done step by step, which tells why.
        """

    async def publish(self, events: Sequence[RecordEvent]) -> None:
        """Writes events to the outbox, in their order."""

    async def settle(self) -> None:
        """Brings the summaries over the records that were written up to date, as the commit does, and every read that looks at one."""

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Opens a savepoint; an exception that leaves the block rolls back to it. After a failed statement nothing else goes on."""

    async def raise_epoch(self) -> None:
        """Raises the policy epoch of the database by one, with the transaction."""

    async def raise_metadata_epoch(self, expected: int) -> bool:
        """Raises the metadata epoch with the transaction; False where it is not the expected one any more."""


class Outdated(Exception):
    """The policy epoch has passed at which the caller of a read was found: somebody's rights have changed, and he is looked up anew."""


class Store(Protocol):
    """The database of one catalog."""

    catalog: Catalog

    def prepare(self, select: Select) -> Statement:
        """Returns the statement of a shape, compiled at most once and kept in a bounded cache."""

    def prepare_count(self, object_name: str, where: Filter) -> Statement:
        """Returns a statement that yields one row with one column: how many rows satisfy the filter."""

    def prepare_groups(self, aggregation: Aggregation) -> Statement:
        """Returns the statement of a page of groups: columns in the order of its groups and measures."""

    def prepare_group_count(self, aggregation: Aggregation) -> Statement:
        """Returns a statement that yields one row with one column: how many groups there are."""

    def prepare_whole(self, write: WholeWrite) -> Statement | None:
        """Returns the statement of a whole write, None where the database or the object has none; compiled at each call."""

    async def fetch(self, statement: Statement, binds: Binds) -> list[Row]:
        """Runs a read by itself; raises Outdated where the policy epoch that is bound, if one is, has passed."""

    def stream(self, statement: Statement, binds: Binds, count: int) -> AsyncGenerator[list[Row], None]:
        """Yields the rows of a read, so many at a time, all as they were at one moment. Close it where it is not read to its end."""

    async def explain(self, statement: Statement, binds: Binds) -> StatementPlan:
        """Returns how a read would be run, without running it."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Opens a transaction; commits when the block ends, rolls back on an exception. Waits its turn on SQLite.

        Retries are the caller's: raises SerializationFailure when the database asks for one. On SQLite every other write waits until
        the block ends: inside, await nothing but the transaction's own statements.
        """

    async def epoch(self) -> int:
        """Returns the policy epoch of the database: it rises with every change to rows that feed policies."""
