"""Schedules: starts flows at the times that they declare, once for each instant that is due, whoever runs and however often.

A row for each scheduled flow says when it is due next. Whoever moves the row on starts the run in the same Unit. What was due while nobody
was there is started once, late. A flow for each record of a condition is started for a page of them in every Unit, and its row remembers
how far that came.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from fieldstone.access.caller import Caller, system_in
from fieldstone.clock import Clock, moment
from fieldstone.engine.activation import activation_of
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Read, StartFlow
from fieldstone.engine.own_rows import delete_own, insert_own, update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import Execute, in_one_unit, read_records
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError, UniqueViolation
from fieldstone.log import Log
from fieldstone.query.ast import And, Slot, Term
from fieldstone.query.document import QueryDocument
from fieldstone.registry.flows.graph import Graph, Scheduled, Sweep
from fieldstone.registry.timetable import CronTimes

SCHEDULES: Final = "sys_flow_schedule"
PAGE: Final = 200
"""For how many records a flow is started in one Unit."""

POLL_SECONDS: Final = 20.0
"""How often it is looked, at the least, for what is due."""

_AS_READ = And((Term("id", "eq", Slot(0)), Term("version", "eq", Slot(1))))
_FIELDS = ("id", "version", "flow_name", "timetable", "due_at", "reached")

Row = Mapping[str, Any]


class Schedules:
    """Starts what is due."""

    def __init__(self, execute: Execute, organization_id: str, *, clock: Clock, log: Log) -> None:
        """Takes the organisation to which runs belong that are for no record; there is nothing to start yet."""
        self._execute = execute
        self._flows: dict[str, Scheduled] = {}
        self._organization_id = organization_id
        self._clock = clock
        self._log = log

    def follow(self, flows: Mapping[str, Graph]) -> None:
        """Starts from now on what is due of these flows; `settle` tells the database."""
        self._flows = {name: flow.schedule for name, flow in flows.items() if flow.active and flow.schedule}

    async def run(self) -> None:
        """Starts what is due until it is cancelled."""
        while True:
            pause = POLL_SECONDS
            try:
                await self.start_due()
                pause = await self._pause()
            except FieldstoneError:
                self._log.exception("schedules_failed")
            await asyncio.sleep(pause)

    async def settle(self) -> None:
        """Brings the rows to what is declared: what is new, or is due at other times, is due from now on."""
        rows = {row["flow_name"]: row for row in await self._rows({})}
        for name in sorted(self._flows.keys() | rows.keys()):
            if name in rows and name in self._flows and rows[name]["timetable"] == repr(self._flows[name].timetable):
                continue
            try:
                await in_one_unit(self._execute, partial(self._settle_one, name, rows.get(name)))
            except UniqueViolation:
                self._log.info("schedule_settled_by_another", flow=name)

    async def start_due(self) -> int:
        """Starts every flow that is due by now; returns how many runs that were."""
        started = 0
        for row in await self._rows({"due_at": {"$lte": self._clock()}}):
            try:
                started += await self._start_all(row)
            except FieldstoneError:
                self._log.exception("schedule_failed", flow=row["flow_name"])
        return started

    async def _rows(self, where: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await read_records(self._execute, SCHEDULES, where, _FIELDS)

    async def _pause(self) -> float:
        """Returns the seconds until it is to be looked again."""
        due = min((row["due_at"] for row in await self._rows({})), default=None)
        if due is None:
            return POLL_SECONDS
        return min(max((moment(due) - moment(self._clock())).total_seconds(), 0.0), POLL_SECONDS)

    async def _settle_one(self, name: str, row: Row | None, door: Door, unit: Unit) -> None:
        schedule = self._flows.get(name)
        if schedule is None:
            if row is not None:
                await delete_own(unit, SCHEDULES, ID_IS, row["id"])
            return
        timetable = repr(schedule.timetable)
        values = {"timetable": timetable, "due_at": schedule.timetable.after(unit.now), "reached": None}
        if row is None:
            await insert_own(door, unit, SCHEDULES, {"flow_name": name, **values})
        elif row["timetable"] != timetable:
            await _move(unit, row, values)

    async def _start_all(self, row: Row) -> int:
        """Starts a flow that is due, page by page where it is for each record; returns how many runs that were."""
        schedule = self._flows.get(row["flow_name"])
        started, turn = 0, row if schedule is not None else None
        while turn is not None and schedule is not None:
            count, turn = await in_one_unit(self._execute, partial(self._start, schedule, turn))
            started += count
        return started

    async def _start(self, schedule: Scheduled, row: Row, door: Door, unit: Unit) -> tuple[int, Row | None]:
        """Starts a page of runs unless somebody else has; returns how many, and the row with which it goes on."""
        moved = {"due_at": schedule.timetable.after(max(unit.now, row["due_at"])), "reached": None}
        sweep = schedule.sweep
        if sweep is None:
            if not await _move(unit, row, moved):
                return 0, None
            await self._begin(row, None, door, unit)
            return 1, None
        records = await self._page(sweep, schedule, row["reached"], door, unit)
        if more := len(records) == PAGE:
            moved = {"due_at": row["due_at"], "reached": records[-1]["id"]}
        if not await _move(unit, row, moved):
            return 0, None
        for record in records:
            await self._begin(row, record, door, unit)
        return len(records), {**row, **moved, "version": row["version"] + 1} if more else None

    async def _page(
        self, sweep: Sweep, schedule: Scheduled, reached: str | None, door: Door, unit: Unit
    ) -> list[dict[str, Any]]:
        """Returns the next records of a sweep, in the order of their ids."""
        timetable = schedule.timetable
        timezone = timetable.timezone if isinstance(timetable, CronTimes) else "UTC"
        caller = Caller(sets=frozenset(), values={"timezone": timezone}, system=True)
        wanted = sweep.where(activation_of(caller, unit.now))
        where = wanted if reached is None else {"$and": [wanted, {"id": {"$gt": reached}}]}
        query = QueryDocument(where=where, order_by="id", limit=PAGE, count=False)
        page = await door.execute(Read(sweep.object, query), caller, unit=unit)
        return page.records()

    async def _begin(self, row: Row, record: dict[str, Any] | None, door: Door, unit: Unit) -> None:
        cause: dict[str, Any] = {"dueAt": row["due_at"]}
        bound: dict[str, Any] = {}
        organization_id = self._organization_id
        if record is not None:
            cause["recordId"] = record["id"]
            bound = {"record": record, "previous": None}
            organization_id = record.get("organization_id") or organization_id
        start = StartFlow(row["flow_name"], {}, trigger="schedule", cause=cause, bound=bound)
        await door.execute(start, system_in(organization_id), unit=unit)


async def _move(unit: Unit, row: Row, values: Row) -> bool:
    """Moves a row on, unless somebody else has."""
    moved = {**values, "version": row["version"] + 1}
    return bool(await update_own(unit, SCHEDULES, moved, _AS_READ, row["id"], row["version"]))
