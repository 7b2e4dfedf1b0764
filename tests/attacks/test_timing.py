"""Timing: an invisible record takes the way of an absent one, statement by statement, and so the same time.

What is compared is what the database is asked; the clock is asked once, on the shortest way, where a difference would show most.
"""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import msgspec
import pytest

from fieldstone.proof.stage import ABSENT
from fieldstone.proof.wire import Answer
from tests.attacks.siege import Siege
from tests.statements import noted_statements

pytestmark = pytest.mark.asyncio(loop_scope="session")
MEMO = "/api/v1/data/memo"
ROUNDS, TRIES, MOST = 150, 6, 1.2
"""How often each is asked, how often the whole is tried, and how far the medians may lie apart in the best try."""


class Asked(msgspec.Struct, frozen=True):
    """A request about an id, which stands as `ID` in it."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = {}


WAYS = (
    Asked("GET", f"{MEMO}/ID"),
    Asked("HEAD", f"{MEMO}/ID"),
    Asked("GET", f"{MEMO}/ID", headers={"If-None-Match": "*"}),
    Asked("GET", f"{MEMO}/ID/history"),
    Asked("GET", f"{MEMO}/ID/shares"),
    Asked("PATCH", f"{MEMO}/ID", {"title": "mine"}),
    Asked("PATCH", f"{MEMO}/ID", {"title": "mine"}, {"If-Match": "9"}),
    Asked("DELETE", f"{MEMO}/ID"),
    Asked("POST", f"{MEMO}/ID/clone", {}),
    Asked("POST", f"{MEMO}/ID/restore", {"version": 1}),
    Asked("POST", f"{MEMO}/ID/restore"),
    Asked("POST", f"{MEMO}/ID/shares", {"recipientId": ABSENT}),
    Asked("POST", f"{MEMO}/query", {"where": {"id": "ID"}}),
    Asked("POST", f"{MEMO}/query", {"where": {"answers.id": "ID"}}),
    Asked("POST", MEMO, {"title": "fresh", "answers": "ID"}),
    Asked("POST", f"{MEMO}/batch", {"operation": "update", "records": [{"id": "ID", "data": {"title": "mine"}}]}),
    Asked("POST", "/api/v1/data/line", {"title": "fresh", "memo": "ID"}),
)


async def ask(siege: Siege, asked: Asked, record_id: str, who: str = "tom") -> Answer:
    """Asks about an id."""
    body = msgspec.json.decode(msgspec.json.encode(asked.body).replace(b'"ID"', f'"{record_id}"'.encode()))
    headers = {**siege.stage.mounts[0].headers(siege.stage.people[who]), **asked.headers}
    answer = await siege.stage.send(asked.method, asked.path.replace("ID", record_id), headers=headers, body=body)
    siege.stage.effect()
    return answer


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of all statements that a database is asked, in their order."""
    return noted_statements(monkeypatch, within=("read", "look", "write", "write_and_tell", "run_alone"), outside=True)


async def the_ways_are_the_same(siege: Siege, statements: list[str]) -> None:
    invisible, far = (siege.stage.ids[name][1] for name in ("of_sue", "far_memo"))
    for asked in WAYS:
        for record_id in (ABSENT, invisible):  # what is asked of a shape for the first time is prepared
            await ask(siege, asked, record_id)
        ways: list[list[str]] = []
        for record_id in (ABSENT, invisible, far):
            statements.clear()
            answer = await ask(siege, asked, record_id)
            assert answer.status < 500
            ways.append(list(statements))
        assert ways[0], f"{asked} asked the database nothing"
        assert ways[0] == ways[1] == ways[2], asked


async def test_an_invisible_record_is_asked_for_by_the_statements_of_an_absent_one(
    siege: Siege, statements: list[str]
) -> None:
    await the_ways_are_the_same(siege, statements)


async def test_an_invisible_record_is_asked_for_on_postgresql_by_the_statements_of_an_absent_one(
    postgres_siege: Siege, statements: list[str]
) -> None:
    await the_ways_are_the_same(postgres_siege, statements)


async def test_whoever_may_goes_other_ways(siege: Siege, statements: list[str]) -> None:
    """The twin of the tests above: where the record is seen, a change, a clone and a share ask the database more."""
    invisible = siege.stage.ids["of_sue"][1]
    for asked in (WAYS[5], WAYS[7], WAYS[8]):
        lengths = []
        for record_id in (ABSENT, invisible):
            statements.clear()
            await ask(siege, asked, record_id, "kim")
            lengths.append(len(statements))
        assert lengths[0] < lengths[1], asked


async def test_an_invisible_record_takes_the_time_of_an_absent_one(siege: Siege) -> None:
    invisible = siege.stage.ids["of_sue"][1]
    best = float("inf")
    for _ in range(TRIES):
        times: dict[str, list[float]] = {ABSENT: [], invisible: []}
        for _ in range(ROUNDS):
            for record_id, taken in times.items():
                started = time.perf_counter()
                await ask(siege, WAYS[0], record_id)
                taken.append(time.perf_counter() - started)
        medians = sorted(median(taken) for taken in times.values())
        best = min(best, medians[1] / medians[0])
        if best < MOST:
            return
    raise AssertionError(f"the medians lie {best:.2f} times apart")
