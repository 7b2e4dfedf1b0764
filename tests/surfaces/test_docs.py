"""The documentation page: from this server alone, open in development, behind a session in production."""

from pathlib import Path

import msgspec
import pytest

from fieldstone.settings import Settings
from tests.databases import sqlite_address
from tests.surfaces.running import WORLD, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True
DOCS = "/api/v1/docs"


async def test_the_page_loads_everything_from_this_server(world: World) -> None:
    page = await world.nobody.get(DOCS)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "http:" not in page.text
    assert "https:" not in page.text
    loaded = [part.split('"')[0] for mark in ('src="', 'href="') for part in page.text.split(mark)[1:]]
    assert len(loaded) == 5
    for path in loaded:
        answer = await world.nobody.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert len(answer.content) > 100


async def test_the_page_may_reach_nothing_else(world: World) -> None:
    policy = (await world.nobody.get(DOCS)).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["docs.html", "../docs.py", "..%2Fdocs.py", "index.html", "x"])
async def test_no_other_file_is_to_be_had(world: World, name: str) -> None:
    error_of(await world.nobody.get(f"{DOCS}/{name}"), 404, "NOT_FOUND")


async def test_production_shows_it_behind_a_session(tmp_path: Path) -> None:
    production = msgspec.structs.replace(Settings(), environment="production")
    async with running(WORLD, sqlite_address(tmp_path / "production.db"), production) as world:
        for path in (DOCS, f"{DOCS}/docs.js"):
            error_of(await world.nobody.get(path), 401, "UNAUTHENTICATED")
            mia = await world.person("mia@world.example")
            assert (await mia.get(path)).status_code == 200
        assert (await world.nobody.get("/api/v1/discovery")).json()["environment"] == "production"
