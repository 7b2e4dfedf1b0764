"""What rules say of records that change along with another: they let go of one that is deleted, or come back with one that is restored.

Works past the caller's rights, as all that hangs on such a write does; what a refusal tells him is cut to what he may see. Costs nothing
where an object has no rules.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.door import Door
from fieldstone.engine.locate import Stored, plain
from fieldstone.engine.reference_list import restricted, seen_among
from fieldstone.engine.rules import judge
from fieldstone.engine.unit import Unit
from fieldstone.errors import Conflict
from fieldstone.registry.catalog import Object, Reference
from fieldstone.registry.system_fields import DELETED_AT
from fieldstone.store.binds import Binds


async def refuse_ruled(door: Door, unit: Unit, caller: Caller, reference: Reference, left: Mapping[str, Any]) -> None:
    """Raises DeleteRestricted when a rule keeps a record from letting go; `left` is what its reference would hold, by id.

    Records in the trash let go of anything.
    """
    subject = door.catalog.objects[reference.object]
    if subject.validations is None or not left:
        return
    keeping = [
        record["id"]
        for record in await stored_records(door, unit, subject, list(left))
        if record.get(DELETED_AT) is None and _refuses(unit, subject, record, {reference.field: left[record["id"]]})
    ]
    if keeping:
        raise restricted(reference, await seen_among(door, unit, caller, reference, keeping))


async def refuse_ruled_along(
    door: Door, unit: Unit, subject: Object, ids: Sequence[str], changes: Mapping[str, Any]
) -> None:
    """Raises Conflict when a rule refuses a change of records that come back along with another."""
    if subject.validations is None or not ids:
        return
    records = await stored_records(door, unit, subject, ids)
    if any(_refuses(unit, subject, record, changes) for record in records):
        raise Conflict(
            "A rule refuses a record that would come back along with it.",
            hint="The rules have changed since it went to the trash.",
        )


async def stored_records(door: Door, unit: Unit, subject: Object, ids: Sequence[str]) -> list[Stored]:
    """Returns records in full, with their JSON values decoded."""
    plan = door.plans.stored(subject)
    rows = await unit.transaction.fetch(plan.statement, Binds((list(ids),), SYSTEM.values, unit.now))
    return [plain(dict(zip(plan.columns, row, strict=True))) for row in rows]


def _refuses(unit: Unit, subject: Object, record: Stored, changes: Mapping[str, Any]) -> bool:
    return judge(subject, SYSTEM, unit.now, {**record, **changes}, record).refuses
