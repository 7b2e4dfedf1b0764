"""Turns at the writer of an SQLite file: one writes at a time, and those who come close upon each other commit together.

A commit waits for the disk, and costs more than the statements of a small write. So whoever ends his turn leaves the transaction open to
those who wait for theirs, each under a savepoint of his own, and the commit stands behind them in the line: one for all. Nobody is told
anything before it, neither what he wrote nor a refusal, which may come from what another one wrote. Where it fails, nothing of the group
stands, and each tries again, by himself. See `docs/decisions/0020-commits-together.md`.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import inf
from time import perf_counter
from types import TracebackType
from typing import Protocol

from fieldstone.errors import FieldstoneError, Internal, SerializationFailure
from fieldstone.store.failures import SQLITE_FAILURES, busy, sqlite_failure
from fieldstone.store.sqlite_connection import SqliteConnection
from fieldstone.store.sqlite_line import Line
from fieldstone.store.sqlite_moment import Moment
from fieldstone.store.sqlite_plan import RUNS_BESIDE, Pace
from fieldstone.store.use import Waits

BUSY_PAUSE_SECONDS = 0.005
COMMIT_ON_LOOP_SECONDS = 0.003
"""After a commit that took longer, the next ones run beside the loop."""

_SAVEPOINT = "SAVEPOINT unit"
_BACK = "ROLLBACK TO SAVEPOINT unit"
_RELEASE = "RELEASE SAVEPOINT unit"
_UNREFERENCED = "PRAGMA foreign_keys = OFF"
_REFERENCED = "PRAGMA foreign_keys = ON"

Beside = Callable[[Callable[[], int]], Awaitable[int]]
"""Runs work on the writer in a thread."""


class Writes(Protocol):
    """What somebody writes in his turn; at its end it tells whether that was much."""

    many: bool


class Group:
    """The turns of one transaction: so many are `kept`, those `waiting` are told its end, and then it is `over`."""

    def __init__(self, *, single: bool) -> None:
        """Begins without a turn; a single one takes no second."""
        self.single = single
        self.kept = 0
        self.many = False
        self.over = False
        self.waiting: list[asyncio.Future[FieldstoneError | None]] = []

    def tell(self, failure: Callable[[], FieldstoneError | None]) -> None:
        """Tells everybody who waits, and has not gone, how it ended."""
        for future in self.waiting:
            if not future.done():
                future.set_result(failure())


class Turns:
    """The one transaction that is open at the writer, if there is one, and the line of those who want to write."""

    def __init__(
        self,
        writer: SqliteConnection,
        beside: Beside,
        moment: Moment,
        committed: Callable[[int], None],
        waits: Waits,
        *,
        seconds: float,
    ) -> None:
        """Takes the writer, how to run work beside the loop, the moment of reads, who counts commits and waits, and how long.

        The moment ends where a transaction begins, which sees what others have committed; before a commit, which can begin the log of
        changes anew where nobody looks at it; and behind one.
        """
        self._writer = writer
        self._moment = moment
        self._beside = beside
        self._committed = committed
        self._waits = waits
        self._seconds = seconds
        self._line = Line()
        self._pace = Pace(quick=True)
        self._group: Group | None = None
        self._singles = 0
        self._finishing: set[asyncio.Task[None]] = set()

    def joint(self, writes: Writes) -> "JointTurn":
        """Returns a turn that may commit together with others; where that fails it raises SerializationFailure."""
        return JointTurn(self, writes)

    def alone(self, writes: Writes, *, references: bool = True) -> "LoneTurn":
        """Returns a turn that commits by itself; without `references`, nobody looks whether these point to anything."""
        return LoneTurn(self, writes, references=references)

    async def settled(self) -> None:
        """Returns when no transaction is about to be committed."""
        while self._finishing:
            await asyncio.wait(self._finishing)

    async def take(self) -> None:
        """Waits for the turn; raises Unavailable when that takes too long."""
        if self._line.free:
            await self._line.take()
            return
        try:
            async with asyncio.timeout(self._seconds):
                with self._waits.waiting():
                    await self._line.take()
        except TimeoutError:
            raise busy() from None

    def release(self) -> None:
        """Gives the turn to the next in the line."""
        self._line.give_back()

    async def begin(self) -> None:
        """Opens a transaction; waits while another process writes."""
        deadline = perf_counter() + self._seconds
        while True:
            self._moment.end()
            try:
                self._writer.run("BEGIN IMMEDIATE", (), self._seconds)
                return
            except SQLITE_FAILURES as error:
                code = getattr(error, "sqlite_errorcode", 0)
                if code & 0xFF != sqlite3.SQLITE_BUSY or perf_counter() > deadline:
                    raise sqlite_failure(error) from error
            await asyncio.sleep(BUSY_PAUSE_SECONDS)

    async def commit(self, turns: int, *, many: bool) -> None:
        """Commits on the loop's thread as long as the disk is quick and the transaction small."""
        if not self._writer.in_transaction:
            raise Internal("The transaction has ended before its commit.")
        self._moment.end()
        work = partial(self._writer.run, "COMMIT", (), inf)
        if many or self._pace.beside:
            self._pace.beside = max(0, self._pace.beside - 1)
            await self._beside(work)
        else:
            start = perf_counter()
            try:
                work()
            except SQLITE_FAILURES as error:
                raise sqlite_failure(error) from error
            if perf_counter() - start > COMMIT_ON_LOOP_SECONDS:
                self._pace.beside = RUNS_BESIDE
        self._moment.end()
        self._committed(turns)

    def roll_back(self) -> None:
        """Undoes the transaction, unless SQLite has done so."""
        if self._writer.in_transaction:
            self.run("ROLLBACK")

    async def close_group(self) -> None:
        """Commits what is open and tells everybody in it; the turn is held."""
        group, self._group = self._group, None
        if group is None:
            return
        group.over = True
        try:
            await self.commit(group.kept, many=group.many)
        except FieldstoneError as error:
            self.roll_back()
            self._fail(group, error)
        except BaseException:
            self.roll_back()
            self._fail(group)
            raise
        else:
            group.tell(lambda: None)

    async def join(self) -> Group:
        """Returns the group of whoever's turn it is: the one that is open, or a new one."""
        if self._group is not None and self._group.single:
            await self.close_group()
        if self._group is None:
            await self.begin()
            self._group = Group(single=self._singles > 0)
            self._singles = max(0, self._singles - 1)
        else:
            self.run(_SAVEPOINT)
        return self._group

    def keep(self, group: Group, writes: Writes) -> None:
        """Lets what was done in a turn stand with the group."""
        try:
            if not self._writer.in_transaction:
                raise Internal("The transaction has ended before its commit.")
            if group.kept:
                self.run(_RELEASE)
        except FieldstoneError:
            self.undo(group)
            raise
        group.kept += 1
        group.many = group.many or writes.many

    def undo(self, group: Group) -> None:
        """Undoes what was done in a turn; where nothing else is in the group, or SQLite has undone it all, that is over."""
        if group.kept and self._writer.in_transaction:
            with suppress(FieldstoneError):
                self.run(_BACK)
                self.run(_RELEASE)
                return
        self._group = None
        group.over = True
        try:
            self.roll_back()
        finally:
            self._fail(group)

    async def end_of(self, group: Group) -> None:
        """Returns when a group stands; raises SerializationFailure where it does not, or the reason to whoever is alone in it."""
        if group.over:
            return
        future: asyncio.Future[FieldstoneError | None] = asyncio.get_running_loop().create_future()
        if not group.waiting:
            self._finish_soon(group)
        group.waiting.append(future)
        failure = await future
        if failure is not None:
            raise failure

    def run(self, text: str) -> None:
        """Runs a statement that begins or ends something."""
        try:
            self._writer.run(text, (), self._seconds)
        except SQLITE_FAILURES as error:
            raise sqlite_failure(error) from error

    def _finish_soon(self, group: Group) -> None:
        task = asyncio.get_running_loop().create_task(self._finish(group))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finish(self, group: Group) -> None:
        """Commits a group behind all who wait for the turn, and all whose requests have arrived: they come along."""
        await asyncio.sleep(0)
        await self._line.take()
        try:
            if self._group is group:
                await self.close_group()
        finally:
            self._line.give_back()

    def _fail(self, group: Group, reason: FieldstoneError | None = None) -> None:
        """Lets everybody in a group try again, each by himself; tells whoever is alone in it the reason."""
        if reason is not None and len(group.waiting) == 1:
            group.tell(lambda: reason)
        else:
            self._singles = len(group.waiting)
            group.tell(lambda: SerializationFailure("The commit that a write was a part of has failed."))


