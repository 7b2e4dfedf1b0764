"""Signing in over HTTP: cookie and bearer, who may write with a cookie, keys, sign-out and sign-up (contract section 5)."""

from pathlib import Path

import pytest

from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.running import DATA, HOST, PASSWORD, WORLD, Person, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
AUTH = "/api/v1/auth"
COOKIE = "better-auth.session_token"
MIA = {"email": "mia@world.example", "password": PASSWORD}


@pytest.fixture(autouse=True)
def no_cookies(world: World) -> None:
    world.client.cookies.clear()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/email"])
async def test_signing_in_answers_the_token_and_sets_the_cookie(world: World, path: str) -> None:
    answer = await world.nobody.ask("POST", f"{AUTH}{path}", MIA)
    body = answer.json()
    assert body.keys() == {"redirect", "token", "user"}
    assert (body["redirect"], body["user"]["email"], body["user"]["emailVerified"]) == (False, MIA["email"], False)
    assert "password" not in answer.text
    assert answer.headers["set-auth-token"] == body["token"]
    assert answer.headers["cache-control"] == "no-store"
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name == f"{COOKIE}={body['token']}"
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} < set(attributes)
    assert any(attribute.startswith("Expires=") for attribute in attributes)
    assert "Secure" not in attributes


async def test_the_cookie_is_secure_behind_tls_and_short_when_not_to_be_remembered(world: World) -> None:
    answer = await world.client.post(f"https://world.test{AUTH}/sign-in", json=MIA | {"rememberMe": False})
    cookie = answer.headers["set-cookie"]
    assert "; Secure" in cookie
    assert "Expires" not in cookie


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "x"}, {"password"}),
        ({"email": 1, "password": PASSWORD}, {"email"}),
        ({**MIA, "passwrd": "x", "rememberMe": "yes"}, {"passwrd", "rememberMe"}),
    ],
)
async def test_all_that_is_wrong_with_a_sign_in_is_told_at_once(
    world: World, body: dict[str, object], fields: set[str]
) -> None:
    error = error_of(await world.nobody.ask("POST", f"{AUTH}/sign-in", body), 400, "VALIDATION_ERROR")
    assert {fault["field"] for fault in error["details"]["fields"]} == fields
    assert PASSWORD not in str(error)


async def test_a_wrong_password_is_refused(world: World) -> None:
    answer = await world.nobody.ask("POST", f"{AUTH}/sign-in", MIA | {"password": "wrong"})
    error_of(answer, 401, "UNAUTHENTICATED")
    assert "set-cookie" not in answer.headers


async def test_the_session_is_told_to_its_holder_and_null_to_others(world: World, mia: Person) -> None:
    session = (await mia.get(f"{AUTH}/get-session")).json()
    assert session["user"]["email"] == MIA["email"]
    assert session["session"]["token"] == mia.token
    assert session["session"]["activeOrganizationId"]
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": f"{COOKIE}=nonsense"}):
        answer = await world.nobody.get(f"{AUTH}/get-session", headers=headers)
        assert (answer.status_code, answer.json()) == (200, None)


async def test_a_cookie_reads_and_writes_from_the_servers_own_pages_alone(world: World, mia: Person) -> None:
    cookie = {"Cookie": f"theme=dark; {COOKIE}={mia.token}; x=y"}
    assert (await world.nobody.get(f"{DATA}/customer", headers=cookie)).status_code == 200
    body = {"name": "By cookie"}
    foreign: tuple[dict[str, str], ...] = (
        {},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": f"{HOST}.evil.test"},
        {"Sec-Fetch-Site": "cross-site"},
    )
    for headers in foreign:
        error_of(
            await world.nobody.ask("POST", f"{DATA}/customer", body, headers=cookie | headers), 403, "PERMISSION_DENIED"
        )
    assert (await mia.get(f"{DATA}/customer?name=By cookie")).json()["total"] == 0
    for number, headers in enumerate(
        ({"Origin": HOST}, {"Origin": "https://world.test"}, {"Sec-Fetch-Site": "same-origin"})
    ):
        made = await world.nobody.ask(
            "POST", f"{DATA}/customer", {"name": f"By cookie {number}"}, headers=cookie | headers
        )
        assert made.status_code == 201


async def test_a_page_that_came_without_tls_cannot_write_where_there_is_tls(world: World, mia: Person) -> None:
    headers = {"Cookie": f"{COOKIE}={mia.token}", "Origin": HOST}
    answer = await world.client.post(f"https://world.test{DATA}/customer", json={"name": "x"}, headers=headers)
    error_of(answer, 403, "PERMISSION_DENIED")


