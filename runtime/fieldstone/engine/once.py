"""Writes that are done once: the first request under an idempotency key does its work, every later one gets what came of it.

The key is a row that is written in the Unit of the work, so that no crash can part the two; a second request waits for the first at
that row. A refusal leaves no key behind, since it leaves nothing else either. Rights are judged before the key is looked for, and what
is handed out again is cut to what its caller may see today. Refuses with IdempotencyKeyReused a key that came with another request.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.clock import later
from fieldstone.engine.door import Door, Writing
from fieldstone.engine.kept import Keepable, pack_outcome, shown_today, unpack_outcome
from fieldstone.engine.operation import Once, Operation
from fieldstone.engine.outcome import Kept, Outcome
from fieldstone.engine.own_rows import delete_own, insert_own, update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import read_first
from fieldstone.engine.unit import Undone, Unit
from fieldstone.errors import IdempotencyKeyReused, Internal, Invalid, SerializationFailure, UniqueViolation
from fieldstone.query.ast import And, Slot, Term
from fieldstone.query.names import shown

KEYS = "sys_idempotency_key"
HOUR = 3600

_PAST = Term("expires_at", "lte", Slot(0))
_PAST_SCOPE = And((Term("scope", "eq", Slot(1)), _PAST))


class PreparedOnce(msgspec.Struct, frozen=True, eq=False):
    """A write ready to be done once; `scope` is the key among all callers' keys."""

    operation: Once
    scope: str
    writing: Writing
    prepared: Any


async def prepare_once(door: Door, operation: Once, caller: Caller, unit: Unit | None) -> PreparedOnce:
    """Returns the write prepared; raises Invalid for a caller who is nobody, since keys belong to somebody."""
    if caller.id is None:
        raise Invalid("An idempotency key needs a signed-in caller.", reason="INVALID_IDEMPOTENCY_KEY")
    writing = door.writing(operation.write)
    owner = f"{caller.id} {caller.organization_id} {operation.key}"
    scope = blake2b(owner.encode(), digest_size=32).hexdigest()
    return PreparedOnce(operation, scope, writing, await writing.prepare(door, operation.write, caller, unit))


async def apply_once(door: Door, prepared: PreparedOnce, caller: Caller, unit: Unit) -> Kept:
    """Does the write within a Unit, or returns what came of it before."""
    held = await _claim(door, prepared, caller, unit)
    if isinstance(held, Mapping):
        if held["fingerprint"] != prepared.operation.fingerprint:
            raise IdempotencyKeyReused(
                f"The key `{shown(prepared.operation.key)}` was used for another request.",
                hint="Send a new key with a new request.",
            )
        outcome = unpack_outcome(held["answer"])
        return Kept(await shown_today(door, unit, caller, outcome), replayed=True)
    try:
        done = _keepable(await prepared.writing.apply(door, prepared.prepared, caller, unit))
    except Undone as undone:
        raise Undone(Kept(_keepable(undone.outcome), replayed=False)) from None
    await update_own(unit, KEYS, {"answer": pack_outcome(done)}, ID_IS, held)
    return Kept(done, replayed=False)


async def _claim(door: Door, prepared: PreparedOnce, caller: Caller, unit: Unit) -> str | dict[str, Any]:
    """Returns the id of the row that is now the caller's, or the row of a request that was there before, once that has ended."""
    values = {
        "scope": prepared.scope,
        "fingerprint": prepared.operation.fingerprint,
        "user_id": caller.id,
        "expires_at": later(unit.now, door.limits.idempotency_hours * HOUR),
    }
    try:
        async with unit.nested():
            return await insert_own(door, unit, KEYS, values)
    except UniqueViolation:
        held = await _held(door, unit, prepared.scope)
        if held is not None and held["expires_at"] > unit.now:
            return held
        await delete_own(unit, KEYS, _PAST_SCOPE, unit.now, prepared.scope)
        try:
            async with unit.nested():
                return await insert_own(door, unit, KEYS, values)
        except UniqueViolation:
            raise SerializationFailure("An idempotency key was taken in between.") from None


async def _held(door: Door, unit: Unit, scope: str) -> dict[str, Any] | None:
    """Returns the row of a key as it is now."""

    async def execute(operation: Operation, caller: Caller) -> Outcome:
        return await door.execute(operation, caller, unit=unit)

    return await read_first(execute, KEYS, {"scope": scope}, ("fingerprint", "answer", "expires_at"))


def _keepable(outcome: Outcome) -> Keepable:
    if isinstance(outcome, Keepable):
        return outcome
    raise Internal(f"{type(outcome).__name__} cannot be kept.")
