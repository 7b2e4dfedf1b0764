"""The journal of a run that lasts: each step's row is written in the Unit of what the step does, so that neither is without the other.

The same Unit touches the run's own row, and only while the run is at this segment and alive: a cancel falls between two steps, and of two
processes that do the same segment one has the row, and the other takes what is in it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from fieldstone.clock import Clock, later
from fieldstone.engine.door import Door
from fieldstone.engine.operation import StartFlow
from fieldstone.engine.own_rows import insert_own, update_own
from fieldstone.engine.records import Execute, in_one_unit
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import FieldstoneError, Unavailable, UniqueViolation
from fieldstone.flows.acting import Acting, Effects
from fieldstone.flows.journal import Entry, Paused, Step, Waiting, Work, error_of
from fieldstone.flows.runs import AT_SEGMENT, RUNS, STEPS, WATCH_SECONDS, Row, Superseded, as_kept, read_steps
from fieldstone.ids import NewId
from fieldstone.query.ast import And, Literal, Slot, Term

MOST_PASSED = 500
_SHOWN_LABEL = 200
_STILL_WAITING = And((Term("id", "eq", Slot(0)), Term("status", "eq", Literal("waiting"))))


class _Done(Exception):
    """Another process has done the step."""


class Segment(msgspec.Struct, frozen=True, eq=False):
    """One segment of a run: by which door, as whom, when; `hide` masks what is secret in what a step was given."""

    run: Row
    number: int
    execute: Execute
    acting: Acting
    clock: Clock
    new_id: NewId
    hide: Callable[[Any], Any]

    async def touch(self, unit: Unit) -> None:
        """Holds the run until the Unit ends, which is its own; raises Superseded unless it is at this segment still."""
        life = {"status": "running", "due_at": later(unit.now, WATCH_SECONDS)}
        if not await update_own(unit, RUNS, life, AT_SEGMENT, self.run["id"], self.number):
            raise Superseded
        unit.run_id = self.run["id"]


class RunJournal:
    """The steps of a run that have been, and the one way to do more; `asleep` are the rows of those that wait."""

    concurrent = True

    def __init__(self, segment: Segment, rows: list[Row]) -> None:
        self._segment = segment
        self._rows = {row["key"]: row for row in rows}
        self.asleep: dict[str, Row] = {}
        self.passed_by: dict[str, dict[str, Any]] = {}

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the steps that are written down."""
        return frozenset(self._rows)

    @property
    def done(self) -> list[str]:
        """The keys of the steps that were done, in their order."""
        rows = sorted(self._rows.values(), key=lambda row: row["number"])
        return [row["key"] for row in rows if row["status"] == "success" and row["waiting"] is None]

    async def act(self, step: Step, work: Work, /) -> Entry:
        """Does work on records, once."""
        if step.key in self._rows:
            return _entry(self._rows[step.key])
        caller_of, began = self._segment.acting.caller, self._segment.clock()

        async def do(door: Door, unit: Unit) -> Row:
            await self._segment.touch(unit)
            output = as_kept(await work(Effects(within(door, unit), caller, unit.now, self._outside(step))))
            return await self._insert(door, unit, step, began, output=output)

        try:
            caller = await caller_of()
            return await self._write(step, do)
        except Unavailable:
            raise
        except FieldstoneError as error:
            return await self._failed(step, began, error)

    async def reach_out(self, step: Step, work: Work, /) -> Entry:
        """Does work outside of every Unit, at least once."""
        if step.key in self._rows:
            return _entry(self._rows[step.key])
        began = self._segment.clock()
        await in_one_unit(self._segment.execute, lambda _door, unit: self._segment.touch(unit))
        try:
            caller = await self._segment.acting.caller()
            output = as_kept(await work(Effects(self._segment.execute, caller, began, self._outside(step))))
        except FieldstoneError as error:
            return await self._failed(step, began, error)
        return await self._write(
            step, lambda door, unit: self._touch_and_insert(door, unit, step, began, output=output)
        )

    async def wait(self, step: Step, waiting: Waiting, /) -> Entry:
        """Returns what ended a wait; raises Paused until then."""
        row, now = self._rows.get(step.key), self._segment.clock()
        if row is None:
            over = waiting.due_at is not None and waiting.due_at <= now
            told = msgspec.to_builtins(waiting)
            row = await self._written(
                step,
                lambda door, unit: self._touch_and_insert(
                    door, unit, step, now, status="success" if over else "waiting", waiting=told, due_at=waiting.due_at
                ),
            )
        elif row["status"] == "waiting" and row["due_at"] is not None and row["due_at"] <= now:
            row = await self._written(step, partial(self._end_wait, row))
        self._rows[step.key] = row
        return self._entry_unless_asleep(row)

    async def call(self, step: Step, flow: str, inputs: Mapping[str, Any], /) -> Entry:
        """Returns what came of a run of another flow; raises Paused until it has ended."""
        row = self._rows.get(step.key)
        if row is not None:
            return self._entry_unless_asleep(row)
        began, child = self._segment.clock(), self._segment.new_id()

        async def start(door: Door, unit: Unit) -> Row:
            await self._segment.touch(unit)
            cause = {"runId": self._segment.run["id"], "step": step.key}
            operation = StartFlow(flow, inputs, "flow", cause, run_id=child)
            effects = Effects(within(door, unit), caller, unit.now, "")
            await effects.execute(operation)
            return await self._insert(
                door, unit, step, began, status="waiting", waiting={"kind": "run", "runId": child}
            )

        try:
            caller = await self._segment.acting.caller()
            row = await self._written(step, start)
        except Unavailable:
            raise
        except FieldstoneError as error:
            return await self._failed(step, began, error)
        return self._entry_unless_asleep(row)

    def passed(self, step: Step, output: Any, /, *, skipped: bool = False) -> None:
        """Takes note of a pure step, or of one that was passed over, as long as there are not too many."""
        if len(self.passed_by) < MOST_PASSED:
            self.passed_by[step.key] = {
                "key": step.key,
                "nodeId": step.node_id,
                "nodeType": step.kind,
                "label": step.label,
                "status": "skipped" if skipped else "success",
                "input": self._segment.hide(step.input),
                "output": output,
                "at": self._segment.clock(),
            }

    def _entry_unless_asleep(self, row: Row) -> Entry:
        if row["status"] != "waiting":
            return _entry(row)
        self.asleep[row["key"]] = row
        raise Paused

    def _outside(self, step: Step) -> str:
        return f"{self._segment.run['id']}:{step.key}"

    async def _failed(self, step: Step, began: str, error: FieldstoneError) -> Entry:
        told = as_kept(error_of(error))
        return await self._write(
            step,
            lambda door, unit: self._touch_and_insert(door, unit, step, began, status="failure", error=told),
        )

    async def _write(self, step: Step, do: Callable[[Door, Unit], Any]) -> Entry:
        return _entry(await self._written(step, do))

    async def _written(self, step: Step, do: Callable[[Door, Unit], Any]) -> Row:
        """Returns the row that a Unit has written, or that of whoever was faster."""
        try:
            row: Row = await in_one_unit(self._segment.execute, do)
        except _Done:
            rows = await read_steps(self._segment.execute, self._segment.run["id"])
            row = next(each for each in rows if each["key"] == step.key)
        self._rows[step.key] = row
        return row

    async def _touch_and_insert(self, door: Door, unit: Unit, step: Step, began: str, **values: Any) -> Row:
        await self._segment.touch(unit)
        return await self._insert(door, unit, step, began, **values)

    async def _insert(self, door: Door, unit: Unit, step: Step, began: str, **values: Any) -> Row:
        """Writes the row of a step; raises _Done where there is one."""
        ended = values.get("status") != "waiting"
        row: Row = {
            "key": step.key,
            "node_id": step.node_id,
            "node_type": step.kind,
            "label": step.label[:_SHOWN_LABEL],
            "number": len(self._rows) + 1,
            "status": "success",
            "attempt": step.attempt,
            "input": as_kept(self._segment.hide(step.input)),
            "started_at": began,
            "completed_at": unit.now if ended else None,
            **values,
        }
        try:
            row_id = await insert_own(door, unit, STEPS, {**row, "run_id": self._segment.run["id"]})
        except UniqueViolation:
            raise _Done from None
        return {"output": None, "error": None, "waiting": None, "due_at": None, **row, "id": row_id}

    async def _end_wait(self, row: Row, _door: Door, unit: Unit) -> Row:
        """Writes that a wait is over; raises _Done where somebody has answered it in between."""
        await self._segment.touch(unit)
        over = {"status": "success", "completed_at": unit.now}
        if not await update_own(unit, STEPS, over, _STILL_WAITING, row["id"]):
            raise _Done
        return {**row, **over}


def _entry(row: Row) -> Entry:
    return Entry(output=row["output"], error=row["error"], at=row["completed_at"] or "")
