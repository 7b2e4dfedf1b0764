"""How a segment ends: the run is over, or it sleeps. Each is one Unit, in which whoever waits for the run is told, too.

A run that was cancelled in between, or is at another segment by now, is left as it is.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from fieldstone.clock import later
from fieldstone.engine.door import Door
from fieldstone.engine.own_rows import update_own
from fieldstone.engine.records import Execute, in_one_unit, read_records
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import FlowFailed
from fieldstone.flows.journal import error_of
from fieldstone.flows.runs import AT_SEGMENT, RUNS, STEPS, Row, hold, wake
from fieldstone.flows.telling import waiting_of
from fieldstone.query.ast import And, Literal, Slot, Term

DAY: Final = 86_400
_WAITING_STEP = And(
    (Term("run_id", "eq", Slot(0)), Term("key", "eq", Slot(1)), Term("status", "eq", Literal("waiting")))
)


class Tell(Protocol):
    """Is called with a run that has come to an end or a pause; `due` says that it, or one like it, may have to be woken."""

    def __call__(self, run_id: str, *, due: bool) -> None: ...


class Endings:
    """Writes what becomes of a run at the end of a segment."""

    def __init__(self, *, tell: Tell, days: int) -> None:
        """Takes for how many days runs that are over are kept."""
        self._tell = tell
        self._days = days

    async def over(self, execute: Execute, run: Row, segment: int, values: Mapping[str, Any]) -> None:
        """Ends a run: `values` hold its status, and its output or error."""

        async def end(_door: Door, unit: Unit) -> None:
            row = {**values, **self.final(unit.now)}
            if not await update_own(unit, RUNS, row, AT_SEGMENT, run["id"], segment):
                return
            await self.tell_parent(unit, {**run, **row})
            unit.committed.append(lambda: self._tell(run["id"], due=False))

        await in_one_unit(execute, end)

    async def asleep(
        self, execute: Execute, run: Row, segment: int, rows: Mapping[str, Row], values: Mapping[str, Any]
    ) -> None:
        """Lets a run sleep until the first of its waits is due, or at once where one was answered in between."""
        due = min((row["due_at"] for row in rows.values() if row["due_at"] is not None), default=None)
        retrying = all((row["waiting"] or {}).get("kind") == "retry" for row in rows.values())
        sleeping = {
            "status": "retrying" if retrying else "paused",
            "waiting": [waiting_of(row) for row in rows.values()],
        }

        async def sleep(door: Door, unit: Unit) -> None:
            row = {**values, **sleeping, "due_at": due}
            if not await update_own(unit, RUNS, row, AT_SEGMENT, run["id"], segment):
                return
            where = {"run_id": run["id"], "status": "waiting"}
            still = {step["key"] for step in await read_records(within(door, unit), STEPS, where, ("key",))}
            if not still.issuperset(rows):
                await wake(unit, run["id"])
            unit.committed.append(lambda: self._tell(run["id"], due=True))

        await in_one_unit(execute, sleep)

    def final(self, now: str) -> dict[str, Any]:
        """Returns what the row of a run that is over holds beside its status."""
        return {
            "completed_at": now,
            "waiting": None,
            "due_at": None,
            "expires_at": later(now, self._days * DAY),
        }

    async def tell_parent(self, unit: Unit, run: Row) -> None:
        """Answers the step that waits for a run which is over, and lets its own run go on."""
        parent = run["parent_run"]
        if parent is None or not await hold(unit, parent):
            return
        answer = {"completed_at": unit.now, **answer_of(run)}
        if await update_own(unit, STEPS, answer, _WAITING_STEP, parent, run["parent_key"]):
            await wake(unit, parent)
            unit.committed.append(lambda: self._tell(parent, due=True))


def answer_of(run: Row) -> dict[str, Any]:
    """Returns what a run that is over answers to the step that started it."""
    if run["status"] == "completed":
        return {"status": "success", "output": run["output"]}
    cause = run.get("error") or {}
    why = cause.get("message") or f"It was {run['status']}."
    failure = FlowFailed(f"The flow `{run['flow_name']}` failed: {why}", details={"runId": run["id"], "error": cause})
    return {"status": "failure", "error": error_of(failure)}
