"""The journal of what runs at once: actions, hooks and before-triggers, all of whose steps belong to one Unit.

Nothing is kept: a Unit that is undone leaves nothing, and one that stands is never begun again. Nothing waits in it.
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.records import Execute
from fieldstone.errors import FieldstoneError, FlowMistake, SerializationFailure
from fieldstone.flows.journal import Effects, Entry, Step, Waiting, Work, error_of


class InlineJournal:
    """Does every step where it stands, in the Unit of the effects that it is given."""

    concurrent = False

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self.entries: dict[str, Entry] = {}

    async def act(self, step: Step, work: Work, /) -> Entry:
        """Does work in the Unit."""
        try:
            entry = Entry(output=await work(self._effects), at=self._effects.now)
        except SerializationFailure:
            raise
        except FieldstoneError as error:
            entry = Entry(error=error_of(error), at=self._effects.now)
        self.entries[step.key] = entry
        return entry

    async def reach_out(self, step: Step, _work: Work, /) -> Entry:
        """Refuses: nothing outside is waited for while a Unit is open."""
        raise FlowMistake(f"`{step.node_id}` reaches out, and a Unit is open.")

    async def wait(self, step: Step, _waiting: Waiting, /) -> Entry:
        """Refuses: nothing waits while a Unit is open."""
        raise FlowMistake(f"`{step.node_id}` waits, and a Unit is open.")

    async def call(self, step: Step, _flow: str, _inputs: Mapping[str, Any], /) -> Entry:
        """Refuses: another flow is a run of its own."""
        raise FlowMistake(f"`{step.node_id}` starts a flow, and a Unit is open.")

    def passed(self, step: Step, output: Any, /, *, skipped: bool = False) -> None:
        """Takes no note."""


class AsCaller:
    """Effects over a door within a Unit: operations run as one caller."""

    def __init__(self, execute: Execute, caller: Caller, now: str) -> None:
        self.caller = caller
        self.now = now
        self.key = ""
        self._execute = execute

    async def execute(self, operation: Operation) -> Outcome:
        """Runs an operation."""
        return await self._execute(operation, self.caller)
