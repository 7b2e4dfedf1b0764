"""Sweeping: what has had its time is deleted, now and then, beside the requests.

A sweep that fails is told to the log and tried again at its next turn; several processes over one database may all sweep.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fieldstone.errors import FieldstoneError
from fieldstone.log import Log

SECONDS_BETWEEN = 600.0

Sweep = Callable[[], Awaitable[int]]
"""Deletes what is over and returns how many records that were."""


async def sweep_for_ever(sweeps: Mapping[str, Sweep], log: Log, seconds: float = SECONDS_BETWEEN) -> None:
    """Runs every sweep, pauses, and begins again; ends when it is cancelled."""
    while True:
        for name, sweep in sweeps.items():
            try:
                gone = await sweep()
            except FieldstoneError:
                log.exception("sweep failed", of=name)
            else:
                if gone:
                    log.info("swept", of=name, records=gone)
        await asyncio.sleep(seconds)
