"""Deadlines: work that may take so long. Work that never waits for anything needs no timer, so it gets none.

A timer, and the task that it would cancel, cost as much as half of a quick read. So the work is begun without one, and only what waits is
put under one: work that does not wait could not have been stopped anyway.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Returns what work comes to; raises TimeoutError when it waits longer than so many seconds, and whatever it raises itself."""
    try:
        awaited = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    async with asyncio.timeout(seconds):
        return await _Begun(work, awaited)


class _Begun(Generator[Any, Any, T]):
    """Work that has begun and waits for something: hands that to the task, then whatever the task says to the work."""

    __slots__ = ("_awaited", "_handed", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], awaited: Any) -> None:
        self._work = work
        self._awaited = awaited
        self._handed = False

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def send(self, value: Any) -> Any:
        if self._handed:
            return self._work.send(value)
        self._handed = True
        return self._awaited

    def throw(self, *error: Any) -> Any:
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()
