"""What runs that wait cost: the CPU of an idle server that a thousand of them sleep in, beside the same server before they were begun."""

import tempfile
import time
from pathlib import Path

import httpx
import msgspec
import psutil

from bench.load import cpu_seconds
from tests.databases import sqlite_address
from tests.servers import ADMIN_EMAIL, running_server, sign_in

RUNS, SECONDS, SETTLING, MOST = 1_000, 15.0, 3.0, 5.0
APP = {
    "app.yaml": "name: waiting\npackages: [./sleepers]\nsurfaces: {apis: [v1]}\n",
    "sleepers/package.yaml": "name: sleepers\nlabel: Sleepers\nversion: 0.1.0\n",
    "sleepers/sleep.flow.yaml": "name: sleep\nsteps: [{type: wait, duration: PT24H}]\n",
}


class Idle(msgspec.Struct, frozen=True):
    """Percent of one core that an idle server takes: without runs, and with those that wait."""

    without: float
    waiting: float


def compare_idle() -> Idle:
    """Prints and returns what a server takes that has nothing to do but to let runs wait."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-waiting-") as name:
        folder = Path(name)
        for path, text in APP.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        url = sqlite_address(folder / "app.db")
        with running_server(folder, database_url=url, folder=folder, production=True) as server:
            process = psutil.Process(server.process_id)
            without = _share_of_a_core(process)
            _begin(server.url, sign_in(server.url, ADMIN_EMAIL, server.admin_password))
            idle = Idle(without, _share_of_a_core(process))
    print(
        f"an idle server, CPU in %    {RUNS:,} runs wait {idle.waiting:.2f} (at most {MOST:.0f})   none {idle.without:.2f}"
    )
    return idle


def _begin(url: str, token: str) -> None:
    """Begins the runs; each waits when its start is answered."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30) as http:
        for _ in range(RUNS):
            run = http.post("/api/v1/flows/sleep/start", json={}).raise_for_status().json()
            if run["status"] != "paused":
                raise RuntimeError(f"A run does not wait: {run}")


def _share_of_a_core(process: psutil.Process) -> float:
    """Returns the percent of one core that a process takes over some seconds in which nobody asks it for anything."""
    time.sleep(SETTLING)
    began, used = time.perf_counter(), cpu_seconds(process)
    time.sleep(SECONDS)
    return (cpu_seconds(process) - used) / (time.perf_counter() - began) * 100
