"""Finding the one record that a change or a deletion is about, in full, with the rights to it judged in the same statement.

Refuses with NotFound what is absent or invisible, with PermissionDenied what is seen and not to be touched, and with
ConcurrentUpdate what is not at the version that was named.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import absent
from fieldstone.engine.masks import masked_record
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.errors import ConcurrentUpdate, PermissionDenied
from fieldstone.ids import is_id
from fieldstone.query.values import exact_number
from fieldstone.registry.catalog import Object
from fieldstone.store.binds import Binds

_JSON = msgspec.json.Decoder(float_hook=exact_number)

Stored = dict[str, Any]
"""A record by field, as the store hands it out."""


class Target(msgspec.Struct, frozen=True, eq=False):
    """Which record a write is about, for whom: his policy for the write, and for reading."""

    subject: Object
    policy: Policy
    read: Policy
    id: str
    expected_version: int | None


async def locate(door: Door, unit: Unit, caller: Caller, target: Target) -> Stored:
    """Returns the record as it is stored."""
    name = target.subject.name
    if not is_id(target.id):
        raise absent(name, target.id)
    plan = door.plans.before_write(target.subject, target.read, target.policy)
    rows = await unit.transaction.fetch(plan.statement, Binds((target.id,), caller.values, unit.now))
    width = len(plan.columns)
    if not rows or not rows[0][width]:
        raise absent(name, target.id)
    if not rows[0][width + 1]:
        action = target.policy.action
        raise PermissionDenied(
            f"You may not {action} this `{name}` record.", details={"permission": f"{name}:{action}"}
        )
    stored = dict(zip(plan.columns, rows[0][:width], strict=True))
    if target.expected_version is not None and target.expected_version != stored["version"]:
        raise _outdated(target, stored)
    return stored


async def glimpse(door: Door, fetch: Fetch, caller: Caller, target: Target, now: str) -> Stored | None:
    """Returns the record as it is stored; None where the caller may not see it, or not do to it what he asks."""
    plan = door.plans.before_write(target.subject, target.read, target.policy)
    rows = await fetch(plan.statement, Binds((target.id,), caller.values, now)) if is_id(target.id) else []
    *values, seen, permitted = rows[0] if rows else (False, False)
    return dict(zip(plan.columns, values, strict=True)) if seen and permitted else None


def plain(stored: Mapping[str, Any]) -> Stored:
    """Returns a record with its JSON values decoded."""
    return {name: _JSON.decode(value) if isinstance(value, msgspec.Raw) else value for name, value in stored.items()}


def _outdated(target: Target, stored: Stored) -> ConcurrentUpdate:
    visible = masked_record(
        target.read, {name: value for name, value in stored.items() if name in target.read.readable}
    )
    return ConcurrentUpdate(
        f"The `{target.subject.name}` record is at version {stored['version']}, not {target.expected_version}.",
        details={
            "currentVersion": stored["version"],
            "expectedVersion": target.expected_version,
            "record": visible,
        },
    )
