"""Sharing a record: who has a share of it, one more, one less (contract 4.7).

It is up to the record's owner, to whoever changes every record of its object, and to whoever manages sharing, as far as they see the
record; nobody grants more than he holds. The rows are written by the system in the caller's name, and by no other road. Refuses with
NotFound a record that is not seen, as one that is absent; with Invalid an object that cannot be shared and a recipient who is not there.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import Caller, system_for
from fieldstone.access.shares import MANAGE_SHARING, is_shareable, may_share_any
from fieldstone.engine.door import Door
from fieldstone.engine.gate import absent, enter, may_look
from fieldstone.engine.operation import Create, Delete, Read, ReadShares, ShareRecord, UnshareRecord, Update
from fieldstone.engine.outcome import Deleted, Page, Written
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import read_first
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.engine.work import within
from fieldstone.errors import (
    Conflict,
    FieldFault,
    Invalid,
    NotFound,
    PermissionDenied,
    SerializationFailure,
    UniqueViolation,
)
from fieldstone.ids import is_id
from fieldstone.kinds.object import ApiMethod
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Object
from fieldstone.registry.record_share import ALIASES, EDIT, LEVELS, RECIPIENTS, SHARES
from fieldstone.store.binds import Binds

BY_HAND = "manual"
"""The source of the shares that people grant; those of every other source are kept by what made them."""


class PreparedShare(msgspec.Struct, frozen=True, eq=False):
    """A share that may be asked for."""

    subject: Object
    operation: ShareRecord


class PreparedUnshare(msgspec.Struct, frozen=True, eq=False):
    """The end of a share, where it may be asked for."""

    subject: Object
    operation: UnshareRecord


class SharedRecord(msgspec.Struct, frozen=True, eq=False):
    """A record whose shares are the caller's to tell of and to change; `where` are these shares, `editable` says that he may change it."""

    where: dict[str, Any]
    editable: bool


async def answer_shares(door: Door, operation: ReadShares, caller: Caller, unit: Unit | None) -> Page:
    """Returns a page of the shares of a record, the oldest first."""
    subject = _subject(door, caller, operation.object, "get")
    record = await _find(door, door.fetcher(unit), door.clock(), caller, subject, operation.id)
    query = msgspec.structs.replace(operation.query, where=record.where, order_by="created_at")
    return await door.execute(Read(SHARES, query), system_for(caller), unit=unit)


async def prepare_share(door: Door, operation: ShareRecord, caller: Caller, _unit: Unit | None) -> PreparedShare:
    """Returns the share, if its object can be shared and its words are known."""
    subject = _subject(door, caller, operation.object, "update")
    kind = ALIASES.get(operation.recipient_type, operation.recipient_type)
    operation = msgspec.structs.replace(operation, recipient_type=kind)
    faults = [
        FieldFault(name, "invalid_value", f"`{shown(value)}` is not one of {', '.join(f'`{item}`' for item in known)}.")
        for name, value, known in (
            ("recipient_type", operation.recipient_type, RECIPIENTS),
            ("access_level", operation.access_level, LEVELS),
        )
        if value not in known
    ]
    if faults:
        raise Invalid(faults[0].message, faults=faults, hint=_hint(operation))
    return PreparedShare(subject, operation)


async def apply_share(door: Door, prepared: PreparedShare, caller: Caller, unit: Unit) -> Written:
    """Makes the share within a Unit, or changes the one that its recipient has."""
    operation, subject = prepared.operation, prepared.subject
    record = await _find(door, unit.transaction.fetch, unit.now, caller, subject, operation.id)
    if operation.access_level == EDIT and not record.editable:
        raise PermissionDenied(
            f"Nobody shares more than he holds, and you may not update this `{subject.name}` record yourself.",
            details={"permission": f"{subject.name}:update"},
        )
    await _require_recipient(door, unit, caller, operation)
    await _hold(unit, subject, operation.id)
    key = {
        **record.where,
        "recipient_type": operation.recipient_type,
        "recipient_id": operation.recipient_id,
        "source": BY_HAND,
    }
    grant = {"access_level": operation.access_level, "reason": operation.reason, "granted_by": caller.id}
    held = await read_first(within(door, unit), SHARES, key, ("id",))
    if held is not None:
        return await door.execute(Update(SHARES, held["id"], grant), system_for(caller), unit=unit)
    try:
        return await door.execute(Create(SHARES, ({**key, **grant},)), system_for(caller), unit=unit)
    except UniqueViolation:
        raise SerializationFailure("The same share was granted in between.") from None


