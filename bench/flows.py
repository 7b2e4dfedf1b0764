"""Runs of flows beside the engine that carries them: begun and ended a second, what a step costs, and what runs cost that wait.

Both sides begin runs one after the other on a fresh database, with the same engine: the bare one does its steps as steps of DBOS, and
Fieldstone does them as records that are made. `python -m bench.flows`; ends with 1 beside a target.
"""

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import msgspec
from dbos import DBOS, DBOSConfig

from bench.waiting import MOST, compare_idle
from fieldstone.access.caller import system_in
from fieldstone.app import open_runtime
from fieldstone.engine.operation import StartFlow
from fieldstone.log import open_log
from fieldstone.settings import Settings
from fieldstone.store.side_file import prepare_side_file

RUNS, STEPS, TARGET = 60, 10, 0.7
PACKAGE = {
    "package.yaml": "name: bench\nlabel: Bench\nversion: 0.1.0\n",
    "note.object.yaml": "name: note\nfields: {title: {type: text}}\n",
    "one.flow.yaml": "name: one\nrunAs: system\nsteps: [{type: create, object: note, fields: {title: x}}]\n",
    "ten.flow.yaml": "name: ten\nrunAs: system\nsteps:\n"
    + "  - {type: create, object: note, fields: {title: x}}\n" * STEPS,
}


class Cost(msgspec.Struct, frozen=True):
    """Runs of one step a second, and the milliseconds that each further step takes."""

    starts: float
    step: float


async def measure(begin: Callable[[int], Awaitable[None]]) -> Cost:
    """Returns what the middle one of the runs costs that `begin` sees to their end, given how many steps they have."""
    seconds = {}
    for steps in (1, STEPS):
        await begin(steps)
        taken = []
        for _ in range(RUNS):
            began = time.perf_counter()
            await begin(steps)
            taken.append(time.perf_counter() - began)
        seconds[steps] = median(taken)
    return Cost(1 / seconds[1], (seconds[STEPS] - seconds[1]) / (STEPS - 1) * 1000)


async def bare(folder: Path) -> Cost:
    """Returns the costs of the engine alone."""
    url = f"sqlite:///{folder / 'bare.db'}"
    prepare_side_file(url)

    async def step() -> str:
        return "x"

    async def work(steps: int) -> None:
        for number in range(steps):
            await DBOS.run_step_async({"name": f"step {number}"}, step)

    DBOS(config=DBOSConfig(name="bench", system_database_url=url, enable_otlp=False, log_level="ERROR"))
    workflow = DBOS.workflow(name="work")(work)
    DBOS.launch()
    try:

        async def begin(steps: int) -> None:
            await (await DBOS.start_workflow_async(workflow, steps)).get_result()

        return await measure(begin)
    finally:
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)


async def ours(folder: Path) -> Cost:
    """Returns the costs of flows."""
    package = folder / "bench"
    package.mkdir()
    (folder / "app.yaml").write_text("name: bench\npackages: [./bench]\nsurfaces: {apis: []}\n")
    for name, text in PACKAGE.items():
        (package / name).write_text(text)
    settings = Settings(database_url=f"sqlite:///{folder / 'app.db'}", secret="a secret of the benchmark")
    async with open_runtime(folder, settings, open_log(io.BytesIO(), readable=False)) as runtime:
        caller = system_in(runtime.organization_id)

        async def begin(steps: int) -> None:
            run = await runtime.door.execute(StartFlow("one" if steps == 1 else "ten", {}), caller)
            await runtime.flows.settled(run.id, 30)

        return await measure(begin)


def compare() -> float:
    """Prints both sides; returns how many runs Fieldstone ends for each of the engine's."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-flows-") as folder:
        engine = asyncio.run(bare(Path(folder)))
        flows = asyncio.run(ours(Path(folder)))
    ratio = flows.starts / engine.starts
    print(
        f"runs of one step a second   flows {flows.starts:7.1f}   engine {engine.starts:7.1f}   {ratio:.2f} (at least {TARGET})"
    )
    print(f"a further step, in ms       flows {flows.step:7.2f}   engine {engine.step:7.2f}")
    return ratio


if __name__ == "__main__":
    is_quick, is_idle = compare() >= TARGET, compare_idle().waiting <= MOST
    sys.exit(0 if is_quick and is_idle else 1)
