"""The history of a declaration: each change of its overlay, the newest first, with what it changed in what is in effect."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fieldstone.engine.records import Execute
from fieldstone.errors import NotFound
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import merged
from fieldstone.registry.layers.differences import Difference, differences
from fieldstone.services.meta.overlay_records import Event, read_events, read_version


class HistoryEvent(msgspec.Struct, omit_defaults=True):
    """One change; `diff` is what it changed over the package's declaration as that is now."""

    seq: int
    version: int
    op: str
    type: str
    name: str
    org: str | None
    actor: str | None
    at: str
    hash: str
    diff: list[Difference]
    message: str | None = None


async def history_of(
    execute: Execute, catalog: Catalog, kind: str, name: str, *, since: int, most: int
) -> list[HistoryEvent]:
    """Returns the changes of an item behind a number; raises NotFound for one that neither is nor was there."""
    events = await read_events(execute, kind, name, since=since, most=most)
    known = catalog.items.get(kind, {})
    if not events and name not in known and await read_version(execute, kind, name, 1) is None:
        raise NotFound(f"No {kind} `{shown(name)}`.", hint=did_you_mean(name, known))
    if not events:
        return []
    oldest = events[-1]
    earlier = await read_version(execute, kind, name, oldest.version - 1)
    return _told(catalog, kind, name, events, earlier)


def _told(catalog: Catalog, kind: str, name: str, events: Sequence[Event], earlier: Event | None) -> list[HistoryEvent]:
    packaged = catalog.packaged(kind, name)
    before: Sequence[Event | None] = [*events[1:], earlier]
    return [
        HistoryEvent(
            seq=event.seq,
            version=event.version,
            op=event.op,
            type=kind,
            name=name,
            org=event.organization_id,
            actor=event.actor,
            at=event.at,
            hash=event.hash,
            diff=differences(_effective(packaged, previous), _effective(packaged, event)),
            message=event.message,
        )
        for event, previous in zip(events, before, strict=True)
    ]


def _effective(packaged: Any, event: Event | None) -> Any:
    return packaged if event is None or event.delta is None else merged(packaged, event.delta)
