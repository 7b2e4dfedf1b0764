"""Firing hooks: calls the functions of one event, in the order of their table, within the Unit of the write."""

from collections.abc import Iterable

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.hooks import Change, Event
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.unit import Unit


class WithinUnit:
    """What a hook may use: who writes, the instant, and the door within the same Unit."""

    def __init__(self, door: Door, unit: Unit, caller: Caller) -> None:
        self.caller = caller
        self.now = unit.now
        self._door = door
        self._unit = unit

    async def execute(self, operation: Operation, caller: Caller | None = None) -> Outcome:
        """Runs a further operation in the same Unit, as the same caller unless another is given."""
        return await self._door.execute(operation, caller or self.caller, unit=self._unit)

    async def take_turn(self) -> None:
        """Waits for the other Units that change rights: all of them write the row of the epoch, and hold it until they end."""
        await self._unit.transaction.raise_epoch()


async def fire(
    door: Door, unit: Unit, caller: Caller, object_name: str, event: Event, changes: Iterable[Change]
) -> None:
    """Calls the hooks of an event for each change, one change after the other."""
    hooks = door.hooks(object_name, event)
    if not hooks:
        return
    context = WithinUnit(door, unit, caller)
    for change in changes:
        for hook in hooks:
            await hook.function(context, change)
