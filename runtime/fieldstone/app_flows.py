"""How the flows of an app are put together: their kinds of steps, their runs, and what carries these.

A part of the composition root, which is `app.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import msgspec

from fieldstone.engine.door import Door
from fieldstone.flows.acting import Member
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.room import FlowRoom, FlowSetting
from fieldstone.flows.steps.table import RUNNERS, STEP_KINDS
from fieldstone.identity.seal import Seal
from fieldstone.ids import NewId
from fieldstone.log import Log
from fieldstone.registry.catalog import Catalog
from fieldstone.services.seeding import seed_once
from fieldstone.settings import Settings
from fieldstone.store.sql_store import SqlStore

RunsHow = Literal["durable", "here", "not"]
"""Runs of flows go on whatever becomes of this process, or in this process alone, or wait for another one."""


class Surroundings(msgspec.Struct, frozen=True, eq=False):
    """What the runs of an app are carried in: its database and its address, and who its members are."""

    door: Door
    store: SqlStore
    url: str
    organization_id: str
    member: Member
    log: Log


def make_flow_room(catalog: Catalog, settings: Settings, seal: Seal, new_id: NewId) -> FlowRoom:
    """Returns the room, whose operations the door takes."""
    return FlowRoom(catalog, STEP_KINDS, RUNNERS, days=settings.limits.run_days, new_id=new_id, opened=seal.open)


async def seed_quietly(door: Door, room: FlowRoom, organization_id: str, log: Log) -> None:
    """Loads the seeds that were not loaded before; they begin no flows."""
    with room.quiet():
        seeded = await seed_once(door.execute, door.catalog, organization_id, door.clock)
    if seeded:
        log.info("seeded", records=seeded)


@asynccontextmanager
async def carried(room: FlowRoom, settings: Settings, how: RunsHow, around: Surroundings) -> AsyncIterator[None]:
    """Carries the runs of an app beside the block."""
    setting = FlowSetting(
        url=around.url,
        organization_id=around.organization_id,
        outbound=Outbound(around.door.catalog.app.outbound.hosts),
        own_url=settings.flows_database_url,
        durable=how == "durable",
        member=around.member,
        epoch=around.store.epoch,
        log=around.log,
    )
    if how != "not":
        await room.open(around.door, setting)
    try:
        yield
    finally:
        await room.close()
