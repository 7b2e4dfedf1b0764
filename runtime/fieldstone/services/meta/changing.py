"""Changing metadata while it is in use: an item in other words is compiled with everything else, stored as a delta, and in effect at once.

Refuses, before anything is written: who may not, what may not be overlaid, what would lose stored values, and what does not compile, all
its faults together. Of two who change at once one wins; the other's change is built again upon it, unless he named the version that he saw.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.audit import Entry, write_entry
from fieldstone.engine.door import Door
from fieldstone.engine.records import Execute
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import (
    ConcurrentUpdate,
    DeclarationError,
    DestructiveChange,
    NotCreatable,
    NotFound,
    NotOverridable,
)
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.overlay import Delta, Overlay, Overlays, in_order
from fieldstone.registry.layers.refusals import refusal
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.edits import Edit, Edited, edited, lost, resetting
from fieldstone.services.meta.history import HistoryEvent, history_of
from fieldstone.services.meta.overlay_records import OVERLAYS, Change, Op, last_version, read_version, write_change
from fieldstone.services.meta.told_faults import refused
from fieldstone.services.meta.translating import Languages, Translating

TRIES = 5
FORCE = "Send `?force=true` if it may go. The columns stay as they are until `fieldstone migrate`."

Record = Callable[[Door, Unit], Awaitable[None]]
"""Writes a change of metadata down, in the Unit that puts it in force."""


class Swap(Protocol):
    """How another catalog takes the place of the one of today."""

    @property
    def catalog(self) -> Catalog:
        """The catalog of today."""

    @property
    def aside(self) -> Mapping[tuple[str, str], Overlay]:
        """The overlays that it is made without, since they do not fit, by kind and name."""

    async def reload(self) -> Catalog:
        """Puts in force what the files say now, and returns what is; raises DeclarationError."""

    def organization(self) -> str:
        """Returns the id of the deployment's own organisation."""

    async def compiled(self, base: Catalog, overlays: Overlays) -> Catalog:
        """Returns the catalog of the base's files with overlays; raises DeclarationError, and Conflict where the files changed."""

    async def change(self, base: Catalog, catalog: Catalog, keys: Collection[tuple[str, str]], record: Record) -> None:
        """Puts a catalog in force in which the overlays of these kinds and names are others.

        Raises ConcurrentUpdate where the base is not the one of today any more, and DeclarationError.
        """

    async def try_change(self, base: Catalog, catalog: Catalog) -> None:
        """Raises what `change` would refuse of a catalog, and changes nothing."""


class Asked(msgspec.Struct, frozen=True):
    """How a change is asked for: upon a version, forced, only tried, with a message for the history, and read in which languages before."""

    expected: int | None = None
    force: bool = False
    dry: bool = False
    message: str | None = None
    languages: Languages = ()


class Changed(msgspec.Struct, frozen=True):
    """What came of a change: the item in effect (None: there is none any more), the version of its overlay, and what was there before."""

    type: str
    name: str
    item: Mapping[str, Any] | None
    version: int
    made: bool
    packaged: bool


class _Step(msgspec.Struct, frozen=True):
    """A change on its way: the catalog that it is built upon, what is stored, and what is to be; what is stored may be set `aside`."""

    base: Catalog
    held: Overlay | None
    edit: Edited
    delta: Delta | None
    aside: bool


