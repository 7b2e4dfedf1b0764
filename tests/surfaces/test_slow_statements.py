"""The slow-query log: which statements are in it, with their plan once in a while, and no value of a request."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from fieldstone.settings import Limits, Settings
from fieldstone.store.slow_log import object_of
from tests.surfaces.running import DATA, WORLD, World, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = Settings(slow_milliseconds=0, limits=Limits(sign_ins=10_000))
SECRET = "Sellerie-4711"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slow(module_url: str) -> AsyncIterator[World]:
    """The world, in which every statement is slow."""
    async with running(WORLD, module_url, SETTINGS) as world:
        yield world


async def _told(world: World, answer: httpx.Response) -> list[dict[str, Any]]:
    """Returns what was written down of the statements of a request."""
    await world.runtime.process.slow_log.write()
    request = answer.headers["x-request-id"]
    return [line for line in world.log if line["event"] == "slow_statement" and line.get("id") == request]


async def test_a_slow_list_is_told_with_its_object_text_rows_and_plan(slow: World) -> None:
    mia = await slow.person("mia@world.example")
    await mia.make("customer", name=SECRET)
    where = {"$and": [{"name": SECRET}, {"name": {"$eq": {"$cel": f"'{SECRET}'"}}}]}
    asked = [await mia.get(f"{DATA}/customer", params={"where": _json(where)}) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [200, 200], asked[0].text
    first, second = [(await _told(slow, answer)) for answer in asked]
    page = next(line for line in first if line["object"] == "customer" and line["sql"].startswith("SELECT"))
    assert (page["rows"], page["level"]) == (1, "warning")
    assert page["ms"] >= 0
    assert page["plan"]
    assert [line for line in second if line["sql"] == page["sql"] and "plan" not in line]
    assert SECRET not in str(slow.log)


async def test_a_slow_write_is_told_as_well(slow: World) -> None:
    mia = await slow.person("mia@world.example")
    answer = await mia.ask("POST", f"{DATA}/customer", {"name": f"{SECRET} again"})
    assert answer.status_code == 201
    told = await _told(slow, answer)
    insert = next(line for line in told if "INSERT INTO" in line["sql"] and line["object"] == "customer")
    assert insert["rows"] == 1
    assert SECRET not in str(slow.log)


async def test_a_statement_that_is_quick_is_not_told(slow: World) -> None:
    watch = slow.runtime.process.database.watch
    watch.after = 600.0
    try:
        answer = await slow.nobody.get("/ready")
        assert answer.status_code == 200
        assert await _told(slow, answer) == []
    finally:
        watch.after = 0.0
    assert await _told(slow, await slow.nobody.get("/ready"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('SELECT a, (SELECT max(b) FROM "other") FROM ticket AS ticket WHERE (x IN (SELECT y FROM z))', "ticket"),
        ('INSERT INTO "sys_event" (position) VALUES (?)', "sys_event"),
        ("UPDATE visit SET a=?", "visit"),
        ("DELETE FROM visit WHERE id = $1", "visit"),
        ("SELECT count(*) FROM (SELECT 1 FROM visit)", None),
        ("WITH made AS (INSERT INTO visit (a) VALUES ($1) RETURNING a) SELECT a FROM made", "visit"),
        ("COMMIT", None),
    ],
)
async def test_the_object_of_a_statement_is_the_table_that_it_is_about(text: str, name: str | None) -> None:
    assert object_of(text) == name


def _json(value: Any) -> str:
    return httpx.Request("POST", "http://x", json=value).content.decode()