async def prepare_unshare(door: Door, operation: UnshareRecord, caller: Caller, _unit: Unit | None) -> PreparedUnshare:
    """Returns the share that is to end, if its object can be shared."""
    return PreparedUnshare(_subject(door, caller, operation.object, "update"), operation)


async def apply_unshare(door: Door, prepared: PreparedUnshare, caller: Caller, unit: Unit) -> Deleted:
    """Ends the share within a Unit."""
    operation, subject = prepared.operation, prepared.subject
    record = await _find(door, unit.transaction.fetch, unit.now, caller, subject, operation.id)
    where = {**record.where, "id": operation.share_id}
    held = await read_first(within(door, unit), SHARES, where, ("source",)) if is_id(operation.share_id) else None
    if held is None:
        raise NotFound(f"No share `{shown(operation.share_id)}` of this `{subject.name}` record.")
    if held["source"] != BY_HAND:
        raise Conflict(
            "This share was not granted by hand.",
            details={"source": held["source"]},
            hint="Change what grants it: it would come back.",
        )
    return await door.execute(Delete(SHARES, operation.share_id), system_for(caller), unit=unit)


def _subject(door: Door, caller: Caller, object_name: str, method: ApiMethod) -> Object:
    """Returns an object that the caller may read, whose records can be shared."""
    subject, _ = enter(door, caller, object_name, method, "read")
    if is_shareable(subject):
        return subject
    if subject.sharing_model == "controlled_by_parent":
        hint = "Share the record to which it belongs: this one is seen and changed as that one is."
    else:
        hint = "Whoever may read its records sees all of them." if subject.walled else "It belongs to no organisation."
    raise Invalid(f"`{subject.name}` records are not shared one by one.", reason="NOT_SHAREABLE", hint=hint)


async def _find(door: Door, fetch: Fetch, now: str, caller: Caller, subject: Object, record_id: str) -> SharedRecord:
    """Returns the record; raises NotFound when the caller does not see it, and PermissionDenied when its shares are not up to him."""
    read, update = (door.policies.policy(caller, subject.name, action) for action in ("read", "update"))
    plan = door.plans.before_write(subject, read, update)
    rows = await fetch(plan.statement, Binds((record_id,), caller.values, now)) if is_id(record_id) else []
    width = len(plan.columns)
    if not rows or not rows[0][width]:
        raise absent(subject.name, record_id)
    stored = dict(zip(plan.columns, rows[0], strict=False))
    owned = caller.id is not None and stored.get("owner_id") == caller.id
    if not (caller.system or owned or may_share_any(door.catalog, caller.sets, subject)):
        raise PermissionDenied(
            f"The shares of a `{subject.name}` record are up to its owner.",
            details={"permission": MANAGE_SHARING, "subject": caller.id},
        )
    where = {"object_name": subject.name, "record_id": record_id, "organization_id": stored["organization_id"]}
    return SharedRecord(where, editable=bool(rows[0][width + 1]))


async def _require_recipient(door: Door, unit: Unit, caller: Caller, operation: ShareRecord) -> None:
    """Raises Invalid for a recipient whom the caller does not see in his organisation, as for one who is not there."""
    target = RECIPIENTS[operation.recipient_type]
    if may_look(door, caller, target):
        policy = door.policies.policy(caller, target, "read")
        binds = Binds(([operation.recipient_id],), caller.values, unit.now)
        if await unit.transaction.fetch(door.plans.visible(policy), binds):
            return
    fault = FieldFault("recipient_id", "reference_not_found", "The recipient is not there")
    raise Invalid(fault.message, faults=[fault])


async def _hold(unit: Unit, subject: Object, record_id: str) -> None:
    """Keeps the record where it is until the Unit ends, lest its shares outlive it."""
    binds = Binds((record_id,), {}, unit.now)
    if not await unit.transaction.update(subject.name, {"id": record_id}, ID_IS, binds, bump=False):
        raise absent(subject.name, record_id)


def _hint(operation: ShareRecord) -> str | None:
    if operation.recipient_type == "guest":
        return "A share acts within an organisation, and whoever has no session is in none."
    return did_you_mean(operation.recipient_type, RECIPIENTS) or did_you_mean(operation.access_level, LEVELS)
