"""As whom a run acts: its starter as he is today, or, where the flow says `runAs: system`, with every right within his organisation.

Who started it is looked up anew for each segment, and again when anybody's rights have changed. A starter who is gone or suspended ends
the run; a run that nobody started, and that does not act as the system, reads and writes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller, administrator_in
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.records import Execute
from fieldstone.errors import FlowMistake, PermissionDenied

Member = Callable[[str, str | None], Awaitable[Caller | None]]
"""Returns a user as he would ask in an organisation; None when he is no active member of it."""

Epoch = Callable[[], Awaitable[int]]
"""Returns the policy epoch of the database."""

NOBODY = Caller(sets=frozenset(), values={"roles": (), "positions": (), "permissions": ()})


class Authority:
    """Where the callers of runs come from."""

    def __init__(self, member: Member, epoch: Epoch) -> None:
        self._member = member
        self._epoch = epoch

    def of(self, run: Mapping[str, Any], *, system: bool) -> "Acting":
        """Returns as whom a run acts, `system` as its flow says."""
        return Acting(run, self._member, self._epoch, system=system)


class Acting:
    """As whom one run acts while one of its segments is done."""

    def __init__(self, run: Mapping[str, Any], member: Member, epoch: Epoch, *, system: bool) -> None:
        self._run = run
        self._member = member
        self._epoch = epoch
        self._system = system
        self._found: tuple[int, Caller] | None = None

    async def caller(self) -> Caller:
        """Returns the caller of the next step; raises FlowMistake when there is none any more."""
        user_id, organization_id = self._run["started_by"], self._run["organization_id"]
        if self._system:
            values: Mapping[str, Any] = self._run["surroundings"]["current_user"]
            return SYSTEM if organization_id is None else administrator_in(organization_id, values)
        if user_id is None:
            return NOBODY
        epoch = await self._epoch()
        if self._found is None or self._found[0] != epoch:
            found = await self._member(user_id, organization_id)
            if found is None:
                raise FlowMistake(
                    "Whoever started this run is no active member of its organisation any more.",
                    hint="Let him in again and replay the run, or start it as somebody else.",
                )
            self._found = (epoch, found)
        return self._found[1]


class Effects:
    """What a step of a run may do: operations as its caller, within a Unit or by themselves. `key` is sent along to whatever is outside."""

    def __init__(self, execute: Execute, caller: Caller, now: str, key: str) -> None:
        self.caller = caller
        self.now = now
        self.key = key
        self._execute = execute

    async def execute(self, operation: Operation) -> Outcome:
        """Runs an operation; raises PermissionDenied where the run acts as nobody."""
        if self.caller is NOBODY:
            raise PermissionDenied(
                "Nobody started this run, so it has nobody's rights.", hint="Say `runAs: system` in the flow."
            )
        return await self._execute(operation, self.caller)
