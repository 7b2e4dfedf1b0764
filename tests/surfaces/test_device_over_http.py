"""Letting a device in over HTTP: the device's routes in the words of OAuth 2, the user's by JSON, and the pages in a browser."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest
import pytest_asyncio

from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.running import ADMIN, HOST, PASSWORD, Person, World, browser_of, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
AUTH = "/api/v1/auth"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SETTINGS = Settings(limits=Limits(sign_ins=10_000), public_url=HOST)
APP = """\
name: house
label: The house
packages: []
auth:
  deviceClients: [{id: tool, label: "The <b>tool</b>"}]
  oidc: [{name: gone, label: Gone & Co., issuer: "http://127.0.0.1:1", clientId: x}]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "app.yaml").write_text(APP, encoding="utf-8")
    async with running(folder, sqlite_address(folder / "house.db"), SETTINGS) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(house: World) -> Person:
    return await house.person(ADMIN)


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody is signed in with; its forms come from this server's pages."""
    async with browser_of(house) as client:
        yield client


async def begin(house: World) -> dict[str, Any]:
    answer = await house.client.post(f"{AUTH}/device/code", data={"client_id": "tool"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def poll(house: World, codes: dict[str, Any], **other: str) -> httpx.Response:
    form = {"grant_type": GRANT, "device_code": codes["device_code"], "client_id": "tool"} | other
    return await house.client.post(f"{AUTH}/device/token", data=form)


async def sign_in(browser: httpx.AsyncClient, after: str = "/", password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/signin", data={"email": ADMIN, "password": password, "callbackURL": after})


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    error: str = answer.json()["error"]
    return error


async def test_a_device_is_let_in_by_json(house: World, admin: Person) -> None:
    codes = await begin(house)
    assert codes["verification_uri"] == f"{HOST}/device"
    assert (codes["expires_in"], codes["interval"]) == (900, 5)
    shown = (await admin.get(f"{AUTH}/device", params={"user_code": codes["user_code"].lower()})).json()
    assert (shown["clientId"], shown["status"], shown["scopes"]) == ("tool", "pending", None)
    answer = await admin.ask("POST", f"{AUTH}/device/approve", {"userCode": codes["user_code"]})
    assert answer.json() == {"status": True}
    error_of(await admin.ask("POST", f"{AUTH}/device/deny", {"userCode": codes["user_code"]}), 409, "CONFLICT")
    granted = (await poll(house, codes)).json()
    assert (granted["token_type"], granted["scope"]) == ("Bearer", "")
    device = Person(house.client, granted["access_token"])
    assert (await device.get("/api/v1/data/sys_user")).status_code == 200
    error_of(await device.ask("POST", f"{AUTH}/device/approve", {"userCode": "BBBB-BBBB"}), 401, "UNAUTHENTICATED")
    assert refusal(await poll(house, codes)) == "invalid_grant"


async def test_a_device_is_refused_in_the_words_of_oauth(house: World) -> None:
    codes = await begin(house)
    assert refusal(await poll(house, codes)) == "authorization_pending"
    assert refusal(await poll(house, codes)) == "slow_down"
    assert refusal(await poll(house, codes, client_id="other")) == "invalid_client"
    assert refusal(await poll(house, codes, grant_type="password")) == "unsupported_grant_type"
    assert refusal(await poll(house, codes, more="x")) == "invalid_request"
    for body in ({"client_id": "nobody"}, {"client_id": "tool", "scope": "all"}, {}):
        answer = await house.client.post(f"{AUTH}/device/code", json=body)
        assert refusal(answer) in ("invalid_client", "invalid_scope", "invalid_request")


async def test_looking_and_answering_need_a_session(house: World) -> None:
    codes = await begin(house)
    nobody = house.nobody
    error_of(await nobody.get(f"{AUTH}/device", params={"user_code": codes["user_code"]}), 401, "UNAUTHENTICATED")
    for way in ("approve", "deny"):
        body = {"userCode": codes["user_code"]}
        error_of(await nobody.ask("POST", f"{AUTH}/device/{way}", body), 401, "UNAUTHENTICATED")


async def test_from_the_link_by_the_sign_in_to_the_consent(house: World, browser: httpx.AsyncClient) -> None:
    codes = await begin(house)
    link = codes["verification_uri_complete"]
    answer = await browser.get(link)
    assert answer.status_code == 303
    asked = await browser.get(answer.headers["location"])
    (after,) = re.findall(r'name="callbackURL" value="([^"]*)"', asked.text)[:1]
    assert unescape(after) == link.removeprefix(HOST)
    assert (await sign_in(browser, unescape(after))).headers["location"] == unescape(after)
    consent = await browser.get(link)
    assert "Let The &lt;b&gt;tool&lt;/b&gt; in?" in consent.text
    assert codes["user_code"] in consent.text
    assert refusal(await poll(house, codes)) == "authorization_pending"
    form = {"user_code": codes["user_code"], "answer": "approve"}
    assert "let in" in (await browser.post("/device", data=form)).text
    assert (await browser.post("/device", data=form)).status_code == 409
    assert (await browser.get(link)).status_code == 409


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_an_answer_comes_from_this_servers_own_pages(
    house: World, browser: httpx.AsyncClient, origin: str | None
) -> None:
    codes = await begin(house)
    await sign_in(browser)
    del browser.headers["Origin"]
    headers = {} if origin is None else {"Origin": origin}
    form = {"user_code": codes["user_code"], "answer": "approve"}
    assert (await browser.post("/device", data=form, headers=headers)).status_code == 403
    assert (await browser.post("/signin", data={}, headers=headers)).status_code == 403
    body = {"userCode": codes["user_code"]}
    error_of(await browser.post(f"{AUTH}/device/approve", json=body, headers=headers), 403, "PERMISSION_DENIED")
    assert refusal(await poll(house, codes)) == "authorization_pending"


async def test_who_turns_a_device_away_is_believed(house: World, browser: httpx.AsyncClient) -> None:
    codes = await begin(house)
    await sign_in(browser)
    form = {"user_code": codes["user_code"].lower(), "answer": "deny"}
    assert "turned away" in (await browser.post("/device", data=form)).text
    assert refusal(await poll(house, codes)) == "access_denied"


async def test_a_code_that_there_is_not_is_asked_for_again(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/device", data={"user_code": "BBBB-BBBB"})).status_code == 303
    await sign_in(browser)
    for code in ("BBBB-BBBB", "no code", "<script>"):
        answer = await browser.get("/device", params={"user_code": code})
        assert answer.status_code == 404
        assert "No device waits under this code." in answer.text
    assert (await browser.get("/device")).status_code == 200


async def test_a_wrong_password_shows_the_page_again_and_says_no_more_than_the_api(browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, password='"><script>')
    assert answer.status_code == 401
    assert "The e-mail address or the password is not right." in answer.text
    assert "<script>" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_second_step_needs_its_challenge(browser: httpx.AsyncClient) -> None:
    assert "authenticator" in (await browser.get("/signin", params={"step": "code"})).text
    for code in ("123456", "a backup code"):
        answer = await browser.post("/signin/code", data={"code": code})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("after", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_the_sign_in_page_leads_to_no_other_site(browser: httpx.AsyncClient, after: str) -> None:
    assert "evil" not in (await browser.get("/signin", params={"callbackURL": after})).text
    assert (await sign_in(browser, after)).headers["location"] == "/"


async def test_the_page_offers_providers_and_says_when_one_is_down(browser: httpx.AsyncClient) -> None:
    shown = await browser.get("/signin", params={"error": "<b>access"})
    assert "Sign in with Gone &amp; Co." in shown.text
    assert "Signing in did not work." in shown.text
    answer = await browser.post("/signin/provider", data={"provider": "gone", "callbackURL": "/"})
    assert answer.status_code == 503
    assert "The provider cannot be reached." in answer.text


async def test_pages_run_nothing_and_are_neither_framed_nor_kept(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/signin")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for path, method, status in (
        ("/signin/nowhere", "GET", 404),
        ("/signin/code", "GET", 405),
        ("/device", "PUT", 405),
    ):
        answer = await browser.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert (await browser.post("/signin", json={})).status_code == 415
