"""Errands: work that is done after a request was answered, so that neither its answer nor its time can tell what was found.

There is a bound on how many wait; beyond it everybody is refused alike. What fails is told to the log: whoever asked can ask again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.log import Log

AT_ONCE = 2
MOST_WAITING = 500


class Errands:
    """Runs errands, a few at once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def add(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Takes an errand in; raises Unavailable when too many are waiting."""
        if len(self._running) >= MOST_WAITING:
            raise Unavailable("Too much is waiting to be done.")
        task = asyncio.create_task(self._run(name, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settled(self) -> None:
        """Returns when nothing is left to do."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        async with self._turns:
            try:
                await work()
            except FieldstoneError:
                self._log.exception("errand_failed", of=name)
