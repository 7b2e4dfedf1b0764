"""The carrier: sees to it that a segment of a run is done, whatever becomes of the process that begins it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

Proceed = Callable[[str, int], Awaitable[None]]
"""Does a segment of a run, given by the run's id and the segment's number; done twice it acts once."""

AT_ONCE = 32
"""How many segments one process does at the same time."""


class Carrier(Protocol):
    """Carries segments of runs."""

    async def carry(self, run_id: str, segment: int) -> None:
        """Begins a segment unless it was begun before; returns when it will be done even if this process dies."""

    async def take_over(self, executors: Sequence[str]) -> int:
        """Begins again what dead executors were carrying; returns how many segments that were."""

    async def forget(self, before: str) -> int:
        """Forgets some of the segments that were over before an instant; returns how many."""

    async def close(self) -> None:
        """Ends, after a while for what is being done; the rest is left to whoever takes over."""


class CarrierAtNeed:
    """A carrier that is made, in a thread, for the first segment: an app without runs needs none."""

    def __init__(self, make: Callable[[], Carrier]) -> None:
        self._make = make
        self._made: Carrier | None = None
        self._making = asyncio.Lock()

    async def carry(self, run_id: str, segment: int) -> None:
        """Begins a segment unless it was begun before."""
        await (await self._carrier()).carry(run_id, segment)

    async def take_over(self, executors: Sequence[str]) -> int:
        """Begins again what dead executors were carrying."""
        return await (await self._carrier()).take_over(executors)

    async def forget(self, before: str) -> int:
        """Forgets some of the segments that were over before an instant, where there was any."""
        return 0 if self._made is None else await self._made.forget(before)

    async def close(self) -> None:
        """Ends, where anything began."""
        if self._made is not None:
            await self._made.close()

    async def _carrier(self) -> Carrier:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            return self._made


class LoopCarrier:
    """Carries segments as tasks of this process alone, for a rehearsal: what it was carrying when it died is found by the waker."""

    def __init__(self, proceed: Proceed) -> None:
        self._proceed = proceed
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def carry(self, run_id: str, segment: int) -> None:
        """Begins a segment unless it is being done here."""
        key = (run_id, segment)
        if key not in self._tasks:
            task = self._tasks[key] = asyncio.create_task(self._segment(run_id, segment))
            task.add_done_callback(lambda _task: self._tasks.pop(key, None))

    async def take_over(self, executors: Sequence[str]) -> int:
        """Knows of no other executors."""
        del executors
        return 0

    async def forget(self, before: str) -> int:
        """Remembers nothing that is over."""
        del before
        return 0

    async def close(self) -> None:
        """Ends what is being done."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _segment(self, run_id: str, segment: int) -> None:
        async with self._turns:
            await self._proceed(run_id, segment)
