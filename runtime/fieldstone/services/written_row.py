"""Written rows: what a create or a change would leave, made as by its caller in a Unit that is undone.

All that a write does happens, its hooks and validations too, but for the last look at its policy's `check`. Refuses with Invalid a body
that comes to no row, and what in it the asker may not know of: a field, or a record that a reference points to.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.batch_record import REFUSALS
from fieldstone.engine.body import invalid, read_body
from fieldstone.engine.create import apply_create, prepare_create
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Create, Update, Work
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.engine.update import apply_update, prepare_update
from fieldstone.engine.validate import find_faults
from fieldstone.errors import FieldFault, FieldstoneError, FlowFailed, Invalid

Answer = TypeVar("Answer")


class WrittenRow(msgspec.Struct, frozen=True, eq=False):
    """A row that a write has left, where it is read and when; `changed` is not so where the write changed nothing."""

    id: str
    fetch: Fetch
    now: str
    changed: bool = True


async def require_known(door: Door, asker: Caller, object_name: str, body: Mapping[str, Any]) -> None:
    """Raises Invalid with every field and every reference of a body that the asker may not know of."""
    subject = door.catalog.objects[object_name]
    read = door.policies.policy(asker, object_name, "read")
    seen = read.readable.union(door.policies.policy(asker, object_name, "create").writable)
    seen |= door.policies.policy(asker, object_name, "update").writable
    known = msgspec.structs.replace(
        read, writable=frozenset(name for name in seen if not subject.fields[name].type.computed)
    )
    draft = read_body(subject, known, read.readable, body)
    references = [field for name in draft.values if (field := subject.fields[name]).reference is not None]
    sent = [field for field in references if draft.values[field.name] is not None]
    (absent,) = await find_faults(door, door.fetcher(None), asker, door.clock(), sent, [draft.values], chosen=False)
    if draft.faults or absent:
        raise invalid((*draft.faults, *absent))


def kept_fields(door: Door, caller: Caller, policy: Policy, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the fields of a body that access keeps from being set."""
    subject = door.catalog.objects[policy.object]
    readable = door.policies.policy(caller, policy.object, "read").readable
    unknown = tuple(name for name in body if name not in readable | policy.writable)
    return (*read_body(subject, policy, readable, body).forbidden, *unknown)


async def ask_of_written(
    door: Door, caller: Caller, write: Create | Update, ask: Callable[[WrittenRow], Awaitable[Answer]]
) -> Answer:
    """Returns what is said of the row that a write leaves; raises Invalid for what is refused before that."""

    async def do(_door: Door, unit: Unit) -> Answer:
        return await ask(await _written(door, caller, write, unit))

    try:
        worked = await door.execute(Work(do), SYSTEM, dry=True)
    except (*REFUSALS, FlowFailed) as error:
        raise _no_row(error) from None
    answer: Answer = worked.value
    return answer


async def _written(door: Door, caller: Caller, write: Create | Update, unit: Unit) -> WrittenRow:
    fetch = unit.transaction.fetch
    if isinstance(write, Create):
        new = await prepare_create(door, write, caller, unit)
        new = msgspec.structs.replace(new, policy=door.policies.unchecked(new.policy))
        made = await apply_create(door, new, caller, unit)
        return WrittenRow(made.ids[0], fetch, unit.now)
    change = await prepare_update(door, write, caller, unit)
    target = msgspec.structs.replace(change.target, policy=door.policies.unchecked(change.target.policy))
    (before,) = await door.plans.stamps_of(fetch, target.subject, [write.id], unit.now)
    left = await apply_update(door, msgspec.structs.replace(change, target=target), caller, unit)
    return WrittenRow(write.id, fetch, unit.now, changed=left.versions[0] != before["version"])


def _no_row(error: FieldstoneError) -> Invalid:
    """Returns why a body comes to no row: that is no matter of the rules that are asked of it."""
    message = f"It comes to no row of which rules could be asked: {error.message}"
    if isinstance(error, Invalid) and error.faults:
        return Invalid(
            message, faults=[msgspec.structs.replace(fault, field=f"body.{fault.field}") for fault in error.faults]
        )
    return Invalid(message, faults=[FieldFault("body", "invalid_value", message)])
