"""Flows that begin at times: once for each instant that is due, late where nobody was there, for each record where they say so."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.engine.door import Door
from fieldstone.engine.records import read_first
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError, Unavailable
from fieldstone.flows import schedules as scheduling
from fieldstone.flows.schedules import SCHEDULES, Schedules
from fieldstone.registry.catalog import Catalog
from tests.engine.office import Office
from tests.flows.factory import Factory, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

NIGHTLY = """
    type: schedule
    runAs: system
    schedule: {cron: 30 2 * * *, timezone: Europe/Berlin}
    steps: [{name: made, type: create, object: note, fields: {title: 'night of {!day}'}}]
    variables: [{name: day, type: text, defaultValue: x}]
"""
SWEPT = """
    type: schedule
    runAs: system
    schedule: {every: PT1H, sweep: {object: note, where: {level: {$gt: 1}, state: open, secret: SECRET}}}
    steps: [{name: close, type: update, object: note, id: '{!record.id}', fields: {state: done, title: '{!record.title}!'}}]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def factory(office: Office, catalog: Catalog, store_url: str) -> Factory:
    factory = Factory(office, catalog, store_url)
    async with opened(factory):
        return factory  # Without flows, the rows of the tests before are gone.


def schedules(factory: Factory) -> Schedules:
    assert factory.room.schedules is not None
    return factory.room.schedules


def swept(factory: Factory) -> str:
    """Returns a flow for each open record of this office and of that elsewhere."""
    return SWEPT.replace("SECRET", factory.office.here)


async def due(factory: Factory, flow: str) -> str | None:
    row = await read_first(factory.door.execute, SCHEDULES, {"flow_name": flow}, ("due_at",))
    return None if row is None else row["due_at"]


async def test_a_flow_begins_once_at_each_of_its_times(factory: Factory) -> None:
    async with opened(factory, nightly=NIGHTLY):
        assert await due(factory, "nightly") == "2026-03-03T01:30:00.000Z"
        factory.now = "2026-03-03T01:29:59.999Z"
        assert await schedules(factory).start_due() == 0
        factory.now = "2026-03-03T01:30:00.000Z"
        assert await schedules(factory).start_due() == 1
        assert await schedules(factory).start_due() == 0
        (run,) = await factory.runs("nightly")
        assert (run.status, run.started_by) == ("completed", None)
        assert run.trigger == {"type": "schedule", "dueAt": "2026-03-03T01:30:00.000Z"}
        assert await factory.office.titles(factory.office.caller("ann", "everything"), "note") == ["night of x"]
        factory.now = "2026-03-29T00:45:00.000Z"
        assert await schedules(factory).start_due() == 1
        assert await due(factory, "nightly") == "2026-03-29T01:30:00.000Z"


async def test_what_was_due_while_nobody_was_there_begins_once_and_late(factory: Factory) -> None:
    async with opened(factory, nightly=NIGHTLY):
        pass
    factory.now = "2026-03-06T12:00:00.000Z"
    async with opened(factory, nightly=NIGHTLY):
        assert await schedules(factory).start_due() == 1
        assert await schedules(factory).start_due() == 0
        (run,) = await factory.runs("nightly")
        assert run.trigger["dueAt"] == "2026-03-03T01:30:00.000Z"
        assert await due(factory, "nightly") == "2026-03-07T01:30:00.000Z"


async def test_of_several_processes_one_begins_it(factory: Factory) -> None:
    async with opened(factory, nightly=NIGHTLY, swept=swept(factory)):
        for number in range(5):
            await factory.office.make("note", title=str(number), level=2, secret=factory.office.here)
        factory.now = "2026-03-03T02:00:00.000Z"
        for _ in range(3):
            await asyncio.gather(*(schedules(factory).start_due() for _ in range(6)))
        assert len(await factory.runs("nightly")) == 1
        assert len(await factory.runs("swept")) == 5


