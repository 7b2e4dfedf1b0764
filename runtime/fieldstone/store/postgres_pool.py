"""The pool: connections to PostgreSQL that stay open, handed out on the loop's own thread without a task or a trip.

The one given back last is handed out first. Whoever finds none, and none that may yet be opened, waits in line for a bounded time. What is
given back closed, or in the middle of a transaction, is dropped, and its place goes to the next in line.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from fieldstone.store.failures import busy
from fieldstone.store.postgres_failures import POSTGRES_FAILURES, postgres_failure
from fieldstone.store.use import Waits

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_PROBE = "SELECT 1"

_Place: TypeAlias = "asyncio.Future[Connection | None]"
"""A place in line: served with a connection, or with the right to open one."""


class PostgresPool:
    """So many connections at most; `connect` opens one."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, most: int, seconds: float) -> None:
        """Opens nothing yet; `seconds` is the longest wait for a connection."""
        self._connect = connect
        self.waits = Waits()
        self._seconds = seconds
        self._most = most
        self._room = most
        self._free: list[Connection] = []
        self._line: deque[_Place] = deque()
        self._mending: set[asyncio.Task[None]] = set()
        self._closed: asyncio.Future[None] | None = None

    @property
    def open(self) -> int:
        """How many connections are open, or being opened."""
        return self._most - self._room

    @property
    def in_use(self) -> int:
        """How many of them are busy."""
        return self.open - len(self._free)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._line)

    async def take(self) -> Connection:
        """Returns a connection that is to be given back, or mended. Raises Unavailable."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
            self._room += 1
        if self._room and self._closed is None:
            self._room -= 1
            return await self._opened()
        return await self._next_in_line()

    def give_back(self, connection: Connection) -> None:
        """Takes a connection whose statements are over."""
        if connection.is_closed() or connection.is_in_transaction() or self._closed is not None:
            connection.terminate()
            self._vacate()
            return
        if (place := self._next_place()) is not None:
            place.set_result(connection)
        else:
            self._free.append(connection)

    def mend(self, connection: Connection) -> None:
        """Takes a connection with a statement that failed or was broken off; nobody gets it before it has answered again."""
        task = asyncio.create_task(self._mended(connection))
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def close(self) -> None:
        """Closes every connection, those in use when they are given back."""
        self._closed = self._closed or asyncio.get_running_loop().create_future()
        while (place := self._next_place()) is not None:
            place.set_exception(busy())
        free, self._free = self._free, []
        for connection in free:
            with suppress(*POSTGRES_FAILURES):
                await connection.close()
            self._vacate()
        if self.open:
            await self._closed

    async def _opened(self) -> Connection:
        """Opens a connection in a place that was taken for it."""
        try:
            return await self._connect()
        except BaseException as error:
            self._vacate()
            if isinstance(error, TimeoutError):
                raise busy() from None
            if isinstance(error, POSTGRES_FAILURES):
                raise postgres_failure(error, {}) from error
            raise

    async def _next_in_line(self) -> Connection:
        if self._closed is not None:
            raise busy()
        place: _Place = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            async with asyncio.timeout(self._seconds):
                with self.waits.waiting():
                    given = await place
        except BaseException as error:
            self._leave(place)
            if isinstance(error, TimeoutError):
                raise busy() from None
            raise
        return given if given is not None else await self._opened()

    def _leave(self, place: "_Place") -> None:
        """Leaves the line, perhaps in the moment of being served."""
        if not place.done() or place.cancelled():
            with suppress(ValueError):
                self._line.remove(place)
        elif place.exception() is None:
            given = place.result()
            if given is None:
                self._vacate()
            else:
                self.give_back(given)

    def _vacate(self) -> None:
        """Lets the next in line open a connection in a place that is free, or whoever comes next."""
        if (place := self._next_place()) is not None:
            place.set_result(None)
            return
        self._room += 1
        if self._closed is not None and not self.open and not self._closed.done():
            self._closed.set_result(None)

    def _next_place(self) -> "_Place | None":
        """Takes the first place in line where somebody still waits."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                return place
        return None

    async def _mended(self, connection: Connection) -> None:
        try:
            await connection.execute(_PROBE)
        except POSTGRES_FAILURES:
            connection.terminate()
        self.give_back(connection)
