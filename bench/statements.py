"""How many statements a request takes: counted in this process, where the app of the benchmark is opened once more on the loaded database.

Held to a target are those that bring what was asked for; beside them stands whether one more looked if everybody may still what he might.
"""

import asyncio
import io
from collections.abc import Iterable, Sequence

import httpx
import msgspec
import pytest

from bench.part import Bench, Part, Section
from bench.scenarios import DEEP_BY_CURSOR, SCENARIOS, Scenario
from bench.server import APP, Stand
from bench.targets import missed
from fieldstone.app import open_runtime
from fieldstone.app_process import Seams
from fieldstone.log import open_log
from fieldstone.settings import Settings
from tests.statements import noted_statements

TIMES = 3
"""Each request is sent so often; the last time counts, when all that is kept of a request's shape is there."""

EPOCH = "SELECT policy FROM sys_epoch"
CHOSEN = {f"statements: {each.name}": each for each in SCENARIOS if each.paced and each.name != DEEP_BY_CURSOR}
"""What only reads; but a cursor of the server's is refused by whoever has another secret."""


class Counted(msgspec.Struct, frozen=True):
    """The statements of a request that bring what was asked for, and those that look at the policy epoch alone."""

    own: int
    epoch: int


def measure_statements(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Counts the statements of reading requests."""
    counts = asyncio.run(_count(bench.stand(), [CHOSEN[name] for name in names]))
    return [
        Section(
            title="statements of a request",
            headings=("request", "statements", "for the policy epoch"),
            rows=[(name, str(counted.own), str(counted.epoch)) for name, counted in counts.items()],
            missed=[
                line
                for name, counted in counts.items()
                for line in missed(f"{name}: statements", counted.own, bench.database)
            ],
        )
    ]


async def _count(stand: Stand, scenarios: Iterable[Scenario]) -> dict[str, Counted]:
    """Returns how many statements the first request of each scenario takes."""
    settings = Settings(database_url=stand.database_url, secret="a secret of the benchmark")
    quiet = Seams(runs="not", chores=False)
    counts = {}
    with pytest.MonkeyPatch.context() as patch:
        async with open_runtime(APP, settings, open_log(io.BytesIO(), readable=False), quiet) as runtime:
            transport = httpx.ASGITransport(app=runtime.asgi)
            texts = noted_statements(patch, outside=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://bench") as http:
                for each in scenarios:
                    await _ask(http, stand, each, texts)
                    counts[each.name] = _counted(texts)
    return counts


async def _ask(http: httpx.AsyncClient, stand: Stand, scenario: Scenario, texts: list[str]) -> None:
    """Sends a request as often as it takes; only the statements of the last time are left."""
    request = next(scenario.make(stand.data))
    headers = {"Authorization": f"Bearer {stand.tokens[scenario.caller]}", "Content-Type": "application/json"}
    for _ in range(TIMES):
        texts.clear()
        answer = await http.request(request.method, request.target, content=request.body, headers=headers)
        answer.raise_for_status()


def _counted(texts: Sequence[str]) -> Counted:
    epoch = sum(text.startswith(EPOCH) for text in texts)
    return Counted(len(texts) - epoch, epoch)


STATEMENTS = Part("statements", tuple(CHOSEN), measure_statements)
