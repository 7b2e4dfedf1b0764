"""Portions: of many requests that have come, so many are begun in each turn of the event loop, in the order of coming.

A turn of the loop that begins two hundred reads lasts as long as all of them. Whoever waits for something (his turn to write, a commit, a
thread) goes on once in each turn, and needs several: he would wait many times as long as a read takes.
"""

import asyncio
from collections import deque

PORTION = 64
"""A smaller one makes for more and smaller commits on SQLite, and each commit empties the cache of those who read."""


class Portions:
    """Those who wait to begin, and how many more may begin in this turn of the loop."""

    def __init__(self) -> None:
        """Begins with nobody."""
        self._line: deque[asyncio.Future[None]] = deque()
        self._left = PORTION
        self._counting = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    async def come(self) -> None:
        """Returns when one may begin: at once, or in a later turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self._counting:
            self._counting = True
            loop.call_soon(self._next, loop)
        if self._left and not self._line:
            self._left -= 1
            return
        place = loop.create_future()
        self._line.append(place)
        await place

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Lets the next portion begin; once nobody did, there is nothing to count."""
        self._left = PORTION
        while self._left and self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                self._left -= 1
        self._counting = self._left < PORTION
        if self._counting:
            loop.call_soon(self._next, loop)
