"""Turns of the event loop, counted: what happens in the same one, and in which order."""

import asyncio
from types import TracebackType
from typing import Self


class LoopTurns:
    """Counts the turns of the running loop within a block; `now` is the number of this one."""

    def __init__(self) -> None:
        self.now = 0
        self._counting = True

    def __enter__(self) -> Self:
        self._count()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._counting = False

    def _count(self) -> None:
        if self._counting:
            self.now += 1
            asyncio.get_running_loop().call_soon(self._count)
