"""Overlays of a running app: read from its database and laid over its files, changed while it runs, begun with those in its folder.

A part of the composition root, which is `app.py`.
"""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from typing import Protocol

from fieldstone.app_generation import Generation
from fieldstone.app_process import Process
from fieldstone.engine.door import Door
from fieldstone.engine.records import Execute, in_one_unit, read_first
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import ConcurrentUpdate, Conflict
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.fitting import SetAside, fitting
from fieldstone.registry.layers.folder import FOLDER, read_folder
from fieldstone.registry.layers.overlay import Overlay, Overlays, differing
from fieldstone.services.meta.changing import Record
from fieldstone.services.meta.overlay_records import Change, read_overlays, write_change


class Swapping(Protocol):
    """What swaps generations."""

    organization_id: str

    @property
    def current(self) -> Generation:
        """The generation of today."""

    async def reload(self) -> Catalog:
        """Reads the files again."""

    async def change(
        self, base: Generation, catalog: Catalog, record: Record, aside: tuple[SetAside, ...] = ()
    ) -> None:
        """Puts a catalog in force."""

    async def try_change(self, base: Generation, catalog: Catalog) -> None:
        """Raises what `change` would refuse."""


class OverlaySwap:
    """How metadata is changed in this process, for `services/meta`."""

    def __init__(self, generations: Swapping, process: Process) -> None:
        """Takes what swaps generations, and where the files are."""
        self._generations = generations
        self._process = process

    @property
    def catalog(self) -> Catalog:
        """The catalog of today."""
        return self._generations.current.catalog

    @property
    def aside(self) -> Mapping[tuple[str, str], Overlay]:
        """The overlays that it is made without, by kind and name."""
        return {item.overlay.key: item.overlay for item in self._generations.current.aside}

    def organization(self) -> str:
        """Returns the id of the deployment's own organisation."""
        return self._generations.organization_id

    async def reload(self) -> Catalog:
        """Puts in force what the files say now, and returns what is; raises DeclarationError."""
        return await self._generations.reload()

    async def compiled(self, base: Catalog, overlays: Overlays) -> Catalog:
        """Returns the catalog of the base's files with overlays; raises DeclarationError, and Conflict where the files changed."""
        catalog = await asyncio.to_thread(self._process.load, overlays)
        if catalog.files_version != base.files_version:
            raise Conflict("The files are others than those in force.", hint="Reload them, or take their changes back.")
        return catalog

    async def change(self, base: Catalog, catalog: Catalog, keys: Collection[tuple[str, str]], record: Record) -> None:
        """Puts a catalog in force in which the overlays of these kinds and names are others; raises ConcurrentUpdate, DeclarationError."""
        current = self._over(base)
        aside = tuple(item for item in current.aside if item.overlay.key not in keys)
        await self._generations.change(current, catalog, record, aside)

    async def try_change(self, base: Catalog, catalog: Catalog) -> None:
        """Raises what `change` would refuse of a catalog, the database being asked too, and changes nothing."""
        await self._generations.try_change(self._over(base), catalog)

    def _over(self, base: Catalog) -> Generation:
        current = self._generations.current
        if current.catalog is not base:
            raise ConcurrentUpdate("The metadata was changed at the same time.")
        return current


async def load_overlaid(
    process: Process, execute: Execute, loaded: Catalog | None = None
) -> tuple[Catalog, tuple[SetAside, ...]]:
    """Returns the catalog of the files with what is stored over them, and what does not fit; raises DeclarationError.

    One that is `loaded` already serves where it has just these overlays.
    """
    overlays = await read_overlays(execute)
    if loaded is not None and loaded.overlays == overlays:
        return loaded, ()
    catalog, aside = await asyncio.to_thread(fitting, overlays, process.load)
    for item in aside:
        faults = [str(fault) for fault in item.faults]
        process.log.warning("overlay_set_aside", type=item.overlay.type, name=item.overlay.name, faults=faults)
    return catalog, aside


async def begin_with_folder(process: Process, execute: Execute) -> None:
    """Stores what lies in the app's folder in a database that never had a start, and tells of differences from it ever after.

    Raises DeclarationError for a folder that cannot be read, and at the first start for one that does not compile.
    """
    if process.seams.catalog is not None or not (process.folder / FOLDER).is_dir():
        return
    overlays = await asyncio.to_thread(read_folder, process.folder)
    if await read_first(execute, "sys_organization", {}, ("id",)) is not None:
        differences = differing(await read_overlays(execute), overlays)
        if differences:
            process.log.warning("overlay_folder_differs", overlays=[f"{kind} {name}" for kind, name in differences])
        return
    await asyncio.to_thread(process.load, overlays)
    await in_one_unit(execute, partial(_import, overlays))


async def _import(overlays: Overlays, door: Door, unit: Unit) -> None:
    for overlay in overlays:
        change = Change(
            overlay.type, overlay.name, overlay.version, "create", overlay.delta, message="From the folder `overlay`."
        )
        await write_change(within(door, unit), change)
