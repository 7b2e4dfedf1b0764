"""The platform's own rows: keys, journals and leases, written within a Unit without events, hooks or rules.

Nobody watches them and nobody else writes them, so that a write of one is one statement. Values are in wire form.
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.defaults import stamp_new
from fieldstone.engine.door import Door
from fieldstone.engine.unit import Unit
from fieldstone.query.ast import Filter
from fieldstone.store.binds import Binds


async def insert_own(
    door: Door, unit: Unit, object_name: str, values: Mapping[str, Any], caller: Caller = SYSTEM
) -> str:
    """Inserts a row with its system fields and returns its id; raises UniqueViolation, after which the Unit's savepoint is lost."""
    subject = door.catalog.objects[object_name]
    row = dict(values)
    stamp_new(subject, row, caller, unit.now, door.new_id)
    columns = subject.stored
    await unit.transaction.insert(object_name, columns, [tuple(row.get(name) for name in columns)])
    return str(row["id"])


async def update_own(unit: Unit, object_name: str, values: Mapping[str, Any], where: Filter, *slots: Any) -> int:
    """Sets values on the rows of a filter, whose slots are given; returns how many there were."""
    return await unit.transaction.update(object_name, values, where, _binds(unit, slots), bump=False)


async def delete_own(unit: Unit, object_name: str, where: Filter, *slots: Any) -> int:
    """Deletes the rows of a filter, whose slots are given; returns how many there were."""
    return await unit.transaction.delete(object_name, where, _binds(unit, slots))


def _binds(unit: Unit, slots: tuple[Any, ...]) -> Binds:
    return Binds(slots, SYSTEM.values, unit.now)
