"""How the flows of an app are put together: their kinds of steps, their runs, and what carries these.

A part of the composition root, which is `app.py`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from fieldstone.engine.door import Door
from fieldstone.flows.room import FlowRoom, FlowSetting, Playing, Repertoire
from fieldstone.flows.steps.table import RUNNERS, STEP_KINDS
from fieldstone.identity.seal import Seal
from fieldstone.ids import NewId
from fieldstone.log import Log
from fieldstone.services.seeding import seed_once
from fieldstone.settings import Settings

RunsHow = Literal["durable", "here", "not"]
"""Runs of flows go on whatever becomes of this process, or in this process alone, or wait for another one."""


def make_flow_room(settings: Settings, seal: Seal, new_id: NewId) -> FlowRoom:
    """Returns the room that carries the runs of a process."""
    return FlowRoom(STEP_KINDS, RUNNERS, days=settings.limits.run_days, new_id=new_id, opened=seal.open)


async def seed_quietly(door: Door, flows: Repertoire, organization_id: str, log: Log) -> None:
    """Loads the seeds that were not loaded before; they begin no flows."""
    with flows.hush.quiet():
        seeded = await seed_once(door.execute, door.catalog, organization_id, door.clock)
    if seeded:
        log.info("seeded", records=seeded)


@asynccontextmanager
async def carried(
    room: FlowRoom, how: RunsHow, playing: Callable[[], Playing], setting: FlowSetting
) -> AsyncIterator[None]:
    """Carries the runs of an app beside the block, beginning with its flows as they are today."""
    if how != "not":
        await room.open(playing(), setting)
    try:
        yield
    finally:
        await room.close()
