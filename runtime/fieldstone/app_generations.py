"""Swapping generations: the files are read again, metadata is changed, or another process has done so, and requests go on all the while.

A part of the composition root, which is `app.py`. What is built beside the generation of today takes its place in one assignment, or is
refused with its faults: the database is only ever added to. Whatever is put in force raises the metadata epoch of the database, and only
where nobody else has raised it since the building began. Why: docs/decisions/0014.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

import msgspec

from fieldstone.app_compose import compose, compose_door
from fieldstone.app_flows import seed_quietly
from fieldstone.app_generation import FailedReload, Generation
from fieldstone.app_overlays import OverlaySwap, begin_with_folder, load_overlaid
from fieldstone.app_process import Process
from fieldstone.engine.door import Door
from fieldstone.engine.records import in_one_unit
from fieldstone.engine.unit import Unit
from fieldstone.errors import ConcurrentUpdate, Conflict, DeclarationError, FieldstoneError
from fieldstone.garbage import settle
from fieldstone.identity.bootstrap import bootstrap
from fieldstone.identity.enrolment import OBJECT as ENROLMENT
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.fitting import SetAside
from fieldstone.services.mail.post import EMAIL
from fieldstone.store.deployment import InForce, metadata_in_force
from fieldstone.store.migration.start import require_fit
from fieldstone.store.open import store_for_platform, store_over

SEALED = ((ENROLMENT, "secret"), (EMAIL, "content"))
"""What is sealed beside the fields of type `secret`."""

Record = Callable[[Door, Unit], Awaitable[None]]
"""Writes down a change of metadata, in the Unit that puts it in force."""

TRIES = 5
POLL_SECONDS = 0.3
"""How often each process looks whether another one has changed metadata."""

AGAIN_SECONDS = 20.0
"""After how long a process that could not follow another one tries again."""


class Generations:
    """The generations of a process, one after the other; whoever swaps waits for whoever does so already."""

    def __init__(self, process: Process) -> None:
        """Takes what outlives them."""
        self._process = process
        self._swapping = asyncio.Lock()
        self.overlays = OverlaySwap(self, process)
        self.organization_id = ""
        """The deployment's own organisation, the first that there was."""

    @property
    def current(self) -> Generation:
        """The generation of today."""
        return self._process.current.generation

    async def start(self, catalog: Catalog) -> None:
        """Makes the first generation; an empty database gets its first start. Files older than those in force leave the database alone.

        Raises DeclarationError, SettingsError.
        """
        process = self._process
        async with self._swapping:
            for _ in range(TRIES):
                bare = await store_for_platform(catalog, process.database, process.log)
                known = await metadata_in_force(process.database)
                execute = compose_door(process, bare).execute
                await begin_with_folder(process, execute)
                self.organization_id = await bootstrap(execute, catalog.app, process.settings)
                whole, aside = await load_overlaid(process, execute, catalog)
                store, standing = await store_over(
                    whole, process.database, process.log, yielding=True, app=process.folder
                )
                generation = msgspec.structs.replace(compose(process, store, known, self.overlays), aside=aside)
                if process.settings.secret_old is not None:
                    process.log.info("secrets_renewed", values=await store.renew_sealed(process.seal.renew, SEALED))
                if standing.older:
                    process.log.warning("older_declarations", files=catalog.files_version)
                    await self._swap(generation)
                    return
                if await self._put_in_force(generation):
                    return
        raise changed_at_once()

    async def reload(self) -> Catalog:
        """Reads the files again and puts them in force, whichever were; returns what is current then.

        Raises DeclarationError with every fault, and leaves everything as it was.
        """
        async with self._swapping, self._telling():
            for _ in range(TRIES):
                found = await metadata_in_force(self._process.database)
                current = self.current
                catalog, aside = await load_overlaid(self._process, current.door.execute)
                if catalog.version == current.catalog.version and current.in_force and current.known == found:
                    self._process.current.failed = None
                    return current.catalog
                if await self._put_in_force(await self._built(catalog, found, aside)):
                    return catalog
        raise changed_at_once()

    async def change(
        self, base: Generation, catalog: Catalog, record: Record, aside: tuple[SetAside, ...] = ()
    ) -> None:
        """Puts a catalog in force that was made out of that of `base`, by a Unit in which `record` writes down what was changed.

        `aside` are the overlays that it is made without.
        Raises ConcurrentUpdate where metadata was changed in between, here or in another process, and DeclarationError for what the
        database does not allow without a migration; nothing has happened then.
        """
        async with self._swapping:
            self._require_changeable(base)
            known = InForce(base.known.epoch + 1, base.known.files)
            generation = await self._built(catalog, known, aside)
            await in_one_unit(base.door.execute, partial(_recorded, base.known.epoch, record))
            await self._swap(generation)

    async def try_change(self, base: Generation, catalog: Catalog) -> None:
        """Raises what `change` would refuse of a catalog at this moment, and changes nothing."""
        async with self._swapping:
            self._require_changeable(base)
            await require_fit(catalog, self._process.database, base.catalog, app=self._process.folder)

    async def catch_up(self) -> None:
        """Follows what another process has put in force; files that are not in force stay where they are. Raises DeclarationError."""
        async with self._swapping, self._telling():
            found = await metadata_in_force(self._process.database)
            if found == self.current.known:
                return
            catalog, aside = await load_overlaid(self._process, self.current.door.execute)
            if catalog.files_version not in (found.files, self.current.catalog.files_version):
                self._process.current.swap(msgspec.structs.replace(self.current, known=found))
                raise Conflict("The files are others than those in force, and than those that are served.")
            if catalog.files_version != found.files:
                self._process.log.warning("older_declarations", files=catalog.files_version)
            await self._swap(await self._built(catalog, found, aside, yielding=True))

    async def follow_others(self) -> None:
        """Looks again and again whether another process has changed metadata, and follows it, until it is cancelled."""
        missed, again_at = self.current.known, 0.0
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                found = await metadata_in_force(self._process.database)
                if found == self.current.known or (found == missed and monotonic() < again_at):
                    continue
                missed, again_at = found, monotonic() + AGAIN_SECONDS
                await self.catch_up()
            except FieldstoneError:
                self._process.log.exception("metadata_not_followed")

    def _require_changeable(self, base: Generation) -> None:
        if base is not self.current:
            raise changed_at_once()
        if not base.in_force:
            raise Conflict("Newer declarations than those of this process are in force.", hint="Deploy it anew.")

    @asynccontextmanager
    async def _telling(self) -> AsyncIterator[None]:
        """Notes the declarations that are refused in the block, for `/ready` and in the log."""
        process = self._process
        try:
            yield
        except DeclarationError as error:
            process.current.failed = FailedReload(process.seams.clock(), len(error.faults))
            process.log.warning("declarations_refused", faults=[str(fault) for fault in error.faults])
            raise

    async def _built(
        self, catalog: Catalog, known: InForce, aside: tuple[SetAside, ...], *, yielding: bool = False
    ) -> Generation:
        """Returns a generation beside the one of today; raises DeclarationError for what the database does not allow."""
        process, running = self._process, self.current.catalog
        store, _ = await store_over(
            catalog, process.database, process.log, yielding=yielding, running=running, app=process.folder
        )
        return msgspec.structs.replace(compose(process, store, known, self.overlays), aside=aside)

    async def _put_in_force(self, generation: Generation) -> bool:
        """Loads new seeds, puts the files in force, and swaps; False where metadata was changed in between."""
        process, known = self._process, generation.known
        if process.seams.seeds:
            await seed_quietly(generation.door, generation.flows, self.organization_id, process.log)
        if not generation.in_force:
            if not await generation.store.put_in_force(known.epoch):
                return False
            known = InForce(known.epoch + 1, generation.catalog.files_version)
        await self._swap(msgspec.structs.replace(generation, known=known))
        return True

    async def _swap(self, generation: Generation) -> None:
        self._process.current.swap(generation)
        await self._process.flows.follow(generation.playing)
        settle()


def changed_at_once() -> ConcurrentUpdate:
    """Returns the refusal of a change that came to another one."""
    return ConcurrentUpdate("The metadata was changed at the same time.", hint="Look at it again, and try again.")


async def _recorded(expected: int, record: Record, door: Door, unit: Unit) -> None:
    if not await unit.transaction.raise_metadata_epoch(expected):
        raise changed_at_once()
    await record(door, unit)
