"""Which overlays still fit: those that do not are set aside, so that an app starts without them; one that decides rights is never."""

from collections.abc import Callable

import msgspec

from fieldstone.errors import DeclarationError, Fault
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.looked_at import fields_looked_at
from fieldstone.registry.layers.overlay import Overlay, Overlays
from fieldstone.registry.layers.rights import decides_rights

Compile = Callable[[Overlays], Catalog]
"""Returns the catalog with overlays; raises DeclarationError."""


class SetAside(msgspec.Struct, frozen=True):
    """An overlay that does not fit what the packages declare by now, and why."""

    overlay: Overlay
    faults: tuple[Fault, ...]


def fitting(overlays: Overlays, compiled: Compile) -> tuple[Catalog, tuple[SetAside, ...]]:
    """Returns the catalog with those overlays that fit what the packages declare, and the others.

    Raises DeclarationError with the faults of the packages themselves, and with those of an overlay that decides rights: nothing is opened
    because a rule could not be applied.
    """
    left: list[SetAside] = []
    while overlays:
        try:
            return compiled(overlays), tuple(left)
        except DeclarationError as error:
            base = compiled(())
            blamed = _blamed(overlays, error.faults) or _first_unfit(overlays, compiled, error.faults)
        for item in blamed:
            if _decides(base, item.overlay):
                raise DeclarationError(item.faults)
        left += blamed
        unfit = {item.overlay.key for item in blamed}
        overlays = tuple(overlay for overlay in overlays if overlay.key not in unfit)
    return compiled(()), tuple(left)


def _blamed(overlays: Overlays, faults: tuple[Fault, ...]) -> list[SetAside]:
    """Returns the overlays in which faults stand."""
    found = ((overlay, tuple(fault for fault in faults if _stands_in(fault, overlay))) for overlay in overlays)
    return [SetAside(overlay, own) for overlay, own in found if own]


def _first_unfit(overlays: Overlays, compiled: Compile, faults: tuple[Fault, ...]) -> list[SetAside]:
    """Returns the first overlay with which those before it do not compile, where the faults stand in files."""
    for count, overlay in enumerate(overlays, 1):
        try:
            compiled(overlays[:count])
        except DeclarationError as error:
            return [SetAside(overlay, error.faults)]
    return [SetAside(overlays[-1], faults)]


def _stands_in(fault: Fault, overlay: Overlay) -> bool:
    return fault.place.file == overlay.place or fault.place.file.startswith(f"{overlay.place}: ")


def _decides(base: Catalog, overlay: Overlay) -> bool:
    packaged = base.packaged(overlay.type, overlay.name)
    looked_at = fields_looked_at(base, overlay.name)
    return decides_rights(overlay.type, packaged, merged(packaged, overlay.delta), looked_at)
