"""The line at the writer of an SQLite file: one has the turn, all others wait in the order of coming.

Whoever gives the turn back wakes many who wait, not the first of them alone: they run one behind the other within one turn of the event
loop, for few of them wait for anything while they have it. Were each to wake the next, each would wait for all the reads that the loop
answers between two of its turns, and the line would grow until few were left who read. Whoever is woken in vain, because one before him
keeps the turn, keeps his place.
"""

import asyncio
from collections import deque
from itertools import islice

WOKEN = 64
"""So many are woken at once, that the loop does not belong to those who write for as long as there are any."""


class Line:
    """Who has the turn, if somebody has, and who waits for it."""

    def __init__(self) -> None:
        """Begins with nobody."""
        self._taken = False
        self._places: deque[_Place] = deque()

    @property
    def free(self) -> bool:
        """Whether the next who comes need not wait."""
        return not self._taken and not self._places

    async def take(self) -> None:
        """Returns when it is one's turn, which is to be given back."""
        if self.free:
            self._taken = True
            return
        place = _Place()
        self._places.append(place)
        try:
            while self._taken or self._places[0] is not place:
                await place.woken()
        except BaseException:
            self._places.remove(place)
            if not self._taken:
                self._wake()
            raise
        self._places.popleft()
        self._taken = True

    def give_back(self) -> None:
        """Lets the next have the turn."""
        self._taken = False
        self._wake()

    def _wake(self) -> None:
        """Wakes the next ones, unless the first is woken already: the last of those who are does it for those behind him."""
        if self._places and not self._places[0].awake:
            for place in islice(self._places, WOKEN):
                place.wake()


class _Place:
    """Somebody's place in the line."""

    def __init__(self) -> None:
        """Takes nothing: whoever has it asks for the turn at once."""
        self._called: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def awake(self) -> bool:
        """Whether he is about to look if it is his turn."""
        return self._called.done()

    async def woken(self) -> None:
        """Returns when he is to look."""
        if self._called.done():
            self._called = asyncio.get_running_loop().create_future()
        await self._called

    def wake(self) -> None:
        """Lets him look, unless he is about to."""
        if not self._called.done():
            self._called.set_result(None)
