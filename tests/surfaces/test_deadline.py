"""Deadlines: what never waits gets no timer, what waits is stopped in time, and is told of it as any task is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from fieldstone.surfaces.http.deadline import within

SOON = 0.02
LATE = 30.0


async def at_once() -> str:
    return "done"


async def after_waiting() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return "done"


async def failing_at_once() -> str:
    raise LookupError


async def failing_after_waiting() -> str:
    await asyncio.sleep(0)
    raise LookupError


async def told_of_a_failure() -> str:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, LookupError())
    try:
        return await future
    except LookupError:
        return "done"


@pytest.mark.parametrize("work", [at_once, after_waiting, told_of_a_failure])
async def test_work_that_ends_in_time_gives_what_it_comes_to(work: Callable[[], Coroutine[None, None, str]]) -> None:
    assert await within(LATE, work()) == "done"


@pytest.mark.parametrize("work", [failing_at_once, failing_after_waiting])
async def test_what_work_raises_goes_through(work: Callable[[], Coroutine[None, None, str]]) -> None:
    with pytest.raises(LookupError):
        await within(LATE, work())


@asynccontextmanager
async def noted(events: list[str]) -> AsyncIterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        events.append("stopped")
        raise
    finally:
        events.append("cleaned up")


async def waiting_for_ever(events: list[str]) -> None:
    async with noted(events):
        await asyncio.get_running_loop().create_future()


async def test_work_that_waits_too_long_is_stopped_and_may_clean_up() -> None:
    events: list[str] = []
    with pytest.raises(TimeoutError):
        await within(SOON, waiting_for_ever(events))
    assert events == ["stopped", "cleaned up"]


async def test_a_deadline_within_is_told_apart_from_the_one_around() -> None:
    async def impatient() -> str:
        try:
            async with asyncio.timeout(SOON):
                await asyncio.sleep(LATE)
        except TimeoutError:
            await asyncio.sleep(0)
            return "done"
        return "late"

    assert await within(LATE, impatient()) == "done"


async def test_who_cancels_the_task_is_not_told_of_a_deadline() -> None:
    events: list[str] = []
    task = asyncio.create_task(within(LATE, waiting_for_ever(events)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["stopped", "cleaned up"]


async def test_work_that_never_waits_sets_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    set_timers: list[float | None] = []
    timeout = asyncio.timeout

    def noted_timeout(delay: float | None) -> asyncio.Timeout:
        set_timers.append(delay)
        return timeout(delay)

    monkeypatch.setattr(asyncio, "timeout", noted_timeout)
    await within(LATE, at_once())
    assert set_timers == []
    await within(LATE, after_waiting())
    assert set_timers == [LATE]
