"""A factory for tests: an office in which flows run, declared in the test, with a clock that is moved."""

import asyncio
import io
import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.clock import later
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.operation import CancelRun, ReadRun, ReplayRun, ResumeRun, StartFlow
from fieldstone.engine.outcome import RunState
from fieldstone.engine.records import read_records
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.room import FlowRoom, FlowSetting, Playing
from fieldstone.flows.runs import RUNS, UNDER_WAY
from fieldstone.flows.steps.table import RUNNERS, STEP_KINDS
from fieldstone.ids import new_id
from fieldstone.log import open_log
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.flows.version import flow_of_text
from fieldstone.settings import Settings
from tests.engine.office import Office

BEGINNING = "2026-03-02T08:00:00.000Z"
ENOUGH = 20.0


class Factory:
    """Flows by name, and who works with them; `sets` are what the people of the office hold when their runs look them up."""

    def __init__(self, office: Office, catalog: Catalog, url: str) -> None:
        self.office = office
        self.url = url
        self.catalog = catalog
        self.now = BEGINNING
        self.sets: dict[str, tuple[str, ...]] = dict.fromkeys(("ann", "bob", "eve"), ("everything",))
        self.gone: set[str] = set()
        self.allowed: tuple[str, ...] = ()
        self.log = io.BytesIO()
        self.room: FlowRoom
        self.door: Door

    async def open(self, flows: Mapping[str, str]) -> None:
        """Opens the room with these flows, each declared by its text without its name."""
        catalog = self.catalog
        for name, text in flows.items():
            graph = _flow(name, text, catalog)
            catalog = msgspec.structs.replace(catalog, flows={**catalog.flows, name: graph})
        self.room = FlowRoom(STEP_KINDS, RUNNERS, days=30, new_id=new_id, opened=_opened)
        repertoire = self.room.repertoire(catalog)
        self.door = Door(
            self.office.store,
            {**DATA_HANDLERS, **repertoire.handlers},
            Settings(secret="secret of the tests"),
            hooks=repertoire.hooks,
            preparers={"secret": _seal},
            clock=lambda: self.now,
            new_id=new_id,
        )
        setting = FlowSetting(
            execute=self.door.execute,
            clock=self.door.clock,
            url=self.url,
            organization_id=self.office.here,
            own_url=None,
            durable=False,
            epoch=self.office.store.epoch,
            log=open_log(self.log, readable=True),
        )
        await self.room.open(Playing(repertoire, self.door, self._member, Outbound(self.allowed)), setting)

    async def start(self, flow: str, caller: Caller, **inputs: Any) -> RunState:
        """Starts a run and returns it once it has ended or sleeps."""
        begun = await self.door.execute(StartFlow(flow, inputs), caller)
        await self.room.settled(begun.id, ENOUGH)
        return await self.look(begun, caller)

    @property
    def floor(self) -> Office:
        """The office at the door with the hooks of flows."""
        there = Office(self.office.store, self.door)
        there.here, there.elsewhere, there.ids = self.office.here, self.office.elsewhere, self.office.ids
        return there

    async def runs(self, flow: str) -> list[RunState]:
        """Returns all runs of a flow in this office, each as soon as it has ended or sleeps, in the order of their beginning."""
        where = {"flow_name": flow, "organization_id": self.office.here}
        runs: list[RunState] = []
        while len(found := await read_records(self.door.execute, RUNS, where, ("id",))) > len(runs):
            runs = [await self._settled(flow, row["id"]) for row in found]
        return runs

    async def _settled(self, flow: str, run_id: str) -> RunState:
        while True:
            run = await self.door.execute(ReadRun(flow, run_id), SYSTEM)
            if run.status not in UNDER_WAY:
                return run
            await self.room.settled(run_id, 0.05)

    async def look(self, run: RunState, caller: Caller) -> RunState:
        """Returns a run with its steps."""
        return await self.door.execute(ReadRun(run.flow, run.id), caller)

    def move(self, seconds: float) -> None:
        """Moves the clock; the waker looks at it when it is nudged."""
        self.now = later(self.now, seconds)

    async def after(self, run: RunState, caller: Caller, seconds: float = 0) -> RunState:
        """Moves the clock, wakes what is due, and returns the run once it has ended or sleeps again."""
        self.move(seconds)
        assert self.room.waker is not None
        self.room.waker.nudge()
        async with asyncio.timeout(ENOUGH):
            while (now := await self.look(run, caller)).status in ("pending", "running") or _is_due(now, self.now):
                await self.room.settled(run.id, 0.05)
        return now

    async def resume(self, run: RunState, caller: Caller, step: str | None = None, **inputs: Any) -> RunState:
        """Answers what a run waits for."""
        return await self.door.execute(ResumeRun(run.flow, run.id, inputs, step), caller)

    async def cancel(self, run: RunState, caller: Caller) -> RunState:
        """Cancels a run."""
        return await self.door.execute(CancelRun(run.flow, run.id), caller)

    async def replay(self, run: RunState, caller: Caller, step: str | None = None) -> RunState:
        """Does a run again, and returns the new one once it has ended or sleeps."""
        again = await self.door.execute(ReplayRun(run.flow, run.id, step), caller)
        await self.room.settled(again.id, ENOUGH)
        return await self.look(again, caller)

    async def _member(self, user_id: str, _organization_id: str | None) -> Caller | None:
        name = next(name for name, known in self.office.ids.items() if known == user_id)
        return None if name in self.gone else self.office.caller(name, *self.sets[name])


@asynccontextmanager
async def opened(factory: Factory, **flows: str) -> AsyncIterator[Factory]:
    """Opens a factory with flows, and closes it at the end of the block."""
    await factory.open(flows)
    try:
        yield factory
    finally:
        await factory.room.close()


def outputs(run: RunState) -> dict[str, Any]:
    """Returns what came of each step of a run, by key."""
    return {step.key: step.output for step in run.steps}


def _is_due(run: RunState, now: str) -> bool:
    """Tells whether a run that sleeps is about to be woken."""
    answered = any(step.status == "waiting" for step in run.steps) is False and bool(run.waiting)
    return answered or any(wait["dueAt"] is not None and wait["dueAt"] <= now for wait in run.waiting)


def _opened(sealed: str) -> str:
    return sealed.removeprefix("sealed:")


async def _seal(text: str) -> str:
    return f"sealed:{text}"


def _flow(name: str, text: str, catalog: Catalog) -> Any:
    content = f"name: {name}\n{textwrap.dedent(text)}"
    return flow_of_text(content.encode(), f"{name}.flow.yaml", catalog, STEP_KINDS)
