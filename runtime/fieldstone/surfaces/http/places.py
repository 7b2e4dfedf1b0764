"""Places: so many requests are answered at a time in a process, so many more wait in a queue, and all others are refused at once.

Who waits is let in by the order of coming, and is refused when it takes too long: a queue that is longer than patience answers nobody.
While many wait for something in their places, those who come are let in by portions.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from fieldstone.errors import Unavailable
from fieldstone.settings import Limits
from fieldstone.surfaces.http.portions import Portions
from fieldstone.surfaces.http.request import Receive

MANY = 16
"""A request that waits for nothing is answered as soon as it has its place: where so many are taken, their requests wait for something."""


class Places:
    """The places of a process.

    Of those that are `free`, a request takes one before it is worked on: as it comes where more are than `ample`, else by `come`; it leaves
    in the end. There are less than none while bodies of more requests have come in than there are places. `refused` counts who was turned
    away, `stopping` says that the process is about to end.
    """

    def __init__(self, limits: Limits) -> None:
        """Takes how many places there are, how long the queue may be, and for how many seconds anybody waits in it."""
        self._most = limits.answering
        self._most_waiting = limits.waiting
        self._seconds = limits.waiting_seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        self._portions = Portions()
        self._usual = max(0, limits.answering - MANY)
        self.free = limits.answering
        self.ample = self._usual
        self.refused = 0
        self.stopping = False

    @property
    def taken(self) -> int:
        """How many requests are being worked on."""
        return self._most - self.free

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue) + self._portions.waiting

    def leave(self) -> None:
        """Gives a place back; who has waited longest has it then."""
        while self._queue and self.free >= 0:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1

    async def come(self) -> None:
        """Takes a place with the next portion, when one is free; nobody passes those who wait for theirs. Raises Unavailable."""
        self.ample = self._most
        await self._portions.come()
        if not self._portions.waiting:
            self.ample = self._usual
        if self.free > 0:
            self.free -= 1
        else:
            await self.wait()

    async def wait(self) -> None:
        """Waits for a place; raises Unavailable where too many wait already, or when it takes too long."""
        if len(self._queue) >= self._most_waiting:
            raise self._refusal()
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()
            else:
                with suppress(ValueError):
                    self._queue.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def without(self, receive: Receive) -> Receive:
        """Returns how a body is received without keeping the place: whoever sends it slowly takes it from nobody."""

        async def received() -> Any:
            self.leave()
            try:
                return await receive()
            finally:
                self.free -= 1

        return received

    def _refusal(self) -> Unavailable:
        self.refused += 1
        return Unavailable("Too many requests are being answered.", hint="Try again in a moment.")
