"""The pages that mails lead to, in a browser: a new password, an invitation; and the second step of a sign-in."""

import re
import time
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from fieldstone.identity.bootstrap import Account, create_account
from fieldstone.identity.totp import SECONDS, code_at
from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.mails import link_in, mails
from tests.surfaces.running import ADMIN, HOST, PASSWORD, Person, World, browser_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
AUTH = "/api/v1/auth"
SETTINGS = Settings(limits=Limits(sign_ins=10_000), public_url=HOST)
APP = "name: house\nlabel: The house\npackages: []\n"
NEW = "another password"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An app with its own pages, where nobody signs up."""
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


async def latest(house: World, to: str) -> str:
    """Returns the link in the latest mail to somebody, as a path."""
    await house.runtime.room.means.errands.settled()
    link = link_in([mail for mail in (await mails(house)).values() if mail["to"] == to][-1])
    assert link.startswith(HOST)
    return link.removeprefix(HOST)


async def made(admin: Person, name: str) -> str:
    """Makes a user and returns his address."""
    email = f"{name}@example.org"
    await admin.make("sys_user", name=name.title(), email=email, password=PASSWORD)
    return email


def hidden(page: httpx.Response, name: str) -> str:
    """Returns what a form of a page sends along unseen."""
    assert page.status_code == 200, page.text
    return unescape(re.findall(rf'name="{name}" value="([^"]*)"', page.text)[0])


async def signs_in(browser: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/signin", data={"email": email, "password": password, "callbackURL": "/in"})


async def invited(house: World, admin: Person, email: str, **more: str) -> str:
    """Asks somebody into the organisation; returns the path of the link in his mail."""
    answer = await admin.ask("POST", f"{AUTH}/organization/invite-member", {"email": email, **more})
    assert answer.status_code == 200, answer.text
    return await latest(house, email)


async def test_from_forgotten_by_the_mail_to_a_new_password(
    house: World, admin: Person, browser: httpx.AsyncClient
) -> None:
    email = await made(admin, "ann")
    assert 'href="/reset-password"' in (await browser.get("/signin")).text
    assert "Send it" in (await browser.get("/reset-password")).text
    told = await browser.post("/reset-password", data={"email": email})
    assert (told.status_code, "on its way" in told.text) == (200, True)
    link = await browser.get(await latest(house, email))
    assert link.headers["location"].startswith("/reset-password?token=")
    token = hidden(await browser.get(link.headers["location"]), "token")
    short = await browser.post("/reset-password", data={"token": token, "password": "short"})
    assert (short.status_code, "Choose it" in short.text, 'role="alert"' in short.text) == (400, True, True)
    assert "is new" in (await browser.post("/reset-password", data={"token": token, "password": NEW})).text
    again = await browser.post("/reset-password", data={"token": token, "password": PASSWORD})
    assert (again.status_code, "Send it" in again.text) == (400, True)
    assert (await browser.get(link.headers["location"])).status_code == 400
    assert (await signs_in(browser, email)).status_code == 401
    assert (await signs_in(browser, email, NEW)).headers["location"] == "/in"


async def test_nobody_learns_from_the_page_who_has_an_account(admin: Person, browser: httpx.AsyncClient) -> None:
    email = await made(admin, "bob")
    known, unknown = [
        await browser.post("/reset-password", data={"email": one}) for one in (email, "nobody@example.org")
    ]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    spoiled = await browser.get("/reset-password", params={"error": "INVALID_TOKEN"})
    assert "Ask for another" in spoiled.text


async def test_a_stranger_makes_an_account_by_his_invitation(
    house: World, admin: Person, browser: httpx.AsyncClient
) -> None:
    link = await invited(house, admin, "eva@example.org")
    shown = await browser.get(link)
    assert "invites eva@example.org to join The house" in unescape(shown.text)
    form = {"invitationId": hidden(shown, "invitationId"), "answer": "account", "name": "Eva"}
    short = await browser.post("/accept-invitation", data={**form, "password": "short"})
    assert (short.status_code, "Make an account" in short.text) == (400, True)
    foreign = await browser.post(
        "/accept-invitation", data={**form, "password": NEW}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    joined = await browser.post("/accept-invitation", data={**form, "password": NEW, "email": "eve@example.org"})
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    session = (await browser.get(f"{AUTH}/get-session")).json()
    assert (session["user"]["email"], session["user"]["emailVerified"]) == ("eva@example.org", True)
    assert session["session"]["activeOrganizationId"] == house.runtime.organization_id
    assert (await browser.get(link)).status_code == 400
    assert (await signs_in(browser, "eva@example.org", NEW)).status_code == 303


@pytest.mark.parametrize(("answer", "joins"), [("accept", True), ("reject", False)])
async def test_whoever_has_an_account_signs_in_first_and_answers_by_a_button(
    house: World, admin: Person, browser: httpx.AsyncClient, answer: str, joins: bool
) -> None:
    email = f"tom{answer}@example.org"
    created = await admin.ask("POST", f"{AUTH}/organization/create", {"name": answer.title(), "slug": answer})
    account = Account(email, PASSWORD, "Tom", verified=True)
    await create_account(house.runtime.door.execute, account, house.runtime.organization_id)
    link = await invited(house, admin, email)
    first = await browser.get(link)
    assert "Make an account" not in first.text
    again = re.findall(r'href="(/signin[^"]*)"', first.text)[0]
    assert hidden(await browser.get(unescape(again)), "callbackURL") == link
    await signs_in(browser, ADMIN)
    assert f"You are signed in as {ADMIN}." in (await browser.get(link)).text
    token = hidden(await browser.get(unescape(again)), "callbackURL").partition("=")[2]
    stranger = await browser.post("/accept-invitation", data={"invitationId": token, "answer": answer})
    assert stranger.status_code == 400
    await signs_in(browser, email)
    form = {"invitationId": hidden(await browser.get(link), "invitationId"), "answer": answer}
    assert (await browser.post("/accept-invitation", data=form)).status_code == (303 if joins else 200)
    listed = (await browser.get(f"{AUTH}/organization/list")).json()
    assert (created.json()["id"] in {one["id"] for one in listed}) is joins
    await admin.ask("POST", f"{AUTH}/organization/set-active", {"organizationId": house.runtime.organization_id})


async def test_the_second_step_is_taken_on_the_page_by_either_code(admin: Person, browser: httpx.AsyncClient) -> None:
    email = await made(admin, "ida")
    await signs_in(browser, email)
    headers = {"Origin": HOST}
    enrolled = (await browser.post(f"{AUTH}/two-factor/enable", json={"password": PASSWORD}, headers=headers)).json()
    secret = parse_qs(urlsplit(enrolled["totpURI"]).query)["secret"][0]
    step = int(time.time()) // SECONDS
    confirmed = await browser.post(f"{AUTH}/two-factor/verify-totp", json={"code": code_at(secret, step - 1)})
    assert confirmed.status_code == 200
    for code in (code_at(secret, step), enrolled["backupCodes"][0]):
        browser.cookies.clear()
        asked = await signs_in(browser, email)
        assert asked.headers["location"] == "/signin?step=code&callbackURL=%2Fin"
        wrong = await browser.post("/signin/code", data={"code": "no code", "callbackURL": "/in"})
        assert wrong.status_code == 401
        passed = await browser.post("/signin/code", data={"code": code, "callbackURL": "/in"})
        assert (passed.status_code, passed.headers["location"]) == (303, "/in")
        assert (await browser.get(f"{AUTH}/get-session")).json()["user"]["email"] == email
