"""Calls from outside: the action is found, its call made by the door, what it leaves to be done is done, and a refusal written down."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from fieldstone.access.caller import Caller
from fieldstone.clock import Clock
from fieldstone.engine.audit import write_entry
from fieldstone.engine.operation import Invoke, Operation
from fieldstone.engine.outcome import Invoked, Onward, Outcome, RunState
from fieldstone.errors import FieldstoneError, FlowFailed, Internal, NotFound, PermissionDenied
from fieldstone.flows.actions.find import find_action
from fieldstone.flows.actions.invoke import called
from fieldstone.registry.catalog import Action, Catalog

Start = Callable[[Caller, str, Mapping[str, Any]], Awaitable[RunState]]
"""Starts a flow with its inputs, and returns the run once it has ended or sleeps."""

Forward = Callable[[Onward], Awaitable[Any]]
"""Makes the request of an action of type `api`, as its caller, and returns its answer."""


class Execute(Protocol):
    """The door's `execute`, as calls use it."""

    async def __call__(self, operation: Operation, caller: Caller, *, dry: bool = False) -> Outcome:
        """Runs an Operation, or only tries it."""


class Calling:
    """Makes the calls of one catalog's actions."""

    def __init__(self, catalog: Catalog, execute: Execute, clock: Clock, start: Start) -> None:
        """Takes the door, what refusals are dated by, and what starts flows."""
        self._catalog = catalog
        self._execute = execute
        self._clock = clock
        self._start = start

    def find(self, name: str, object_name: str | None = None) -> Action:
        """Returns the action of a name; raises NotFound, AmbiguousAction."""
        return find_action(self._catalog, name, object_name)

    async def call(
        self, caller: Caller, action: Action, sent: Any, record_id: str | None, forward: Forward, *, dry: bool = False
    ) -> Any:
        """Returns the result of a call; one that is dry leaves nothing behind, a refusal of any other is written down."""
        try:
            outcome = await self._execute(Invoke(action.key, sent, record_id), caller, dry=dry)
        except Exception as error:
            if not dry:
                await self._note(caller, action, sent, record_id, error)
            raise
        if not isinstance(outcome, Invoked):
            raise Internal(f"{type(outcome).__name__} came of an action.")
        if outcome.onward is None or dry:
            return outcome.value
        if outcome.onward.method is not None:
            return await forward(outcome.onward)
        return _result(await self._start(caller, outcome.onward.target, outcome.onward.body))

    async def _note(self, caller: Caller, action: Action, sent: Any, record_id: str | None, error: Exception) -> None:
        """Writes down that a call failed, and by which code."""
        code = error.code if isinstance(error, FieldstoneError) else Internal.code
        outcome = "denied" if isinstance(error, PermissionDenied | NotFound) else "failed"
        known = record_id if record_id is not None and len(record_id) <= _LONGEST_ID else None
        entry = called(action, sent, known, outcome, code)
        await write_entry(self._execute, caller, caller.organization_id, self._clock(), entry)


def _result(run: RunState) -> Any:
    """Returns the outputs of a run that has completed, or how it stands; raises FlowFailed for one that has failed."""
    if run.status == "completed":
        return run.output
    if run.error is not None:
        raise FlowFailed(
            f"The flow `{run.flow}` failed: {run.error.get('message')}", details={"runId": run.id, **run.error}
        )
    return {"runId": run.id, "status": run.status}


_LONGEST_ID = 26
