"""The composition root: from a folder and settings to a running app. With the `app_...` modules beside it, all that knows all the rooms.

settings -> catalog (`app_catalog`) -> database and what else lives as long as the process (`app_process`) -> a generation: store, door,
identity, surfaces (`app_compose`), which the next one takes the place of (`app_generations`) -> ASGI application.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from fieldstone.app_catalog import OWN_FOLDER
from fieldstone.app_database import load_and_open
from fieldstone.app_flows import carried
from fieldstone.app_generation import Generation
from fieldstone.app_generations import Generations
from fieldstone.app_process import Process, Seams, beside, open_process
from fieldstone.engine.door import Door
from fieldstone.flows.room import FlowRoom, FlowSetting
from fieldstone.identity.room import IdentityRoom
from fieldstone.keyring import kept_secret
from fieldstone.log import Log, ServerLog
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.memory import Memory
from fieldstone.services.mail.delivery import Delivery
from fieldstone.settings import Settings
from fieldstone.store.sql_store import SqlStore
from fieldstone.surfaces.http.edge import Edge
from fieldstone.surfaces.http.proxies import Proxies
from fieldstone.surfaces.rest.table import RouteTable

SERVER = Seams()
TOOL = Seams(runs="not")


class Runtime(msgspec.Struct, frozen=True, eq=False):
    """An app that runs: `asgi` answers its requests, each in the generation of its beginning. What depends on declarations is of today."""

    process: Process
    generations: Generations
    asgi: Edge

    @property
    def current(self) -> Generation:
        """The generation of today."""
        return self.generations.current

    @property
    def settings(self) -> Settings:
        """The settings of the process."""
        return self.process.settings

    @property
    def catalog(self) -> Catalog:
        """The declarations of today."""
        return self.current.catalog

    @property
    def store(self) -> SqlStore:
        """The store of today."""
        return self.current.store

    @property
    def door(self) -> Door:
        """The door of today."""
        return self.current.door

    @property
    def room(self) -> IdentityRoom:
        """The room of identity of today."""
        return self.current.room

    @property
    def tables(self) -> Mapping[str, RouteTable]:
        """The surfaces that are mounted today, by name."""
        return self.current.tables

    @property
    def organization_id(self) -> str:
        """The deployment's own organisation."""
        return self.generations.organization_id

    @property
    def delivery(self) -> Delivery | None:
        """What sends mails, where anything does."""
        return self.process.delivery

    @property
    def flows(self) -> FlowRoom:
        """What carries the runs of flows."""
        return self.process.flows


@asynccontextmanager
async def open_runtime(
    folder: Path, settings: Settings, log: ServerLog, seams: Seams = SERVER
) -> AsyncIterator[Runtime]:
    """Opens the app in a folder and closes it at the end of the block; an empty database gets its first start."""
    process, catalog = await _opened(folder, settings, log, seams)
    try:
        generations = Generations(process)
        await generations.start(catalog)
        # It would stay as long as this block, whatever takes its place.
        del catalog
        asgi = Edge(process.current.entrance, log, Proxies(process.settings.trusted_proxies), process.answers)
        runtime = Runtime(process, generations, asgi)
        flows = carried(process.flows, seams.runs, lambda: runtime.current.playing, _flow_setting(runtime))
        async with beside(process), flows, _following(generations, chores=seams.chores):
            yield runtime
    finally:
        await process.database.close()


async def _opened(folder: Path, settings: Settings, log: Log, seams: Seams) -> tuple[Process, Catalog]:
    """Returns the process over the database that the app's declarations, or the settings, name, and those declarations."""
    memory = Memory()
    catalog, database, url = await load_and_open(folder, settings, memory, seams.catalog)
    try:
        if not settings.secret:
            settings = msgspec.structs.replace(settings, secret=kept_secret(folder / OWN_FOLDER / "secret"))
        process = open_process(folder, settings, seams, log, url=url, database=database, memory=memory)
    except BaseException:
        await database.close()
        raise
    return process, catalog


def _flow_setting(runtime: Runtime) -> FlowSetting:
    process = runtime.process
    return FlowSetting(
        execute=process.current.execute,
        clock=process.seams.clock,
        url=process.url,
        organization_id=runtime.organization_id,
        own_url=process.settings.flows_database_url,
        durable=process.seams.runs == "durable",
        epoch=process.current.policy_epoch,
        log=process.log,
    )


@asynccontextmanager
async def _following(generations: Generations, *, chores: bool) -> AsyncIterator[None]:
    """Follows what other processes put in force beside the block."""
    following = asyncio.create_task(generations.follow_others()) if chores else None
    try:
        yield
    finally:
        if following is not None:
            following.cancel()
            await asyncio.wait([following])
