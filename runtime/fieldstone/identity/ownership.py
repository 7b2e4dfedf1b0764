"""What people own: who goes leaves none of it behind without an owner, and what somebody owns is handed over to another.

A user who owns records is not deleted, by himself or by anybody, in whichever organisation they are; those in the trash do not keep him. An
administrator suspends him, hands his records over, then deletes him or lets him stay suspended.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller, system_for
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Batch
from fieldstone.engine.outcome import BatchResult
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.errors import DeleteRestricted, FieldFault, FieldstoneError, Internal, Invalid
from fieldstone.registry.catalog import Catalog, Object

AT_ONCE = 200
MOST_TOLD = 50
"""How many records that could not be handed over are told of one by one."""

_OFFERED = frozenset({"list", "update", "bulk"})


class Left(msgspec.Struct, frozen=True):
    """A record that could not be handed over, or, without an id, all of an object, and why."""

    object: str
    id: str | None
    code: str
    message: str


class HandedOver(msgspec.Struct, frozen=True):
    """How many records of each object have another owner now, how many were left, and the first of those."""

    moved: dict[str, int]
    left: int
    refusals: tuple[Left, ...]


def ownership_hooks(catalog: Catalog) -> tuple[Hook, ...]:
    """Returns the hook that keeps an owner there."""

    async def keep_an_owner(context: Context, change: Change) -> None:
        owned = {"owner_id": change.id}
        for subject in _owned_objects(catalog):
            if await read_first(context.execute, subject.name, owned, ("id",), SYSTEM) is not None:
                raise DeleteRestricted("The user owns records.", hint="Hand them over to somebody first.")

    return (Hook("keep_an_owner", "sys_user", "before_delete", keep_an_owner),)


async def hand_over(execute: Execute, catalog: Catalog, caller: Caller, giver: str, taker: str) -> HandedOver:
    """Makes another member the owner of all that somebody owns in the caller's organisation; raises Invalid for one who is none.

    Goes object by object and some records at a time, each for good; what a rule or a right refuses is left and told. Objects that the data
    API does not offer to change are handed over as the system, within the organisation.
    """
    await _require_member(execute, caller, taker)
    moved: dict[str, int] = {}
    left: list[Left] = []
    for subject in _owned_objects(catalog) if giver != taker else ():
        if not (_is_offered(subject) or subject.walled):
            continue
        acting = caller if _is_offered(subject) else system_for(caller)
        try:
            count, refused = await _hand_over(execute, subject, acting, giver, taker)
        except FieldstoneError as error:
            count, refused = 0, [Left(subject.name, None, error.code, error.message)]
        left += refused
        if count:
            moved[subject.name] = count
    return HandedOver(moved, len(left), tuple(left[:MOST_TOLD]))


async def _require_member(execute: Execute, caller: Caller, user_id: str) -> None:
    place = {"user_id": user_id, "organization_id": caller.organization_id}
    member = await read_first(execute, "sys_member", place, ("id",), SYSTEM)
    user = await read_first(execute, "sys_user", {"id": user_id, "active": True}, ("id",), SYSTEM)
    if member is None or user is None:
        fault = FieldFault("toUserId", "reference_not_found", "There is no such active member.")
        raise Invalid(fault.message, faults=[fault])


async def _hand_over(
    execute: Execute, subject: Object, caller: Caller, giver: str, taker: str
) -> tuple[int, list[Left]]:
    """Returns how many records of an object have another owner now, and those that were left."""
    owned: dict[str, Any] = {"owner_id": giver}
    if caller.system:
        owned["organization_id"] = caller.organization_id
    ids = [row["id"] for row in await read_records(execute, subject.name, owned, ("id",), caller)]
    left: list[Left] = []
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        records = tuple({"id": record_id, "data": {"owner_id": taker}} for record_id in some)
        result = await execute(Batch(subject.name, "update", records), caller)
        if not isinstance(result, BatchResult):
            raise Internal(f"A batch answered with {type(result).__name__}.")
        refused = [(row.index, row.error) for row in result.rows if row.error is not None]
        left += (Left(subject.name, some[index], error.code, error.message) for index, error in refused)
    return len(ids) - len(left), left


def _owned_objects(catalog: Catalog) -> Iterator[Object]:
    return (subject for subject in catalog.objects.values() if subject.owned)


def _is_offered(subject: Object) -> bool:
    """Tells whether the data API lets somebody list and change many records of an object."""
    return subject.api_enabled and _OFFERED.issubset(subject.offered)
