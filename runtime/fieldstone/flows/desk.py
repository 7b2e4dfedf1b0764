"""The desk where runs are asked for: starts them and waits a little, lists them, and tells what a screen asks."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.operation import CancelRun, Read, ReadRun, ReplayRun, ResumeRun, StartFlow
from fieldstone.engine.outcome import Page, RunState
from fieldstone.errors import Internal, InvalidState
from fieldstone.flows.room import Repertoire
from fieldstone.flows.runs import ALIVE, RUNS
from fieldstone.query.document import QueryDocument

LISTED = (
    *("id", "flow_name", "flow_version", "status", "trigger_type", "started_by", "started_at", "completed_at"),
    *("parent_run", "replay_of"),
)
"""What a list tells of a run; everything else is told of one at a time."""

MOST_LISTED = 200

Settled = Callable[[str, float], Awaitable[None]]
"""Returns when a run has ended or sleeps, or after so many seconds."""


class RunFilter(msgspec.Struct, frozen=True):
    """Which runs of a flow are listed, and which page of them."""

    status: str | None = None
    trigger: str | None = None
    started_by: str | None = None
    started_after: str | None = None
    started_before: str | None = None
    limit: int = 50
    cursor: str | None = None


class FlowDesk:
    """Answers what is asked about runs."""

    def __init__(self, door: Door, flows: Repertoire, settled: Settled, *, seconds: float) -> None:
        """Takes what waits until a run has ended or sleeps, and how long a start waits for that."""
        self._door = door
        self._flows = flows
        self._settled = settled
        self._seconds = seconds

    async def start(self, caller: Caller, flow: str, inputs: Mapping[str, Any]) -> RunState:
        """Starts a run; returns it once it has ended or sleeps, and as it is by then when that takes too long."""
        return await self._followed(caller, await self._door.execute(StartFlow(flow, inputs), caller))

    async def read(self, caller: Caller, flow: str, run_id: str) -> RunState:
        """Returns a run with its steps."""
        return await self._door.execute(ReadRun(flow, run_id), caller)

    async def cancel(self, caller: Caller, flow: str, run_id: str) -> RunState:
        """Cancels a run."""
        return await self._door.execute(CancelRun(flow, run_id), caller)

    async def resume(self, caller: Caller, operation: ResumeRun) -> RunState:
        """Answers what a run waits for; returns it once it has ended or sleeps again."""
        return await self._followed(caller, await self._door.execute(operation, caller))

    async def replay(self, caller: Caller, flow: str, run_id: str, step: str | None) -> RunState:
        """Does a run again from a step on; returns the new one."""
        return await self._followed(caller, await self._door.execute(ReplayRun(flow, run_id, step), caller))

    async def screen(self, caller: Caller, flow: str, run_id: str) -> Mapping[str, Any]:
        """Returns the screen that a run waits for to be filled in; raises InvalidState where it waits for none."""
        run = await self.read(caller, flow, run_id)
        for waiting in run.waiting if run.status in ALIVE else ():
            if waiting["kind"] == "screen":
                return waiting
        raise InvalidState(f"The run is {run.status}, and waits for no screen.", details={"status": run.status})

    async def runs(self, caller: Caller, flow: str, chosen: RunFilter) -> Page:
        """Returns a page of the runs of a flow that the caller may see, the newest first."""
        self._flows.versions.find(flow)
        named = {"status": chosen.status, "trigger_type": chosen.trigger, "started_by": chosen.started_by}
        where: dict[str, Any] = {"flow_name": flow} | {
            name: value for name, value in named.items() if value is not None
        }
        span = {"$gte": chosen.started_after, "$lt": chosen.started_before}
        if known := {operator: instant for operator, instant in span.items() if instant is not None}:
            where["started_at"] = known
        query = QueryDocument(
            where=where,
            fields=list(LISTED),
            order_by="-started_at",
            limit=min(chosen.limit, MOST_LISTED),
            cursor=msgspec.UNSET if chosen.cursor is None else chosen.cursor,
        )
        page = await self._door.execute(Read(RUNS, query), caller)
        if not isinstance(page, Page):
            raise Internal(f"A read answered with {type(page).__name__}.")
        return page

    async def _followed(self, caller: Caller, run: RunState) -> RunState:
        await self._settled(run.id, self._seconds)
        return await self.read(caller, run.flow, run.id)
