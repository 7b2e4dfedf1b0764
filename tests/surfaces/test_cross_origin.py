"""Pages of other origins: those that `cors` names may call, those that it names with `credentials` may act with the cookie."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.databases import sqlite_address
from tests.surfaces.running import DATA, PASSWORD, WORLD, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
DESK, EVIL = "https://desk.example.org", "https://evil.example.org"
MIA = {"email": "mia@world.example", "password": PASSWORD}
ALLOW, ASKED = "access-control-allow-origin", "Access-Control-Request-Headers"


def app_with(folder: Path, cors: str) -> Path:
    """Writes the world's app with `cors` in it, and returns its folder."""
    text = (WORLD / "app.yaml").read_text().replace("./", f"{WORLD}/")
    folder.mkdir()
    (folder / "app.yaml").write_text(text.replace("name: world", "name: open") + f"cors: {cors}\n")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A running world with the `cors` that the test gives, the same for all tests that give the same."""
    folder = tmp_path_factory.mktemp("open")
    async with running(app_with(folder / "app", request.param), sqlite_address(folder / "open.db")) as world:
        yield world


async def token(world: World) -> str:
    """Returns the token of a new session, and keeps no cookie."""
    person = await world.person(MIA["email"])
    return str(person.token)


def preflight(origin: str, **more: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "POST", **more}


NAMED = f"{{origins: ['{DESK}'], maxAge: 60}}"
TRUSTED = f"{{origins: ['{DESK}'], credentials: true}}"
ANYBODY = "{origins: ['*']}"
each = pytest.mark.parametrize


@each("world", [NAMED], indirect=True, scope="module")
async def test_a_preflight_of_a_named_origin_is_answered_before_anybody_is_asked_who_he_is(world: World) -> None:
    asked = {ASKED: "authorization,x-api-key"}
    for path in (f"{DATA}/customer", "/api/v1/nowhere", "/health"):
        answer = await world.nobody.ask("OPTIONS", path, headers=preflight(DESK, **asked))
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers[ALLOW] == DESK
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "authorization,x-api-key"
        assert answer.headers["access-control-max-age"] == "60"
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


@each("world", [NAMED, TRUSTED], indirect=True, scope="module")
async def test_an_origin_that_is_not_named_is_told_nothing(world: World) -> None:
    bearer = {"Authorization": f"Bearer {await token(world)}"}
    for origin in (EVIL, f"{DESK}.evil.org", f"{DESK}:444", DESK.replace("https", "http"), "null", DESK.upper(), ""):
        answer = await world.nobody.ask("OPTIONS", f"{DATA}/customer", headers=preflight(origin))
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        answer = await world.nobody.get(f"{DATA}/customer", headers={"Origin": origin} | bearer)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["vary"] == "Origin"


@each("world", [NAMED], indirect=True, scope="module")
async def test_a_named_origin_reads_answers_and_refusals(world: World) -> None:
    bearer = {"Authorization": f"Bearer {await token(world)}", "Origin": DESK}
    for path, status in ((f"{DATA}/customer", 200), (f"{DATA}/nothing", 404), ("/nowhere", 404), ("/health", 200)):
        answer = await world.nobody.get(path, headers=bearer)
        assert (answer.status_code, answer.headers[ALLOW]) == (status, DESK)
        assert "ETag" in answer.headers["access-control-expose-headers"]
    answer = await world.nobody.get(f"{DATA}/customer", headers={"Origin": DESK})
    assert (answer.status_code, answer.headers[ALLOW]) == (401, DESK)


async def write(world: World, origin: str, cookie: str) -> Any:
    headers = {"Origin": origin, "Cookie": f"better-auth.session_token={cookie}"}
    return await world.nobody.ask("POST", f"{DATA}/customer", {"name": "By cookie"}, headers=headers)


@each("world", [NAMED], indirect=True, scope="module")
async def test_without_credentials_a_named_origin_cannot_write_with_the_cookie(world: World) -> None:
    error_of(await write(world, DESK, await token(world)), 403, "PERMISSION_DENIED")


@each("world", [TRUSTED], indirect=True, scope="module")
async def test_with_credentials_a_named_origin_writes_with_the_cookie_and_no_other_does(world: World) -> None:
    cookie = await token(world)
    made = await write(world, DESK, cookie)
    assert (made.status_code, made.headers["access-control-allow-credentials"]) == (201, "true")
    for origin in (EVIL, f"{DESK}:444", "null"):
        error_of(await write(world, origin, cookie), 403, "PERMISSION_DENIED")


@each("world", [ANYBODY], indirect=True, scope="module")
async def test_every_origin_may_call_and_none_has_the_cookie(world: World) -> None:
    cookie = await token(world)
    bearer = {"Authorization": f"Bearer {cookie}", "Origin": EVIL}
    answer = await world.nobody.get(f"{DATA}/customer", headers=bearer)
    assert (answer.status_code, answer.headers[ALLOW]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers
    error_of(await write(world, EVIL, cookie), 403, "PERMISSION_DENIED")


@each("world", [NAMED], indirect=True, scope="module")
async def test_names_of_headers_that_are_none_are_not_sent_back(world: World) -> None:
    for names in ("x-api-key\r\nset-cookie: a=b", "é", "a" * 3000):
        headers = {name.encode(): text.encode() for name, text in preflight(DESK, **{ASKED: names}).items()}
        answer = await world.client.options(f"{DATA}/customer", headers=headers)
        assert answer.status_code == 204
        assert "access-control-allow-headers" not in answer.headers
