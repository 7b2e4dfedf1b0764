"""The waker: begins the next segment of every run that is due, by the app's clock; one question to the database stands for all that sleep.

A run is claimed by moving it on to its next segment, so that of several processes one begins it. What is claimed and not begun, because
its process died in between, is due again shortly.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import Clock, later, moment
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Read
from fieldstone.engine.outcome import Page
from fieldstone.engine.own_rows import update_own
from fieldstone.engine.records import Execute, in_one_unit
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError, Internal
from fieldstone.flows.runs import ALIVE, BEGIN_SECONDS, RUNS
from fieldstone.log import Log
from fieldstone.query.ast import And, Literal, Slot, Term
from fieldstone.query.document import QueryDocument

POLL_SECONDS: Final = 5.0
"""How often it is looked for runs that other processes let be due."""

Carry = Callable[[str, int], Awaitable[None]]
"""Begins a segment of a run."""

_DUE = And(
    (
        Term("id", "eq", Slot(0)),
        Term("segment", "eq", Slot(1)),
        Term("due_at", "lte", Slot(2)),
        Term("status", "in", Literal(ALIVE)),
    )
)


class Waker:
    """Wakes the runs that are due."""

    def __init__(
        self,
        execute: Execute,
        carry: Carry,
        *,
        places: Callable[[], int],
        clock: Clock,
        log: Log,
        object_name: str = RUNS,
    ) -> None:
        """Takes how many more segments can be done beside those that are being done, and the object whose records are the runs."""
        self._object = object_name
        self._places = places
        self._execute = execute
        self._carry = carry
        self._clock = clock
        self._log = log
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Lets it look now: a run may have become due."""
        self._nudged.set()

    async def run(self) -> None:
        """Wakes runs until it is cancelled."""
        while True:
            self._nudged.clear()
            try:
                woken = await self.wake_due()
                pause = await self._until_next() if self._places() > 0 else POLL_SECONDS
            except FieldstoneError:
                self._log.exception("flow_waking_failed")
                woken, pause = 0, POLL_SECONDS
            if not woken:
                await self._sleep(pause)

    async def wake_due(self) -> int:
        """Begins the next segment of some runs that are due, as many as there are places for; returns how many were found."""
        places = self._places()
        if places < 1:
            return 0
        due = await self._read(where={"due_at": {"$lte": self._clock()}}, limit=places)
        for row in due:
            if await self._claim(row):
                await self._carry(row["id"], row["segment"] + 1)
        return len(due)

    async def _claim(self, row: dict[str, Any]) -> bool:
        async def move(_door: Door, unit: Unit) -> int:
            values = {"segment": row["segment"] + 1, "status": "pending", "due_at": later(unit.now, BEGIN_SECONDS)}
            return await update_own(unit, self._object, values, _DUE, row["id"], row["segment"], unit.now)

        return bool(await in_one_unit(self._execute, move))

    async def _until_next(self) -> float:
        """Returns the seconds until the next run is due, or until it is time to look anyway."""
        rows = await self._read(where={"due_at": {"$ne": None}}, limit=1)
        if not rows:
            return POLL_SECONDS
        ahead = moment(rows[0]["due_at"]) - moment(self._clock())
        return min(max(ahead.total_seconds(), 0.0), POLL_SECONDS)

    async def _read(self, **query: Any) -> list[dict[str, Any]]:
        document = QueryDocument(fields=["id", "segment", "due_at"], order_by="due_at", count=False, **query)
        page = await self._execute(Read(self._object, document), SYSTEM)
        if not isinstance(page, Page):
            raise Internal(f"A read answered with {type(page).__name__}.")
        return page.records()

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
        except TimeoutError:
            return
