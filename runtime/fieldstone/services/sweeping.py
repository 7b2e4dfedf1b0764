"""Sweeping: what has had its time is deleted, now and then, beside the requests.

A sweep that fails is told to the log and tried again at its next turn; several processes over one database may all sweep.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from fieldstone.clock import Clock, later
from fieldstone.errors import FieldstoneError
from fieldstone.log import Log
from fieldstone.settings import Limits

EXPIRING = (
    "sys_idempotency_key",
    "sys_session",
    "sys_verification",
    "sys_used_token",
    "sys_device_code",
    "sys_invitation",
    "sys_email",
    "sys_audit_log",
    "sys_import_job",
    "sys_import_portion",
)
"""Objects whose records go when their time is over."""

SECONDS_BETWEEN = 600.0
SECONDS_BETWEEN_STEPS = 0.05
DAY = 86_400

Sweep = Callable[[], Awaitable[int]]
"""Deletes what is over and returns how many records that were."""


class Outbox(Protocol):
    """What can be swept a little at a time, so that no request waits long."""

    async def sweep_events(self, *, before: str, most: int) -> int:
        """Deletes some of the events that are older than an instant or too many; returns how many, 0 at the end."""


async def sweep_outbox(outbox: Outbox, limits: Limits, clock: Clock) -> int:
    """Deletes every event that is too old or too much; returns how many went."""
    before = later(clock(), -limits.outbox_days * DAY)
    swept = 0
    while some := await outbox.sweep_events(before=before, most=limits.outbox_events):
        swept += some
        await asyncio.sleep(SECONDS_BETWEEN_STEPS)
    return swept


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
