"""Trees: no record stands above itself, however long the way (contract 2.2), whoever else moves records at the same time.

A move goes up from the new place to the top and locks each record before it looks above it, so that of two moves which together
would make a circle one waits for the other, or is tried again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.door import Door
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldFault
from fieldstone.registry.catalog import Field, Object
from fieldstone.store.binds import Binds


async def circle_faults(
    door: Door, unit: Unit, subject: Object, record_id: str, values: Mapping[str, Any]
) -> list[FieldFault]:
    """Returns a fault for each tree field among the values that would put a record above itself."""
    return [
        circle_fault(field)
        for field in trees_of(subject)
        if values.get(field.name) is not None
        and await _is_above(door, unit, subject, field.name, record_id, values[field.name])
    ]


def circles_among(subject: Object, rows: Sequence[Mapping[str, Any]]) -> list[list[FieldFault]]:
    """Returns the same for new rows, above which only others of them can stand in a circle."""
    faults: list[list[FieldFault]] = [[] for _ in rows]
    for field in trees_of(subject):
        above = {row["id"]: row.get(field.name) for row in rows}
        for place, row in enumerate(rows):
            seen = set()
            current = above[row["id"]]
            while current in above and current not in seen:
                seen.add(current)
                current = above[current]
            if row["id"] in seen:
                faults[place].append(circle_fault(field))
    return faults


def trees_of(subject: Object) -> list[Field]:
    """Returns the tree fields of an object."""
    return [field for field in subject.fields.values() if field.type.name == "tree"]


def circle_fault(field: Field) -> FieldFault:
    """Returns the fault of a value that would close a circle."""
    message = f"{field.label} would put the record above itself"
    return FieldFault(field.name, "invalid_value", message, field.label)


async def _is_above(door: Door, unit: Unit, subject: Object, field: str, record_id: str, start: str) -> bool:
    """Tells whether a record is met on the way up."""
    plan = door.plans.stored(subject)
    place = plan.columns.index(field)
    current: str | None = start
    seen: set[str] = set()
    while current is not None and current not in seen:
        if current == record_id:
            return True
        seen.add(current)
        await unit.transaction.update(
            subject.name, {"id": current}, ID_IS, Binds((current,), SYSTEM.values, unit.now), bump=False
        )
        rows = await unit.transaction.fetch(plan.statement, Binds(([current],), SYSTEM.values, unit.now))
        current = rows[0][place] if rows else None
    return False
