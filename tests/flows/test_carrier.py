"""The carrier: each segment is done once, and what a dead executor was doing is done by another."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from fieldstone.errors import SettingsError
from fieldstone.flows.durable.dbos_carrier import DbosCarrier
from fieldstone.log import open_log
from tests.databases import sqlite_address

LOG = open_log(io.BytesIO(), readable=True)
ENOUGH = 30.0


class Segments:
    """What segments were done; those that are `stuck` never come to an end."""

    def __init__(self, *, stuck: Sequence[str] = ()) -> None:
        self.done: list[tuple[str, int]] = []
        self.begun: list[str] = []
        self._stuck = stuck
        self._changed = asyncio.Event()

    async def proceed(self, run_id: str, segment: int) -> None:
        self.begun.append(run_id)
        if run_id in self._stuck:
            self._changed.set()
            await asyncio.Future()
        self.done.append((run_id, segment))
        self._changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(ENOUGH):
            while len(self.begun) < count:
                await self._changed.wait()
                self._changed.clear()


async def test_a_segment_that_is_begun_twice_is_done_once(database_url: str, tmp_path: Path) -> None:
    segments = Segments()
    carrier = DbosCarrier(_beside(database_url, tmp_path), "one", segments.proceed, LOG)
    try:
        for _ in range(3):
            await carrier.carry("run", 1)
        await carrier.carry("run", 2)
        await segments.until(2)
    finally:
        await carrier.close()
    assert sorted(segments.done) == [("run", 1), ("run", 2)]


async def test_what_a_dead_executor_was_doing_is_taken_over_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.flows.durable.dbos_carrier.CLOSING_SECONDS", 0.1)
    url = _beside(database_url, tmp_path)
    dying = Segments(stuck=["held"])
    carrier = DbosCarrier(url, "dying", dying.proceed, LOG)
    await carrier.carry("held", 1)
    await carrier.carry("over", 1)
    await dying.until(2)
    await carrier.close()

    living = Segments()
    carrier = DbosCarrier(url, "living", living.proceed, LOG)
    try:
        assert await carrier.take_over(["dying"]) == 1
        await living.until(1)
        assert await carrier.take_over(["dying"]) == 0
    finally:
        await carrier.close()
    assert living.done == [("held", 1)]


async def test_what_is_over_is_forgotten(tmp_path: Path) -> None:
    segments = Segments()
    carrier = DbosCarrier(sqlite_address(tmp_path / "app.flows.db"), "one", segments.proceed, LOG)
    try:
        assert await carrier.forget("2999-01-01T00:00:00.000Z") == 0
        await carrier.carry("run", 1)
        async with asyncio.timeout(ENOUGH):
            while not await carrier.forget("2999-01-01T00:00:00.000Z"):
                continue
        assert await carrier.forget("2999-01-01T00:00:00.000Z") == 0
    finally:
        await carrier.close()


async def test_one_process_carries_for_one_app_alone(tmp_path: Path) -> None:
    first, second = (
        DbosCarrier(sqlite_address(tmp_path / f"{name}.flows.db"), name, Segments().proceed, LOG) for name in ("a", "b")
    )
    await first.carry("run", 1)
    try:
        with pytest.raises(SettingsError, match="another app"):
            await second.carry("run", 1)
    finally:
        await first.close()
    await second.carry("run", 1)
    await second.close()


def _beside(database_url: str, folder: Path) -> str:
    return sqlite_address(folder / "app.flows.db") if database_url.startswith("sqlite") else database_url
