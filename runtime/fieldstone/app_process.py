"""What lives as long as the process, whatever becomes of the declarations: the database, the keys, the mails, the runs, who was seen.

A part of the composition root, which is `app.py`. All of it reaches the door by way of the generation that is current when it asks.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from pwdlib.hashers import HasherProtocol

from fieldstone.app_catalog import OWN_FOLDER, load_catalog
from fieldstone.app_flows import RunsHow, make_flow_room
from fieldstone.app_generation import Current
from fieldstone.clock import Clock, system_clock
from fieldstone.engine.sweep import sweep_past
from fieldstone.errors import Unavailable
from fieldstone.flows.room import FlowRoom
from fieldstone.identity.errands import Errands
from fieldstone.identity.limiter import Limiter, system_microseconds
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.presence import Presence
from fieldstone.identity.room import Lasting
from fieldstone.identity.seal import Seal
from fieldstone.ids import NewId, new_id
from fieldstone.keyring import Keyring
from fieldstone.log import Log
from fieldstone.metrics import Answers
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.overlay import Overlays
from fieldstone.registry.memory import Memory
from fieldstone.services.denials import Denials
from fieldstone.services.mail.delivery import Delivery
from fieldstone.services.mail.room import Mailroom, open_mailroom
from fieldstone.services.sweeping import EXPIRING, Sweep, sweep_for_ever, sweep_outbox
from fieldstone.settings import Settings
from fieldstone.store.database import Database
from fieldstone.store.rates import Rates
from fieldstone.store.slow_log import SlowLog
from fieldstone.surfaces.http.places import Places


class Seams(msgspec.Struct, frozen=True):
    """What a proof puts in place of what a server uses: a cheaper hash, a catalog of its own, no seeds, a clock that stands, no runs.

    Without `chores`, nothing is swept or written down beside the requests. `worker` is the number of the process among those that serve.
    """

    hasher: HasherProtocol | None = None
    catalog: Catalog | None = None
    seeds: bool = True
    clock: Clock = system_clock
    new_id: NewId = new_id
    runs: RunsHow = "durable"
    chores: bool = True
    worker: int = 1


class Process(msgspec.Struct, frozen=True, eq=False):
    """What one process has, over one database."""

    folder: Path
    settings: Settings
    seams: Seams
    log: Log
    url: str
    database: Database
    current: Current
    seal: Seal
    lasting: Lasting
    denials: Denials
    mailroom: Mailroom
    delivery: Delivery | None
    flows: FlowRoom
    memory: Memory
    places: Places
    answers: Answers
    slow_log: SlowLog

    async def ready(self) -> Mapping[str, Any]:
        """Returns what is to be told beside being ready; raises Unavailable without the database, and once the process was told to stop."""
        if self.places.stopping:
            raise Unavailable("The server is stopping.")
        return await self.current.ready()

    def load(self, overlays: Overlays = ()) -> Catalog:
        """Returns the catalog that the files make now, with overlays; what has not changed is not done again. Raises DeclarationError."""
        return self.seams.catalog or load_catalog(self.folder, overlays, self.memory)


def open_process(
    folder: Path, settings: Settings, seams: Seams, log: Log, *, url: str, database: Database, memory: Memory
) -> Process:
    """Returns what a process has, over an open database; `memory` is that of its first catalog. Raises SettingsError."""
    current = Current()
    keyring = Keyring(settings.secret, settings.secret_old)
    seal = Seal(keyring)
    mailroom = open_mailroom(settings, folder / OWN_FOLDER / "outbox", seal, seams.new_id)
    return Process(
        folder=folder,
        settings=settings,
        seams=seams,
        log=log,
        url=url,
        database=database,
        current=current,
        seal=seal,
        lasting=Lasting(
            passwords=Passwords(seams.hasher),
            keyring=keyring,
            limiter=Limiter(Rates(database), system_microseconds),
            presence=Presence(current.execute),
            errands=Errands(log),
        ),
        denials=Denials(current.execute, seams.clock),
        mailroom=mailroom,
        delivery=mailroom.delivery(current.execute, clock=seams.clock, log=log),
        flows=make_flow_room(settings, seal, seams.new_id),
        memory=memory,
        places=Places(settings.limits),
        answers=Answers(),
        slow_log=SlowLog(database, log, seconds=settings.slow_milliseconds / 1000),
    )


@asynccontextmanager
async def beside(process: Process) -> AsyncIterator[None]:
    """Sweeps, writes down who was seen and what was slow, and sends mails beside the block; a sweep on its way is undone at its end."""
    log, presence = process.log, process.lasting.presence
    work = [process.slow_log.write_for_ever()]
    if process.seams.chores:
        work += [sweep_for_ever(_sweeps(process), log), presence.write_for_ever(log)]
    chores = [asyncio.create_task(chore) for chore in work]
    sending = None if process.delivery is None else asyncio.create_task(process.delivery.run())
    try:
        yield
    finally:
        await process.lasting.errands.settled()
        if process.delivery is not None and sending is not None:
            await process.delivery.close(sending)
        for task in chores:
            task.cancel()
        await asyncio.gather(*chores, return_exceptions=True)


def _sweeps(process: Process) -> dict[str, Sweep]:
    async def expired(object_name: str) -> int:
        return await sweep_past(process.current.generation.door, object_name)

    async def events() -> int:
        return await sweep_outbox(process.current.generation.store, process.settings.limits, system_clock)

    return {
        **{name: partial(expired, name) for name in EXPIRING},
        "full rate limits": process.lasting.limiter.sweep,
        "runs of flows": process.flows.sweep,
        "events": events,
    }
