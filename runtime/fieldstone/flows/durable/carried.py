"""What is carried: the runs of flows, and by their table the long work of other rooms, whose ids begin with a name of its own.

Such work is a record as a run is: `status` is pending or running while it is under way, `segment` counts how often it was begun, and at
`due_at` it is begun again by whoever looks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from fieldstone.errors import Unavailable
from fieldstone.flows.durable.carrier import Proceed
from fieldstone.log import Log

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
BETWEEN = ":"
"""Stands between the name of a work and the id of its record."""


class LongWork(msgspec.Struct, frozen=True, eq=False):
    """Work of another room: the object whose records it is, and what does a part of a segment of it; done twice, that acts once.

    It returns True while there is more, which is then done with what is in force by then.
    """

    object: str
    proceed: Callable[[str, int], Awaitable[bool]]


class Carried:
    """Does segments of whatever is carried, and waits for a database that is away."""

    def __init__(self, runs: Proceed, works: Mapping[str, LongWork], log: Log) -> None:
        self._runs = runs
        self._works = works
        self._log = log

    async def proceed(self, carried_id: str, number: int) -> bool:
        """Does a segment, or a part of one; tells whether there is more of it."""
        name, _, record_id = carried_id.rpartition(BETWEEN)
        pause = FIRST_PAUSE
        while True:
            try:
                if name:
                    return await self._works[name].proceed(record_id, number)
                await self._runs(record_id, number)
            except Unavailable:
                self._log.warning("flow_waits_for_database", run=carried_id)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return False
