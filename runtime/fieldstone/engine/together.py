"""Writes that belong together: one Unit, all or none, for the flows of the rooms above.

Everything slow is prepared for all of them before the Unit opens. Refuses everybody but the system.
"""

from collections.abc import Sequence
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door, Writing
from fieldstone.engine.operation import Together
from fieldstone.engine.outcome import Deleted, Done, Written
from fieldstone.engine.unit import Unit
from fieldstone.errors import Internal, PermissionDenied

Prepared = Sequence[tuple[Writing, Any]]
"""Each write's handler, with what it has prepared."""


async def prepare_together(door: Door, operation: Together, caller: Caller, unit: Unit | None) -> Prepared:
    """Returns the writes, each of them prepared; raises what any of them is refused for, PermissionDenied."""
    if not caller.system:
        raise PermissionDenied("Only the system writes together.")
    writings = [(door.writing(write), write) for write in operation.operations]
    return [(writing, await writing.prepare(door, write, caller, unit)) for writing, write in writings]


async def apply_together(door: Door, prepared: Prepared, caller: Caller, unit: Unit) -> Done:
    """Applies the writes within a Unit; whatever one of them raises undoes them all."""
    outcomes: list[Written | Deleted] = []
    for writing, ready in prepared:
        async with unit.nested():
            outcome = await writing.apply(door, ready, caller, unit)
        if not isinstance(outcome, Written | Deleted):
            raise Internal(f"{type(outcome).__name__} came of a write.")
        outcomes.append(outcome)
    return Done(tuple(outcomes))
