"""Runs that wait: for time, for an answer, for another run. Nobody sleeps, nothing is done twice, and one answer counts."""

import asyncio
import io
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Operation, Read, StartFlow
from fieldstone.engine.outcome import Outcome, RunState
from fieldstone.errors import FieldstoneError, InvalidScreenInput, InvalidState
from fieldstone.flows.durable.carrier import AT_ONCE
from fieldstone.flows.runs import RUNS
from fieldstone.flows.waker import Waker
from fieldstone.log import open_log
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.factory import Factory, opened, outputs

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOG = open_log(io.BytesIO(), readable=True)
TIMED = """
    steps:
      - {name: before, type: create, object: note, fields: {title: before}}
      - {name: rest, type: wait, duration: PT2H}
      - {name: after, type: create, object: note, fields: {title: after}}
"""
ASKED = """
    steps:
      - name: ask
        type: screen
        title: Approve?
        fields: {amount: {type: number, required: true}, note: {type: text}}
      - {name: noted, type: create, object: note, fields: {title: 'asked {!step.ask.output.note}'}}
    outputs: {amount: '{!step.ask.output.amount}'}
"""
SIGNALLED = """
    steps:
      - {name: paid, type: wait, signal: payment}
      - {name: noted, type: create, object: note, fields: {title: paid}}
"""
CALLED = """
    inputs: {what: {type: text}}
    steps:
      - {name: rest, type: wait, duration: PT1M}
      - {name: made, type: create, object: note, fields: {title: '{!inputs.what}'}}
    outputs: {id: '{!step.made.output.id}'}
"""
CALLING = """
    steps:
      - {name: first, type: subflow, flow: called, inputs: {what: one}}
      - {name: noted, type: create, object: note, fields: {title: '{!step.first.output.id}'}}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def factory(office: Office, catalog: Catalog, store_url: str) -> Factory:
    return Factory(office, catalog, store_url)


async def test_a_run_waits_for_its_time_and_no_longer(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, timed=TIMED):
        run = await factory.start("timed", ann)
        assert run.status == "paused"
        assert [(wait["step"], wait["kind"], wait["dueAt"]) for wait in run.waiting] == [
            ("rest", "timer", "2026-03-02T10:00:00.000Z")
        ]
        factory.move(7199)
        assert factory.room.waker is not None
        assert await factory.room.waker.wake_due() == 0
        run = await factory.after(run, ann, 1)
        assert (run.status, run.waiting) == ("completed", ())
        assert [step.key for step in run.steps] == ["before", "rest", "after"]
        assert await factory.office.titles(ann, "note") == ["after", "before"]


async def test_a_run_that_sleeps_goes_on_in_another_process_and_at_its_own_version(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, timed=TIMED):
        run = await factory.start("timed", ann)
    async with opened(factory, timed=TIMED.replace("title: after", "title: changed")):
        run = await factory.after(run, ann, 7200)
    assert run.status == "completed"
    assert await factory.office.titles(ann, "note") == ["after", "before"]


async def test_a_screen_takes_what_it_asks_for_and_a_refusal_leaves_it_waiting(factory: Factory) -> None:
    ann, bob = factory.office.caller("ann", "everything"), factory.office.caller("bob", "note_clerk")
    async with opened(factory, asked=ASKED):
        run = await factory.start("asked", ann)
        (wait,) = run.waiting
        assert (wait["kind"], wait["screen"]["title"]) == ("screen", "Approve?")
        for wrong in ({}, {"amount": "many"}, {"amount": 1, "$user": "x"}):
            with pytest.raises(InvalidScreenInput):
                await factory.resume(run, ann, **wrong)
        with pytest.raises(FieldstoneError, match="No run"):
            await factory.resume(run, bob, amount=1)
        assert (await factory.look(run, ann)).status == "paused"
        await factory.resume(run, ann, amount=12, note="yes")
        run = await factory.after(run, ann)
        assert (run.status, run.output) == ("completed", {"amount": 12})
        assert await factory.office.titles(ann, "note") == ["asked yes"]
        with pytest.raises(InvalidState):
            await factory.resume(run, ann, amount=12)


async def test_of_parallel_answers_and_cancels_one_takes_effect(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, signalled=SIGNALLED):
        run = await factory.start("signalled", ann)
        answers = await asyncio.gather(
            *(factory.resume(run, ann, number=number) for number in range(6)), return_exceptions=True
        )
        assert _taken(answers) == 1
        run = await factory.after(run, ann)
        assert run.status == "completed"
        assert await factory.office.titles(ann, "note") == ["paid"]

        run = await factory.start("signalled", ann)
        answers = await asyncio.gather(*(factory.cancel(run, ann) for _ in range(6)), return_exceptions=True)
        assert _taken(answers) == 1
        assert (await factory.look(run, ann)).status == "cancelled"
        with pytest.raises(InvalidState):
            await factory.resume(run, ann)

        run = await factory.start("signalled", ann)
        both = await asyncio.gather(factory.cancel(run, ann), factory.resume(run, ann), return_exceptions=True)
        run = await factory.look(run, ann)
        if not isinstance(both[0], BaseException):
            assert run.status == "cancelled"
        assert isinstance(both[0], BaseException) + isinstance(both[1], BaseException) <= 1


async def test_a_run_waits_for_the_runs_that_it_starts(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, called=CALLED, calling=CALLING):
        run = await factory.start("calling", ann)
        (wait,) = run.waiting
        assert (run.status, wait["kind"]) == ("paused", "run")
        run = await finished(factory, run, ann, 60)
        assert run.status == "completed"
        made = outputs(run)["first"]["id"]
        assert await factory.office.titles(ann, "note") == sorted([made, "one"])


async def test_a_cancelled_run_takes_along_what_it_started_and_its_timers(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, called=CALLED, calling=CALLING):
        run = await factory.start("calling", ann)
        child = RunState(**{**fields_of(run), "id": run.waiting[0]["runId"], "flow": "called"})
        await factory.room.settled(child.id, 1)
        assert (await factory.cancel(run, ann)).status == "cancelled"
        assert (await factory.look(child, ann)).status == "cancelled"
        factory.move(3600)
        assert factory.room.waker is not None
        assert await factory.room.waker.wake_due() == 0
        assert await factory.office.titles(ann, "note") == []


async def test_a_run_that_it_started_and_that_was_cancelled_fails_the_step_that_waits(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, called=CALLED, calling=CALLING):
        run = await factory.start("calling", ann)
        child = RunState(**{**fields_of(run), "id": run.waiting[0]["runId"], "flow": "called"})
        await factory.cancel(child, ann)
        run = await finished(factory, run, ann, 0)
        assert run.error is not None
        assert (run.status, run.error["code"], run.error["nodeId"]) == ("failed", "FLOW_FAILED", "first")


async def test_a_run_is_done_again_from_a_step_on(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    async with opened(factory, timed=TIMED):
        run = await factory.after(await factory.start("timed", ann), ann, 7200)
        again = await factory.replay(run, ann, "after")
        assert (again.status, again.replay_of) == ("completed", run.id)
        assert await factory.office.titles(ann, "note") == ["after", "after", "before"]
        whole = await factory.replay(run, ann)
        assert whole.status == "paused"
        with pytest.raises(InvalidState):
            await factory.replay(whole, ann)


async def test_a_thousand_runs_that_wait_are_one_question_and_survive_a_restart(factory: Factory) -> None:
    ann = factory.office.caller("ann", "everything")
    count = 1000 if factory.url.startswith("sqlite") else 50
    async with opened(factory, signalled=SIGNALLED, timed=TIMED):
        for _ in range(count):
            await factory.door.execute(StartFlow("timed", {}), ann)
        await until(factory, count, "paused")
        asked = Counting(factory.door)
        waker = Waker(asked.execute, factory.room.carry, places=lambda: AT_ONCE, clock=lambda: factory.now, log=LOG)
        waking = asyncio.create_task(waker.run())
        async with asyncio.timeout(20):
            while asked.count < 2:
                await factory.room.settled("none", 0.05)
        await factory.room.settled("none", 0.3)
        waking.cancel()
        await asyncio.wait([waking])
        assert asked.count == 2
    async with opened(factory, timed=TIMED):
        factory.move(7200)
        assert factory.room.waker is not None
        factory.room.waker.nudge()
        await until(factory, count, "completed")
    assert len(await factory.office.titles(ann, "note", limit=200)) == min(2 * count, 200)
    assert (await factory.office.page(ann, "note", limit=1)).total == 2 * count


class Counting:
    """Counts what is asked of a door."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.count = 0

    async def execute(self, operation: Operation, caller: Caller) -> Outcome:
        self.count += 1
        return await self._door.execute(operation, caller)


async def until(factory: Factory, count: int, status: str) -> None:
    """Returns when so many runs of this factory's office are in a state."""
    where = {"status": status, "organization_id": factory.office.here}
    document = QueryDocument(where=where, limit=1)
    async with asyncio.timeout(120):
        while (await factory.door.execute(Read(RUNS, document), SYSTEM)).total != count:
            await factory.room.settled("none", 0.05)


async def finished(factory: Factory, run: RunState, caller: Any, seconds: float) -> RunState:
    """Returns a run once it is over, moving the clock once."""
    factory.move(seconds)
    async with asyncio.timeout(20):
        while (run := await factory.after(run, caller)).completed_at is None:
            await factory.room.settled(run.id, 0.05)
    return run


def fields_of(run: RunState) -> dict[str, Any]:
    return {name: getattr(run, name) for name in RunState.__struct_fields__}


def _taken(answers: list[Any]) -> int:
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(error, InvalidState) for error in refused), refused
    return len(answers) - len(refused)
