"""Processes that die on purpose: each opens the app, does one new step of a run, or one portion of an import, and kills itself, without
a word to anybody.

`python -m tests.faults.doomed` forks them, so that what is imported is imported once, and prints what it saw of them.
"""

import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.app import open_runtime
from fieldstone.engine.operation import Import, ImportColumn, StartFlow, StartImport
from fieldstone.engine.records import read_first, read_records
from fieldstone.flows.durable import keeper
from fieldstone.flows.journal import Effects, Entry, Step, Work
from fieldstone.flows.run_journal import RunJournal
from fieldstone.flows.runs import RUNS
from fieldstone.log import open_log
from fieldstone.services.imports.jobs.rows import JOBS
from fieldstone.services.imports.jobs.working import Worker
from fieldstone.settings import Settings
from tests.servers import ADMIN_EMAIL

ENOUGH = 60.0
FLOW = "ten"


class Fate(msgspec.Struct, frozen=True):
    """How a process lives: it begins so many runs, and `dies` behind the first step that it does, or within the Unit of it."""

    dies: str = "never"
    begins: int = 0


class Orders(msgspec.Struct, frozen=True):
    """What is to be done: `watched` by one that sees so many runs to their end, one process after the other lives its fate.

    With `rows`, it is not runs of a flow that begin but imports of so many rows.
    """

    folder: str
    url: str
    fates: list[Fate]
    watched: int = 0
    rows: int = 0
    lease: float = keeper.LEASE_SECONDS


class Seen(msgspec.Struct, frozen=True):
    """The signals that ended the processes, 0 for none, and how many seconds the one that watched lived longer than they."""

    killed_by: list[int]
    seconds: float = 0.0


async def live(orders: Orders, fate: Fate, runs: int) -> None:
    """Lives until so many runs are there and over, or until the fate is met."""
    password = "fieldstone"
    settings = Settings(
        database_url=orders.url,
        secret="a secret for tests, long enough",
        admin_email=ADMIN_EMAIL,
        admin_password=password,
    )
    async with open_runtime(Path(orders.folder), settings, open_log(sys.stderr.buffer, readable=True)) as runtime:
        execute = runtime.door.execute
        user = await read_first(execute, "sys_user", {"email": ADMIN_EMAIL}, ("id",))
        caller = SYSTEM if user is None else await runtime.room.identity.member(user["id"], runtime.organization_id)
        assert caller is not None
        with doomed(fate):
            for _ in range(fate.begins):
                await execute(beginning(orders.rows), caller)
            name, over = (JOBS, "succeeded") if orders.rows else (RUNS, "completed")
            async with asyncio.timeout(ENOUGH):
                while len(await read_records(execute, name, {"status": over}, ("id",))) < runs:
                    await runtime.flows.settled("any", 0.1)


def beginning(rows: int) -> StartFlow | StartImport:
    """Returns what begins a run, or an import of rows."""
    if not rows:
        return StartFlow(FLOW, {})
    columns = (ImportColumn("title", "title"), ImportColumn("hours", "hours"))
    return StartImport(Import("shift", columns, tuple((f"t{number}", number) for number in range(rows))))


@contextmanager
def doomed(fate: Fate) -> Iterator[None]:
    """Lets this process die at the step that it does first.

    One step is under way at a time: those of two branches may be committed together, and would die one death.
    """
    act, alone = RunJournal.act, asyncio.Lock()

    async def last_act(journal: RunJournal, step: Step, work: Work, /) -> Entry:
        there = step.key in journal.keys

        async def work_and_die(effects: Effects) -> Any:
            output = await work(effects)
            if fate.dies == "within":
                _die()
            return output

        async with alone:
            entry = await act(journal, step, work_and_die)
            if not there:
                _die()
        return entry

    import_portion, written = Worker._import, Worker._written

    async def last_portion(worker: Worker, *of: Any) -> bool:
        async def write_and_die(*record: Any) -> Any:
            records = await written(worker, *record)
            if fate.dies == "within":
                _die()
            return records

        with patch.object(worker, "_written", write_and_die):
            done = await import_portion(worker, *of)
        of[-1].committed.append(_die)
        return done

    if fate.dies == "never":
        yield
        return
    with patch.object(RunJournal, "act", last_act), patch.object(Worker, "_import", last_portion):
        yield


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fork(life: Coroutine[Any, Any, None]) -> int:
    """Begins a life in a process of its own; returns its id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(life)
            code = 0
        finally:
            traceback.print_exc()
            os._exit(code)
    life.close()
    return child


def end_of(process: int) -> int:
    """Waits for the end of a process; returns the signal that it died of, 0 for none."""
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def main(told: str) -> None:
    """Does as it was ordered, and prints what was seen."""
    orders = msgspec.json.decode(told, type=Orders)
    with patch.multiple(keeper, BEAT_SECONDS=orders.lease / 4, LEASE_SECONDS=orders.lease):
        watching = fork(live(orders, Fate(), orders.watched)) if orders.watched else None
        killed_by = [end_of(fork(live(orders, fate, 1))) for fate in orders.fates]
        died_at = time.monotonic()
        if watching is not None:
            killed_by.append(end_of(watching))
    seen = Seen(killed_by, time.monotonic() - died_at)
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main(sys.argv[1])