async def test_a_sweep_begins_a_flow_for_each_record_of_a_condition(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "PAGE", 2)
    ann, eve = (factory.office.caller(name, "everything") for name in ("ann", "eve"))
    for number in range(5):
        await factory.office.make("note", ann, title=str(number), level=number, secret=factory.office.here)
    await factory.office.make("note", eve, title="elsewhere", level=9, secret=factory.office.here)
    async with opened(factory, swept=swept(factory)):
        factory.now = "2026-03-02T09:00:00.000Z"
        assert await schedules(factory).start_due() == 4
        runs = await factory.runs("swept")
        assert [run.status for run in runs] == ["completed"] * 3
        assert await factory.office.titles(ann, "note") == ["0", "1", "2!", "3!", "4!"]
        assert len({run.trigger["recordId"] for run in runs}) == 3
        factory.now = "2026-03-02T10:00:00.000Z"
        await _all_over(factory)
        assert await schedules(factory).start_due() == 0
    assert await factory.office.titles(eve, "note") == ["elsewhere!"]


async def _all_over(factory: Factory) -> None:
    """Returns when the run in the other organisation has ended, too."""
    here, factory.office.here = factory.office.here, factory.office.elsewhere
    await factory.runs("swept")
    factory.office.here = here


async def test_a_sweep_that_is_interrupted_goes_on_where_it_was(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "PAGE", 2)
    for number in range(5):
        await factory.office.make("note", title=str(number), level=2, secret=factory.office.here)
    async with opened(factory, swept=swept(factory)):
        factory.now = "2026-03-02T09:00:00.000Z"
        begun: list[Any] = []
        start = Schedules._start

        async def start_two_pages(self: Schedules, schedule: Any, row: Any, door: Door, unit: Unit) -> Any:
            found = await start(self, schedule, row, door, unit)
            begun.append(found)
            if len(begun) == 2:
                raise Unavailable("The process ends here.")
            return found

        monkeypatch.setattr(Schedules, "_start", start_two_pages)
        await schedules(factory).start_due()
        assert len(await factory.runs("swept")) == 2
        factory.now = "2026-03-02T09:30:00.000Z"
        assert await schedules(factory).start_due() == 3
        runs = await factory.runs("swept")
        assert len({run.trigger["recordId"] for run in runs}) == len(runs) == 5
        assert await due(factory, "swept") == "2026-03-02T10:00:00.000Z"


async def test_other_times_count_from_when_they_are_declared(factory: Factory) -> None:
    async with opened(factory, nightly=NIGHTLY):
        pass
    factory.now = "2026-03-04T00:00:00.000Z"
    async with opened(factory, nightly=NIGHTLY.replace("30 2", "15 4")):
        assert await due(factory, "nightly") == "2026-03-04T03:15:00.000Z"
        assert await schedules(factory).start_due() == 0
    async with opened(factory, nightly=f"    status: obsolete{NIGHTLY}"):
        assert await due(factory, "nightly") is None


async def test_a_flow_that_nobody_starts_does_nothing_in_nobodys_name(factory: Factory) -> None:
    async with opened(factory, timid=NIGHTLY.replace("runAs: system", "runAs: user")):
        factory.now = "2026-03-04T00:00:00.000Z"
        await schedules(factory).start_due()
        (run,) = await factory.runs("timid")
    assert run.error is not None
    assert (run.status, run.error["code"]) == ("failed", "PERMISSION_DENIED")
    assert "runAs: system" in run.error["details"]["hint"]


async def test_a_schedule_that_fails_keeps_no_other_from_beginning(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Schedules._start_all

    async def start_all(self: Schedules, row: Any) -> int:
        if row["flow_name"] == "broken":
            raise FieldstoneError("No.")
        return await start(self, row)

    monkeypatch.setattr(Schedules, "_start_all", start_all)
    async with opened(factory, broken=NIGHTLY, nightly=NIGHTLY):
        factory.now = "2026-03-04T00:00:00.000Z"
        assert await schedules(factory).start_due() == 1
    assert b"schedule_failed flow=broken" in factory.log.getvalue()
