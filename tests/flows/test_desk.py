"""The desk's own flows in the demo: an urgent ticket is handed over after two hours of work, and nights raise what is overdue."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.app_process import Seams
from fieldstone.engine.operation import ReadRun
from fieldstone.engine.outcome import RunState
from fieldstone.engine.records import read_records
from fieldstone.flows.runs import RUNS, UNDER_WAY
from fieldstone.proof.stage import CHEAP
from tests.house.source import ROOT
from tests.surfaces.running import DATA, Person, World, decoded, running

FRIDAY = "2026-03-06T13:00:00.000Z"
"""Two o'clock in Berlin: the desk closes in an hour."""

MONDAY = "2026-03-09T09:00:00.000Z"
"""Ten o'clock in Berlin: the desk has been open for an hour."""


class Demo:
    """The demo, whose clock is moved."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.now = FRIDAY
        self.world: World

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Demo"]:
        """Serves the demo for the time of the block."""
        seams = Seams(hasher=CHEAP, clock=lambda: self.now, runs="here")
        async with running(self.folder, self.url, seams=seams) as self.world:
            yield self

    async def person(self, name: str) -> Person:
        """Signs somebody of the demo in."""
        return await self.world.person(f"{name}@demo.example", "fieldstone-demo")

    async def at(self, now: str) -> None:
        """Moves the clock, and begins what is due then."""
        self.now = now
        flows = self.world.runtime.flows
        assert flows.schedules is not None
        assert flows.waker is not None
        await flows.schedules.start_due()
        await flows.waker.wake_due()

    async def runs(self, flow: str) -> list[RunState]:
        """Returns the runs of a flow, each once it sleeps or is over."""
        execute = self.world.runtime.door.execute
        return [
            await self._settled(flow, row["id"])
            for row in await read_records(execute, RUNS, {"flow_name": flow}, ("id",))
        ]

    async def _settled(self, flow: str, run_id: str) -> RunState:
        while True:
            run = await self.world.runtime.door.execute(ReadRun(flow, run_id), SYSTEM)
            if run.status not in UNDER_WAY:
                return run
            await self.world.runtime.flows.settled(run_id, 0.05)


@pytest.fixture
def demo(tmp_path: Path, database_url: str) -> Demo:
    folder = tmp_path / "demo"
    shutil.copytree(ROOT / "apps" / "demo", folder, ignore=shutil.ignore_patterns(".fieldstone"))
    return Demo(folder, database_url)


async def ticket_of(person: Person, **values: Any) -> dict[str, Any]:
    """Returns a new ticket of somebody."""
    customers = decoded(await person.get(f"{DATA}/customer", params={"limit": 1}))
    return await person.make("ticket", subject="The press jams", customer=customers["items"][0]["id"], **values)


async def test_an_urgent_ticket_is_handed_over_after_two_hours_of_work(demo: Demo) -> None:
    async with demo.served():
        assert await demo.runs("escalate_ticket") == []
        ann = await demo.person("ann")
        left = await ticket_of(ann, priority="urgent", due_on="2026-03-20")
        taken = await ticket_of(ann, priority="urgent", due_on="2026-03-20")
        await ticket_of(ann, priority="low")
        assert [(run.status, run.waiting[0]["dueAt"]) for run in await demo.runs("escalate_ticket")] == [
            ("paused", MONDAY)
        ] * 2
        await ann.ask("PATCH", f"{DATA}/ticket/{taken['id']}", {"status": "waiting"})
        await demo.at("2026-03-09T08:59:59.999Z")
        assert [run.status for run in await demo.runs("escalate_ticket")] == ["paused"] * 2
    async with demo.served():
        await demo.at(MONDAY)
        assert [run.status for run in await demo.runs("escalate_ticket")] == ["completed"] * 2
        mia = await demo.person("mia")
        owners = {
            record["id"]: record["owner_id"]
            for record in decoded(await mia.get(f"{DATA}/ticket", params={"limit": 100}))["items"]
        }
        assert owners[left["id"]] != left["owner_id"]
        assert owners[taken["id"]] == taken["owner_id"]
        comments = decoded(await mia.get(f"{DATA}/comment", params={"limit": 100}))["items"]
        assert [comment["ticket"] for comment in comments if "two hours" in comment["body"]] == [left["id"]]


async def test_nights_raise_what_is_overdue(demo: Demo) -> None:
    async with demo.served():
        ann = await demo.person("ann")
        late = await ticket_of(ann, due_on="2026-03-06")
        await ticket_of(ann, due_on="2026-03-07")
        await demo.at("2026-03-07T01:29:59.999Z")
        assert await demo.runs("raise_overdue_tickets") == []
        await demo.at("2026-03-07T01:30:00.000Z")
        await demo.at("2026-03-07T01:31:00.000Z")
        (run,) = await demo.runs("raise_overdue_tickets")
        assert (run.status, run.trigger["recordId"]) == ("completed", late["id"])
        (escalation,) = await demo.runs("escalate_ticket")
        assert escalation.waiting[0]["dueAt"] == "2026-03-09T10:00:00.000Z"
        assert escalation.trigger["chain"] == [["raise_overdue_tickets", late["id"]]]
