"""Generations of a running app: what depends on its declarations, as one value that is swapped for the next in one assignment.

A part of the composition root, which is `app.py`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.unit import Unit
from fieldstone.errors import Internal
from fieldstone.flows.durable.carried import LongWork
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.room import Playing, Repertoire
from fieldstone.identity.room import IdentityRoom
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.fitting import SetAside
from fieldstone.store.deployment import InForce
from fieldstone.store.sql_store import SqlStore
from fieldstone.surfaces.http.edge import Entrance
from fieldstone.surfaces.rest.table import RouteTable


class Generation(msgspec.Struct, frozen=True, eq=False):
    """An app as one catalog has it: from the store up to what the edge hands requests to.

    A request that began in one is answered in it, whatever is current by then. `known` is what was in force in the database when it was
    made, which may be other files than its own. `aside` are the overlays that do not fit its files.
    """

    store: SqlStore
    door: Door
    room: IdentityRoom
    flows: Repertoire
    works: Mapping[str, LongWork]
    tables: Mapping[str, RouteTable]
    entrance: Entrance
    known: InForce
    aside: tuple[SetAside, ...] = ()

    @property
    def catalog(self) -> Catalog:
        """The declarations."""
        return self.store.catalog

    @property
    def in_force(self) -> bool:
        """Its files are those in force."""
        return self.known.files == self.catalog.files_version

    @property
    def playing(self) -> Playing:
        """What runs of flows are carried on with."""
        outbound = Outbound(self.catalog.app.outbound.hosts)
        member = self.room.identity.member
        return Playing(self.flows, self.door, member, outbound, self.works, in_force=self.in_force)


class FailedReload(msgspec.Struct, frozen=True):
    """When new declarations were refused last, and how many faults they had."""

    at: str
    faults: int


class Current:
    """Holds the generation of today. What outlives generations asks here each time.

    `failed` tells of declarations that were refused since it took its place, `swaps` counts those that did.
    """

    def __init__(self) -> None:
        """Holds none yet."""
        self._generation: Generation | None = None
        self.failed: FailedReload | None = None
        self.swaps = 0

    @property
    def generation(self) -> Generation:
        """The generation of today."""
        if self._generation is None:
            raise Internal("The app is not open yet.")
        return self._generation

    def swap(self, generation: Generation) -> None:
        """Lets whatever begins from now on begin in another generation."""
        self._generation = generation
        self.failed = None
        self.swaps += 1

    def entrance(self) -> Entrance:
        """Returns where a request of today enters."""
        return self.generation.entrance

    async def execute(
        self, operation: Operation, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Outcome:
        """Runs an operation through the door of today."""
        outcome: Outcome = await self.generation.door.execute(operation, caller, unit=unit, dry=dry)
        return outcome

    async def policy_epoch(self) -> int:
        """Returns the policy epoch of the database."""
        return await self.generation.store.epoch()

    async def ready(self) -> Mapping[str, Any]:
        """Returns how many overlays are set aside, and what was refused, if anything; raises Unavailable without the database."""
        await self.generation.store.ready()
        aside = len(self.generation.aside)
        told: dict[str, Any] = {"overlaysSetAside": aside} if aside else {}
        return told if self.failed is None else told | {"failedReload": self.failed}
