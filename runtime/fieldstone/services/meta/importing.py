"""Bringing in overlays all together: what is in effect is what they say from then on, and nothing else.

Refuses them as one, as a change of each would be; what every change is called in the history is made out by what was there before.
"""

from functools import partial

import msgspec

from fieldstone.access.caller import system_in
from fieldstone.engine.records import Execute
from fieldstone.errors import DestructiveChange
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.overlay import Overlay, Overlays, differing, in_order
from fieldstone.services.meta.changing import Swap, record_changes
from fieldstone.services.meta.edits import Edited, lost
from fieldstone.services.meta.overlay_records import Change, Op, last_version, read_overlays

FORCE = "Say `--force` if it may go. The columns stay as they are until `fieldstone migrate`."


async def import_overlays(
    swap: Swap, execute: Execute, overlays: Overlays, *, force: bool, message: str
) -> list[Change]:
    """Lets overlays be all that are stored, and returns what that changed; raises DeclarationError, DestructiveChange."""
    base = swap.catalog
    stored = {overlay.key: overlay for overlay in await read_overlays(execute)}
    wanted = {overlay.key: overlay for overlay in overlays}
    organization_id = swap.organization()
    changes = [
        Change(
            type=kind,
            name=name,
            version=1 + await last_version(execute, kind, name),
            op=_op(stored.get((kind, name)), wanted.get((kind, name))),
            delta=wanted[kind, name].delta if (kind, name) in wanted else None,
            organization_id=organization_id,
            message=message,
        )
        for kind, name in differing(in_order(stored.values()), overlays)
    ]
    if not changes:
        return []
    versions = {(change.type, change.name): change.version for change in changes}
    numbered = [
        msgspec.structs.replace(overlay, version=versions.get(key, stored[key].version if key in stored else 1))
        for key, overlay in wanted.items()
    ]
    catalog = await swap.compiled(base, in_order(numbered))
    losses = [loss for change in changes for loss in _losses(base, change)]
    if losses and not force:
        told = " ".join(loss["message"] for loss in losses)
        raise DestructiveChange(f"Stored values would be lost. {told}", details={"changes": losses}, hint=FORCE)
    await swap.change(base, catalog, versions, partial(record_changes, system_in(organization_id), changes))
    return changes


def _op(before: Overlay | None, after: Overlay | None) -> Op:
    if after is None:
        return "delete"
    return "create" if before is None else "update"


def _losses(base: Catalog, change: Change) -> list[dict[str, str]]:
    item = base.items.get(change.type, {}).get(change.name)
    packaged = base.packaged(change.type, change.name)
    after = packaged if change.delta is None else merged(packaged, change.delta)
    return lost(base, change.type, change.name, Edited(packaged, None if item is None else item.document, after))
