"""Steering runs from outside: looking, cancelling, answering what they wait for, and doing them again from a step on.

Who may do it is the policy of `sys_automation_run`: its readers look, those who may change a run steer it. To anybody else a run is absent.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door, Handlers, Reading, Writing
from fieldstone.engine.locate import Target, locate
from fieldstone.engine.operation import CancelRun, ReadRun, ReplayRun, ResumeRun, StartFlow
from fieldstone.engine.outcome import RunState
from fieldstone.engine.own_rows import insert_own, update_own
from fieldstone.engine.records import Execute, read_records
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import Invalid, InvalidScreenInput, InvalidState, NotFound
from fieldstone.flows.endings import Endings, Tell
from fieldstone.flows.hiding import Hide, hiding_in
from fieldstone.flows.runs import ALIVE, AWAKE, RUNS, STEPS, Row, as_kept, hold, read_run, read_steps, wake
from fieldstone.flows.starting import Starting, surroundings_of, write_run
from fieldstone.flows.telling import state_of
from fieldstone.flows.versions import Versions
from fieldstone.query.ast import And, Literal, Slot, Term
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.flows.graph import Graph
from fieldstone.registry.flows.inputs import read_inputs

ANSWERED: Final = ("screen", "signal")
"""The kinds of waits that somebody ends from outside."""

_WAITING = And((Term("run_id", "eq", Slot(0)), Term("status", "eq", Literal("waiting"))))
_WAITING_STEP = And((Term("id", "eq", Slot(0)), Term("status", "eq", Literal("waiting"))))
_COPIED = (
    "key", "node_id", "node_type", "label", "number", "attempt", "input", "output", "waiting", "due_at", "started_at",
    "completed_at",
)  # fmt: skip

Steering = ReadRun | CancelRun | ResumeRun | ReplayRun


class Helm:
    """The handlers of the operations on runs."""

    def __init__(
        self, versions: Versions, starting: Starting, endings: Endings, *, tell: Tell, opened: Callable[[str], str]
    ) -> None:
        """Takes how a sealed text is read."""
        self._versions = versions
        self._starting = starting
        self._endings = endings
        self._tell = tell
        self._opened = opened

    @property
    def handlers(self) -> Handlers:
        """What the door runs for the operations on runs."""
        return {
            StartFlow: Writing(self._starting.prepare, self._starting.apply),
            ReadRun: Reading(self._read),
            CancelRun: Writing(_as_it_is, self._cancel),
            ResumeRun: Writing(_as_it_is, self._resume),
            ReplayRun: Writing(_as_it_is, self._replay),
        }

    async def _read(self, door: Door, operation: ReadRun, caller: Caller, unit: Unit | None) -> RunState:
        async def execute(asked: Any, asking: Caller) -> Any:
            return await door.execute(asked, asking, unit=unit)

        run = await read_run(execute, operation.run_id, caller, operation.flow)
        if run is None:
            raise _absent(operation)
        return state_of(run, await self._hiding(execute, run), await read_steps(execute, run["id"]))

    async def _cancel(self, door: Door, operation: CancelRun, caller: Caller, unit: Unit) -> RunState:
        run = await self._steered(door, operation, caller, unit)
        if not await self._end(door, unit, run):
            raise InvalidState(f"The run is {run['status']} already.", details={"status": run["status"]})
        return await self._now(door, unit, run["id"])

    async def _end(self, door: Door, unit: Unit, run: Row) -> bool:
        """Cancels a run with all that it has started; False when it was over."""
        over = {"status": "cancelled", **self._endings.final(unit.now)}
        if not await update_own(unit, RUNS, over, AWAKE, run["id"]):
            return False
        await update_own(unit, STEPS, {"status": "skipped", "completed_at": unit.now}, _WAITING, run["id"])
        where = {"parent_run": run["id"], "status": {"$in": list(ALIVE)}}
        for child in await read_records(
            within(door, unit), RUNS, where, ("id", "parent_run", "parent_key", "flow_name")
        ):
            await self._end(door, unit, child)
        await self._endings.tell_parent(unit, {**run, **over})
        unit.committed.append(lambda: self._tell(run["id"], due=True))
        return True

    async def _resume(self, door: Door, operation: ResumeRun, caller: Caller, unit: Unit) -> RunState:
        run = await self._steered(door, operation, caller, unit)
        rows = [row for row in await read_steps(within(door, unit), run["id"]) if row["status"] == "waiting"]
        row = _answered(run, rows, operation)
        answer = operation.output if operation.output is not None else dict(operation.inputs)
        if row["waiting"]["kind"] == "screen":
            graph = await self._versions.graph_of(within(door, unit), run["version_id"])
            answer = _filled_in(graph, row, operation.inputs)
        values = {"status": "success", "output": as_kept(answer), "completed_at": unit.now}
        if not await update_own(unit, STEPS, values, _WAITING_STEP, row["id"]):
            raise InvalidState("This was answered already.")
        await wake(unit, run["id"])
        unit.committed.append(lambda: self._tell(run["id"], due=True))
        return await self._now(door, unit, run["id"])

    async def _replay(self, door: Door, operation: ReplayRun, caller: Caller, unit: Unit) -> RunState:
        run = await self._steered(door, operation, caller, unit)
        if run["status"] in ALIVE:
            raise InvalidState(f"The run is {run['status']}: only one that is over is done again.")
        kept = _before(await read_steps(within(door, unit), run["id"]), operation.step)
        bound = {
            name: value for name, value in run["surroundings"].items() if name not in surroundings_of(caller, unit.now)
        }
        values = {name: run[name] for name in ("flow_name", "flow_version", "version_id", "cause", "input")}
        again = {
            **values,
            "id": door.new_id(),
            "trigger_type": "replay",
            "replay_of": run["id"],
            "surroundings": {**surroundings_of(caller, unit.now), **bound},
        }
        written = await write_run(door, unit, again, caller)
        for row in kept:
            copied = {name: row[name] for name in _COPIED}
            await insert_own(door, unit, STEPS, {**copied, "run_id": written["id"], "status": "success"})
        self._starting.begin_after(unit, written["id"])
        return await self._now(door, unit, written["id"])

    async def _steered(self, door: Door, operation: Steering, caller: Caller, unit: Unit) -> Row:
        """Returns a run that the caller may change, held until the Unit ends; raises NotFound, PermissionDenied."""
        if not caller.system:
            subject = door.catalog.objects[RUNS]
            update, read = (door.policies.policy(caller, RUNS, action) for action in ("update", "read"))
            try:
                await locate(door, unit, caller, Target(subject, update, read, operation.run_id, None))
            except NotFound:
                raise _absent(operation) from None
        await hold(unit, operation.run_id)
        run = await read_run(within(door, unit), operation.run_id, flow=operation.flow)
        if run is None:
            raise _absent(operation)
        return run

    async def _now(self, door: Door, unit: Unit, run_id: str) -> RunState:
        """Returns a run as it is within a Unit that has changed it."""
        run = await read_run(within(door, unit), run_id)
        if run is None:
            raise NotFound(f"No run `{run_id}`.")
        return state_of(run, await self._hiding(within(door, unit), run))

    async def _hiding(self, execute: Execute, run: Row) -> Hide:
        """Returns what hides the secrets of a run, which are sealed in what is kept of it."""
        graph = await self._versions.graph_of(execute, run["version_id"])
        return hiding_in(graph, run["input"] or {}, self._opened)


async def _as_it_is(_door: Door, operation: Any, _caller: Caller, _unit: Unit | None) -> Any:
    return operation


def _absent(operation: Steering) -> NotFound:
    """Returns the refusal of a run that is not there, or not for this caller: the two are told in the same words."""
    return NotFound(f"No run `{shown(operation.run_id)}` of `{shown(operation.flow)}`.")


def _answered(run: Row, rows: list[Row], operation: ResumeRun) -> Row:
    """Returns the waiting step that is answered; raises InvalidState where none is, Invalid where it is not said which."""
    waiting = {row["key"]: row for row in rows if row["waiting"]["kind"] in ANSWERED}
    if operation.step is None and len(waiting) == 1:
        return next(iter(waiting.values()))
    if not waiting:
        raise InvalidState(
            f"The run is {run['status']}, and waits for nothing that could be answered.",
            details={"status": run["status"]},
        )
    if operation.step is None:
        raise Invalid("Several steps wait.", hint=f"Say which with `step`: {', '.join(f'`{key}`' for key in waiting)}.")
    if operation.step not in waiting:
        raise InvalidState(
            f"The step `{shown(operation.step)}` waits for nothing.", hint=did_you_mean(operation.step, waiting)
        )
    return waiting[operation.step]


def _filled_in(graph: Graph, row: Row, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what was filled into a screen; raises InvalidScreenInput with every fault."""
    node = graph.node(row["key"])
    fields = node.inputs if node is not None else {}
    try:
        return read_inputs(fields, inputs)
    except Invalid as refused:
        raise InvalidScreenInput(refused.message, faults=refused.faults) from None


def _before(rows: list[Row], step: str | None) -> list[Row]:
    """Returns the steps that a replay takes from the old run; raises Invalid for a step that it did not have."""
    if step is None:
        return []
    found = next((row for row in rows if row["key"] == step), None)
    if found is None:
        known = [row["key"] for row in rows]
        raise Invalid(f"The run has no step `{shown(step)}`.", hint=did_you_mean(step, known))
    return [row for row in rows if row["number"] < found["number"] and row["status"] == "success"]
