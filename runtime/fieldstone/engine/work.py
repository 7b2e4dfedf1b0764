"""Work of the rooms above in one Unit: operations as whomever, and rows that only the engine writes, all or none.

Refuses everybody but the system: whoever does the work asks for the rights of those for whom it is done.
"""

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Operation, Work
from fieldstone.engine.outcome import Outcome, Worked
from fieldstone.engine.records import Execute
from fieldstone.engine.unit import Unit
from fieldstone.errors import PermissionDenied


async def prepare_work(_door: Door, operation: Work, caller: Caller, _unit: Unit | None) -> Work:
    """Returns the work; raises PermissionDenied."""
    if not caller.system:
        raise PermissionDenied("Only the system works in a unit of its own.")
    return operation


async def apply_work(door: Door, prepared: Work, _caller: Caller, unit: Unit) -> Worked:
    """Does the work within a Unit; whatever it raises undoes all of it."""
    return Worked(await prepared.do(door, unit))


def within(door: Door, unit: Unit) -> Execute:
    """Returns the door's `execute` within a Unit."""

    async def execute(operation: Operation, caller: Caller) -> Outcome:
        return await door.execute(operation, caller, unit=unit)

    return execute