async def test_every_answer_keeps_to_itself_in_a_browser(world: World) -> None:
    for path in ("/health", "/nowhere", f"{DATA}/customer", f"{AUTH}/config"):
        headers = (await world.nobody.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    page = (await world.nobody.get("/api/v1/docs")).headers["content-security-policy"]
    assert page.startswith("default-src 'none'; script-src 'self'")


async def test_a_bearer_token_needs_no_origin_and_wins_over_a_cookie(world: World, mia: Person) -> None:
    headers = {"Origin": "http://elsewhere.test", "Cookie": f"{COOKIE}=nonsense"}
    assert (await mia.ask("POST", f"{DATA}/customer", {"name": "By bearer"}, headers=headers)).status_code == 201


async def test_a_stale_cookie_does_not_stand_in_the_way_of_signing_in(world: World) -> None:
    answer = await world.nobody.ask("POST", f"{AUTH}/sign-in", MIA, headers={"Cookie": f"{COOKIE}=stale"})
    assert answer.status_code == 200


async def test_signing_out_ends_the_session_and_clears_the_cookie(world: World) -> None:
    person = await world.person(MIA["email"])
    answer = await person.ask("POST", f"{AUTH}/sign-out")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; Path=/; Max-Age=0")
    error_of(await person.get(f"{DATA}/customer"), 401, "UNAUTHENTICATED")
    error_of(await person.ask("POST", f"{AUTH}/sign-out"), 401, "UNAUTHENTICATED")


async def test_a_foreign_page_cannot_sign_anybody_out(world: World) -> None:
    person = await world.person(MIA["email"])
    headers = {"Cookie": f"{COOKIE}={person.token}", "Origin": "http://evil.test"}
    error_of(await world.nobody.ask("POST", f"{AUTH}/sign-out", headers=headers), 403, "PERMISSION_DENIED")
    assert (await person.get(f"{DATA}/customer")).status_code == 200


async def test_sign_up_is_switched_off_and_says_so(world: World) -> None:
    config = (await world.nobody.get(f"{AUTH}/config")).json()
    assert config["emailPassword"] == {"enabled": True, "disableSignUp": True, "requireEmailVerification": False}
    body = {"name": "New", "email": "new@world.example", "password": PASSWORD}
    error_of(await world.nobody.ask("POST", f"{AUTH}/sign-up/email", body), 403, "PERMISSION_DENIED")


async def test_sign_up_makes_an_account_where_it_is_switched_on(tmp_path: Path) -> None:
    app = tmp_path / "open"
    app.mkdir()
    text = (WORLD / "app.yaml").read_text().replace("./", f"{WORLD}/")
    (app / "app.yaml").write_text(text.replace("name: world", "name: open") + "auth: {signUp: true}\n")
    async with running(app, sqlite_address(tmp_path / "open.db")) as world:
        body = {"name": "New", "email": "new@world.example", "password": PASSWORD}
        answer = await world.nobody.ask("POST", f"{AUTH}/sign-up/email", body)
        assert (answer.status_code, answer.json()["user"]["name"]) == (200, "New")
        newcomer = Person(world.client, answer.json()["token"])
        assert (await newcomer.get(f"{AUTH}/get-session")).json()["session"]["activeOrganizationId"]
        error_of(await newcomer.get(f"{DATA}/ticket"), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("header", ["Authorization: Bearer ", "Authorization: ApiKey ", "X-Api-Key: "])
async def test_an_api_key_is_shown_once_and_works_by_every_header(world: World, mia: Person, header: str) -> None:
    answer = await mia.ask("POST", "/api/v1/keys", {"name": "script"})
    key = answer.json()
    assert (answer.status_code, key.keys()) == (201, {"id", "name", "prefix", "key"})
    assert answer.headers["cache-control"] == "no-store"
    name, _, prefix = header.partition(": ")
    assert (await world.nobody.get(f"{DATA}/ticket", headers={name: f"{prefix}{key['key']}"})).status_code == 200
    assert key["key"] not in (await mia.get(f"{DATA}/sys_api_key/{key['id']}")).text
    await mia.ask("PATCH", f"{DATA}/sys_api_key/{key['id']}", {"revoked": True})
    error_of(await world.nobody.get(f"{DATA}/ticket", headers={name: f"{prefix}{key['key']}"}), 401, "UNAUTHENTICATED")


async def test_a_key_needs_no_body_but_one_that_is_there_must_be_an_object(mia: Person) -> None:
    assert (await mia.ask("POST", "/api/v1/keys")).json()["name"] == "API key"
    error_of(await mia.ask("POST", "/api/v1/keys", []), 400, "VALIDATION_ERROR")


async def test_a_key_with_a_scope_that_nobody_asks_for_is_refused(mia: Person) -> None:
    error = error_of(
        await mia.ask("POST", "/api/v1/keys", {"name": "x", "scopes": ["ticket:read"]}), 400, "VALIDATION_ERROR"
    )
    assert "tickets:read" in str(error["details"])


async def test_attempts_to_sign_in_are_limited(tmp_path: Path) -> None:
    async with running(WORLD, sqlite_address(tmp_path / "few.db"), Settings(limits=Limits(sign_ins=2))) as world:
        wrong = MIA | {"password": "wrong"}
        statuses = [(await world.nobody.ask("POST", f"{AUTH}/sign-in", wrong)).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        answer = await world.nobody.ask("POST", f"{AUTH}/sign-in", MIA)
        error = error_of(answer, 429, "RATE_LIMITED")
        assert answer.headers["retry-after"] == str(error["details"]["retryAfter"])
