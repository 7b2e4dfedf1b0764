"""What a driver offers to the rest of the store: texts of SQL with their parameters in, raw rows out, failures of our tree."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fieldstone.store.dialects import Dialect
from fieldstone.store.use import Use, Watch

RawRows = Sequence[Iterable[Any]]
UniqueKeys = Mapping[str, tuple[str, ...]]
"""The declared fields of unique keys, by the name of the key's index."""


class Session(Protocol):
    """One open transaction of a driver."""

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query."""

    async def look(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query that locks nothing; a transaction that has written nothing may not have begun by then."""

    async def write(self, text: str, parameters: tuple[Any, ...] = ()) -> int:
        """Runs a statement that changes rows; returns how many."""

    async def write_and_tell(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Runs a statement that changes rows and answers something of each."""

    async def write_many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Runs a statement once for each row of parameters."""

    async def run_alone(self, text: str, parameters: tuple[Any, ...]) -> RawRows:
        """Runs a statement that is a transaction by itself and returns its rows; none, and not run, where one has begun already."""

    async def command(self, text: str) -> None:
        """Runs a statement that has neither parameters nor rows."""

    async def define(self, text: str) -> None:
        """Runs a statement that changes the schema, for as long as it takes; raises SerializationFailure while its table is in use."""


class Database(Protocol):
    """One database of one driver."""

    dialect: Dialect
    unique_keys: UniqueKeys
    watch: Watch

    def know(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Lets statements call more functions, where the database calls functions of this process at all."""

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        """Returns the rows of a query by itself; `bounded` says that it stops after a number of rows."""

    def stream(self, text: str, parameters: tuple[Any, ...], count: int) -> AsyncGenerator[RawRows, None]:
        """Yields the rows of a query, so many at a time, all of one moment; the time of a statement is that of each bit."""

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Opens a transaction; commits when the block ends, rolls back on an exception."""

    def joint(self) -> AbstractAsyncContextManager[Session]:
        """Opens a transaction that may commit together with others, which may be why it fails: whoever does so must try it again."""

    def reshaping(self) -> AbstractAsyncContextManager[Session]:
        """Opens a transaction in which tables may be made anew: SQLite looks at no foreign key meanwhile."""

    def schema_change(self) -> AbstractAsyncContextManager[None]:
        """Keeps every other process from changing the schema while the block runs."""

    def use(self) -> Use:
        """Returns what was asked so far, and how the connections stand."""

    async def close(self) -> None:
        """Closes every connection."""
