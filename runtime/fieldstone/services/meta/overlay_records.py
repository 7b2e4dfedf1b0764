"""The records of overlays: what is in effect, and the history of every change, which nobody changes."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Create, Delete, Read, Update
from fieldstone.engine.outcome import Page
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.errors import Internal
from fieldstone.query.document import QueryDocument
from fieldstone.registry.layers.overlay import Delta, Overlay, Overlays, delta_hash, delta_text, in_order, read_delta

OVERLAYS = "sys_metadata"
HISTORY = "sys_metadata_history"

Op = Literal["create", "update", "delete", "rollback"]

_EVENT = ("seq", "item_version", "op", "body", "hash", "actor", "actor_organization", "message", "created_at")


class Change(msgspec.Struct, frozen=True):
    """What becomes of an overlay: its delta from now on, None where there is none any more; `version` is that of the item from then on."""

    type: str
    name: str
    version: int
    op: Op
    delta: Delta | None
    actor: str | None = None
    organization_id: str | None = None
    message: str | None = None


class Event(msgspec.Struct, frozen=True):
    """A change as it was written down."""

    seq: int
    version: int
    op: str
    delta: Delta | None
    hash: str
    actor: str | None
    organization_id: str | None
    message: str | None
    at: str


async def read_overlays(execute: Execute) -> Overlays:
    """Returns what is in effect."""
    rows = await read_records(execute, OVERLAYS, {}, ("type", "item_name", "item_version", "body"))
    return in_order(
        Overlay(row["type"], row["item_name"], read_delta(row["body"]), row["item_version"]) for row in rows
    )


async def last_version(execute: Execute, kind: str, name: str) -> int:
    """Returns the version that an item has come to, deletes counted; 0 for one that never had an overlay."""
    events = await _events(execute, {"type": kind, "item_name": name}, most=1)
    return events[0].version if events else 0


async def read_events(execute: Execute, kind: str, name: str, *, since: int = 0, most: int) -> list[Event]:
    """Returns the changes of an item behind a number, the newest first."""
    return await _events(execute, {"type": kind, "item_name": name, "seq": {"$gt": since}}, most=most)


async def read_version(execute: Execute, kind: str, name: str, version: int) -> Event | None:
    """Returns the change that led to a version, None where none did."""
    events = await _events(execute, {"type": kind, "item_name": name, "item_version": version}, most=1)
    return events[0] if events else None


async def write_change(execute: Execute, change: Change) -> None:
    """Writes a change down, within the Unit of `execute`."""
    where = {"type": change.type, "item_name": change.name}
    found = await read_first(execute, OVERLAYS, where, ("id",))
    if change.delta is not None:
        values = {
            "item_version": change.version,
            "body": delta_text(change.delta),
            "hash": delta_hash(change.delta),
        }
        if found is None:
            await execute(Create(OVERLAYS, (where | values,)), SYSTEM)
        else:
            await execute(Update(OVERLAYS, found["id"], values), SYSTEM)
    elif found is not None:
        await execute(Delete(OVERLAYS, found["id"]), SYSTEM)
    newest = await _events(execute, {}, most=1)
    event = where | {
        "seq": newest[0].seq + 1 if newest else 1,
        "item_version": change.version,
        "op": change.op,
        "body": None if change.delta is None else delta_text(change.delta),
        "hash": delta_hash(change.delta),
        "actor": change.actor,
        "actor_organization": change.organization_id,
        "message": change.message,
    }
    await execute(Create(HISTORY, (event,)), SYSTEM)


async def _events(execute: Execute, where: Mapping[str, Any], *, most: int) -> list[Event]:
    query = QueryDocument(where=dict(where), fields=list(_EVENT), order_by="-seq", limit=most, count=False)
    page = await execute(Read(HISTORY, query), SYSTEM)
    if not isinstance(page, Page):
        raise Internal(f"A read answered with {type(page).__name__}.")
    return [_event(row) for row in page.records()]


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        seq=row["seq"],
        version=row["item_version"],
        op=row["op"],
        delta=None if row["body"] is None else read_delta(row["body"]),
        hash=row["hash"],
        actor=row["actor"],
        organization_id=row["actor_organization"],
        message=row["message"],
        at=row["created_at"],
    )