class JointTurn:
    """A turn that may commit together with others: by the end of the block what was done stands, or is undone."""

    def __init__(self, turns: Turns, writes: Writes) -> None:
        """Takes what is written in the turn."""
        self._turns = turns
        self._writes = writes
        self._group: Group

    async def __aenter__(self) -> None:
        """Waits for the turn and begins."""
        await self._turns.take()
        try:
            self._group = await self._turns.join()
        except BaseException:
            self._turns.release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keeps what was done, or undoes it; whoever is told of either waits for the group, for he has seen what the others wrote."""
        turns, group = self._turns, self._group
        try:
            if error is None:
                turns.keep(group, self._writes)
            else:
                turns.undo(group)
        finally:
            turns.release()
        if error is None or isinstance(error, Exception):
            await turns.end_of(group)


class LoneTurn:
    """A turn that commits by itself."""

    def __init__(self, turns: Turns, writes: Writes, *, references: bool) -> None:
        """Takes what is written in the turn."""
        self._turns = turns
        self._writes = writes
        self._references = references

    async def __aenter__(self) -> None:
        """Waits for the turn, lets those before commit, and begins."""
        await self._turns.take()
        try:
            await self._turns.close_group()
            if not self._references:
                self._turns.run(_UNREFERENCED)
            await self._turns.begin()
        except BaseException:
            self._end()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commits, or undoes."""
        try:
            if error is None:
                await self._turns.commit(1, many=self._writes.many)
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self._turns.roll_back()
            if not self._references:
                self._turns.run(_REFERENCED)
        finally:
            self._turns.release()