class Changing:
    """Changes the declarations of an app that is running."""

    def __init__(self, swap: Swap, execute: Execute, authority: Authority) -> None:
        """Takes what swaps catalogs, the door, and who may."""
        self._swap = swap
        self._execute = execute
        self._authority = authority

    @property
    def catalog(self) -> Catalog:
        """The declarations of today."""
        return self._swap.catalog

    async def history(self, caller: Caller, kind: str, name: str, *, since: int, most: int) -> list[HistoryEvent]:
        """Returns the changes of an item, the newest first; raises NotFound."""
        self._authority.require_writer(self.catalog, caller)
        return await history_of(self._execute, self.catalog, kind, name, since=since, most=most)

    async def put(self, caller: Caller, kind: str, name: str, edit: Edit, asked: Asked) -> Changed:
        """Lets an item be what an edit makes of it."""
        return await self._change(caller, kind, name, edit, asked, None)

    async def reset(self, caller: Caller, kind: str, name: str, asked: Asked) -> Changed:
        """Takes an overlay away; raises NotFound where there is none."""
        catalog = self._swap.catalog
        self._authority.require_writer(catalog, caller)
        if (kind, name) not in catalog.layered and (kind, name) not in self._swap.aside:
            raise NotFound(
                f"There is no overlay of {kind} `{shown(name)}`.",
                hint="What comes with a package stays." if catalog.packaged(kind, name) is not None else None,
            )
        return await self._change(caller, kind, name, resetting, asked, None)

    async def roll_back(self, caller: Caller, kind: str, name: str, version: int, asked: Asked) -> Changed:
        """Lets an item be what it was at a version, 0 being as its package has it; raises NotFound for no such version."""
        self._authority.require_writer(self._swap.catalog, caller)
        event = await read_version(self._execute, kind, name, version) if version else None
        if version and event is None:
            raise NotFound(f"The {kind} `{shown(name)}` never was at version {version}.")
        delta = None if event is None else event.delta

        def edit(packaged: Mapping[str, Any] | None, _before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            return packaged if delta is None else merged(packaged, delta)

        return await self._change(caller, kind, name, edit, asked, "rollback")

    async def _change(self, caller: Caller, kind: str, name: str, edit: Edit, asked: Asked, op: Op | None) -> Changed:
        for attempt in range(TRIES):
            step = self._step(caller, kind, name, edit, asked)
            held = step.held
            if step.delta == (None if held is None else held.delta) and not step.aside:
                return _changed(kind, name, step, 0 if held is None else held.version)
            version = 1 + await last_version(self._execute, kind, name)
            overlays = _laid(step.base.overlays, kind, name, step.delta, version)
            try:
                catalog = await self._swap.compiled(step.base, overlays)
                _require_no_loss(kind, name, step, asked)
                if asked.dry:
                    await self._swap.try_change(step.base, catalog)
                else:
                    change = Change(
                        type=kind,
                        name=name,
                        version=version,
                        op=op or _op(step),
                        delta=step.delta,
                        actor=caller.id,
                        organization_id=caller.organization_id,
                        message=asked.message,
                    )
                    await self._swap.change(
                        step.base, catalog, [(kind, name)], partial(record_changes, caller, [change])
                    )
                return _changed(kind, name, step, version)
            except DeclarationError as error:
                raise refused(error, step.base, kind, name) from error
            except ConcurrentUpdate:
                if attempt == TRIES - 1:
                    raise
        raise ConcurrentUpdate("The metadata is being changed.")

    def _step(self, caller: Caller, kind: str, name: str, edit: Edit, asked: Asked) -> _Step:
        """Returns a change upon the catalog of today; raises what is refused of it before it is compiled."""
        base = self._swap.catalog
        self._authority.require_writer(base, caller)
        _require_overlayable(base, kind, name)
        layered, aside = base.layered.get((kind, name)), self._swap.aside.get((kind, name))
        held = aside if layered is None else layered.overlay
        found = 0 if held is None else held.version
        if asked.expected is not None and asked.expected != found:
            raise ConcurrentUpdate(
                f"The {kind} `{shown(name)}` is at version {found}, not {asked.expected}.",
                details={"currentVersion": found},
                hint="Look at it again, with `?layers=true`.",
            )
        change = edited(base, kind, name, edit)
        if change.after is not None:
            own = Translating(base).declared(kind, name, change.after, asked.languages)
            change = msgspec.structs.replace(change, after=own)
        if change.before is None and change.after is None and aside is None:
            raise NotFound(f"No {kind} `{shown(name)}`.", hint=did_you_mean(name, base.items.get(kind, {})))
        self._authority.require_for(base, caller, kind, name, change)
        return _Step(base, held, change, change.delta, aside is not None)


async def record_changes(caller: Caller, changes: Sequence[Change], door: Door, unit: Unit) -> None:
    """Writes changes down, and tells the audit log of them."""
    execute = within(door, unit)
    for change in changes:
        await write_change(execute, change)
        details = {"type": change.type, "name": change.name, "version": change.version}
        entry = Entry(action=f"metadata.{change.op}", object_name=OVERLAYS, details=details)
        await write_entry(execute, caller, change.organization_id, unit.now, entry)


def _require_no_loss(kind: str, name: str, step: _Step, asked: Asked) -> None:
    losses = lost(step.base, kind, name, step.edit)
    if losses and not asked.force:
        raise DestructiveChange("Stored values would be lost.", details={"changes": losses}, hint=FORCE)


def _require_overlayable(base: Catalog, kind: str, name: str) -> None:
    item = base.items.get(kind, {}).get(name)
    packaged = base.packaged(kind, name) is not None
    package = item.package if item is not None and packaged else None
    reason = refusal(kind, name, package)
    if reason is not None:
        raise (NotOverridable if packaged else NotCreatable)(reason)


def _laid(overlays: Overlays, kind: str, name: str, delta: Delta | None, version: int) -> Overlays:
    others = [overlay for overlay in overlays if overlay.key != (kind, name)]
    return in_order(others if delta is None else [*others, Overlay(kind, name, delta, version)])


def _op(step: _Step) -> Op:
    if step.delta is None:
        return "delete"
    return "create" if step.held is None else "update"


def _changed(kind: str, name: str, step: _Step, version: int) -> Changed:
    edit = step.edit
    return Changed(kind, name, edit.after, version, edit.before is None, edit.packaged is not None)
