"""Signing in with a provider of OpenID Connect, a real small one: the way there and back, and every wrong turn on it."""

import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from html import unescape
from os import environ
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Update
from fieldstone.engine.records import create_records, read_records
from fieldstone.identity.oidc.attempt import new_attempt
from fieldstone.identity.oidc.refused import Reason
from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.oidc_provider import CLIENT, SECRET
from tests.servers import free_port, started, wait_until_ready
from tests.surfaces.mails import link_in, mails
from tests.surfaces.running import ADMIN, HOST, World, browser_of, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
AUTH = "/api/v1/auth"
COOKIE = "better-auth.session_token"
LIMITS = Limits(sign_ins=10_000)
SETTINGS = Settings(limits=LIMITS, public_url=HOST, variables={"ACME_SECRET": SECRET})
APP = """\
name: house
label: The house
packages: []
auth:
  signUp: true
  emailDomains: [example.org]
  oidc:
    - {{name: acme, label: Acme, issuer: "{issuer}", clientId: {client}, clientSecret: {{env: ACME_SECRET}}}}
    - {{name: other, issuer: "{issuer}", clientId: {client}, clientSecret: {{env: ACME_SECRET}}}}
    - {{name: gone, issuer: "http://127.0.0.1:1", clientId: x}}
    - {{name: secretless, issuer: "{issuer}", clientId: x, clientSecret: {{env: NO_SUCH_SECRET}}}}
"""


class Acme:
    """The provider's process, as a test talks to it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def tell(self, **told: Any) -> None:
        httpx.post(f"{self.issuer}/told", json=told, trust_env=False).raise_for_status()

    def vouch(self, subject: str, **more: Any) -> None:
        """From now on signs somebody in whose address it has verified, unless told otherwise."""
        wrong = {
            name: more.pop(name) for name in ("userinfo", "token", "algorithm", "forged", "endless") if name in more
        }
        person = {"sub": subject, "email": f"{subject}@example.org", "email_verified": True, "name": subject.title()}
        self.tell(person=person | more, **wrong)

    def asked(self, path: str) -> int:
        """Returns how often a path of it was asked for."""
        return httpx.get(f"{self.issuer}/asked", trust_env=False).json()[path]

    def go(self, address: str) -> str:
        """Follows a browser to the provider; returns the path with which it comes back."""
        answer = httpx.get(address, trust_env=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"].removeprefix(HOST)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    port = free_port()
    log = tmp_path_factory.mktemp("acme") / "acme.log"
    command = [sys.executable, "-m", "tests.oidc_provider", str(port)]
    with started(command, {**environ, "PYTHONPATH": str(Path(__file__).parents[2])}, log) as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}/keys")
        yield Acme(f"http://127.0.0.1:{port}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(acme: Acme, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "app.yaml").write_text(APP.format(issuer=acme.issuer, client=CLIENT), encoding="utf-8")
    async with running(folder, sqlite_address(folder / "house.db"), SETTINGS) as world:
        yield world


class Browser:
    """A browser of its own, with its own cookies, that talks to the app and follows nothing by itself."""

    def __init__(self, world: World) -> None:
        self.client = browser_of(world)

    async def begin(self, provider: str = "acme", way: str = "sign-in/social", **more: str) -> httpx.Response:
        return await self.client.post(f"{AUTH}/{way}", json={"provider": provider, **more})

    async def leave(self, provider: str = "acme", **more: str) -> str:
        """Returns the provider's address to which the browser goes."""
        answer = await self.begin(provider, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json()["redirect"] is True
        address: str = answer.json()["url"]
        return address

    async def back(self, path: str) -> str:
        """Returns the page to which it is sent when it comes back."""
        answer = await self.client.get(path)
        assert answer.status_code == 302, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.headers["location"]

    async def sign_in(self, acme: Acme, provider: str = "acme", **more: str) -> str:
        return await self.back(acme.go(await self.leave(provider, **more)))

    async def who(self) -> str | None:
        """Returns the address of whoever is signed in."""
        session = (await self.client.get(f"{AUTH}/get-session")).json()
        return session["user"]["email"] if session else None


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: World) -> AsyncIterator[Browser]:
    browser = Browser(house)
    async with browser.client:
        yield browser


async def stored(house: World, name: str, *fields: str, **where: Any) -> list[dict[str, Any]]:
    return await read_records(house.runtime.door.execute, name, where, fields)


async def local_user(house: World, name: str, **values: Any) -> str:
    """Makes a user with an address and no password."""
    row = {"name": name.title(), "email": f"{name}@example.org", "email_verified": True, **values}
    return (await create_records(house.runtime.door.execute, "sys_user", [row], SYSTEM))[0]


async def test_the_config_lists_the_providers(house: World) -> None:
    config = (await house.nobody.get(f"{AUTH}/config")).json()
    assert config["socialProviders"][0] == {"id": "acme", "name": "Acme", "enabled": True, "type": "oidc"}
    assert [one["id"] for one in config["socialProviders"]] == ["acme", "other", "gone", "secretless"]


async def test_a_newcomer_gets_an_account_a_session_and_his_page(house: World, acme: Acme, browser: Browser) -> None:
    acme.vouch("nora")
    address = await browser.leave(callbackURL="/welcome?x=1")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["redirect_uri"] == f"{HOST}{AUTH}/callback/acme"
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid email profile", "S256")
    assert await browser.back(acme.go(address)) == "/welcome?x=1"
    assert await browser.who() == "nora@example.org"
    (user,) = await stored(house, "sys_user", "id", "name", "email_verified", "password", email="nora@example.org")
    assert (user["name"], user["email_verified"], user["password"]) == ("Nora", True, None)
    assert len(await stored(house, "sys_member", "id", user_id=user["id"])) == 1
    (account,) = await stored(house, "sys_account", "issuer", "subject", user_id=user["id"])
    assert account == {"issuer": acme.issuer, "subject": "nora"}


async def test_an_address_that_no_id_token_names_is_that_of_the_userinfo(
    house: World, acme: Acme, browser: Browser
) -> None:
    told = {"sub": "umay", "email": "umay@example.org", "email_verified": True, "name": "Uma of Acme"}
    acme.vouch("umay", email=None, name=None, userinfo=told)
    assert await browser.sign_in(acme) == "/"
    (user,) = await stored(house, "sys_user", "name", "email_verified", email="umay@example.org")
    assert (user["name"], user["email_verified"]) == ("Uma of Acme", True)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"sub": "nora", "email": "nora@example.org", "email_verified": True}, "invalid_token"),
        ({"email": "ulfo@example.org", "email_verified": True}, "invalid_token"),
        ([], "invalid_token"),
        ({"sub": "ulfo", "email": "ulfo@example.org"}, "email_not_verified"),
        ({"sub": "ulfo", "email": "ulfo@example.org", "email_verified": "true"}, "email_not_verified"),
        ({"sub": "ulfo"}, "email_not_verified"),
    ],
)
async def test_a_userinfo_of_somebody_else_or_without_a_verified_address_lets_nobody_in(
    acme: Acme, browser: Browser, told: Any, error: str
) -> None:
    acme.vouch("ulfo", email=None, email_verified=True, userinfo=told)
    assert await browser.sign_in(acme) == f"/?error={error}"
    assert await browser.who() is None


async def test_an_id_token_that_names_an_address_is_not_asked_about(acme: Acme, browser: Browser) -> None:
    acme.vouch("uwin", userinfo={"sub": "uwin", "email": "uwin@elsewhere.example", "email_verified": True})
    assert await browser.sign_in(acme) == "/"
    assert await browser.who() == "uwin@example.org"


async def test_who_comes_again_is_known_by_his_subject_whatever_his_address(
    house: World, acme: Acme, browser: Browser
) -> None:
    acme.vouch("otto")
    await browser.sign_in(acme)
    acme.vouch("otto", email="somebody@else.example", email_verified=False)
    again = Browser(house)
    async with again.client:
        assert await again.sign_in(acme) == "/"
        assert await again.who() == "otto@example.org"
    acme.vouch("another", email="otto@example.org")
    assert await browser.sign_in(acme) == "/?error=account_not_linked"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"token": {"iss": "https://evil.example"}}, "invalid_token"),
        ({"token": {"aud": "another-client"}}, "invalid_token"),
        ({"token": {"aud": [CLIENT, "another-client"]}}, "invalid_token"),
        ({"token": {"aud": [CLIENT, "another"], "azp": "another"}}, "invalid_token"),
        ({"token": {"azp": "another-client"}}, "invalid_token"),
        ({"token": {"exp": 1_600_000_000}}, "invalid_token"),
        ({"token": {"iat": 1_600_000_000}}, "invalid_token"),
        ({"token": {"iat": time.time() + 4000, "exp": time.time() + 9000}}, "invalid_token"),
        ({"token": {"nbf": time.time() + 4000}}, "invalid_token"),
        ({"token": {"nonce": "swapped"}}, "invalid_token"),
        ({"token": {"nonce": None}}, "invalid_token"),
        ({"token": {"sub": ""}}, "invalid_token"),
        ({"algorithm": "none"}, "invalid_token"),
        ({"algorithm": "HS256"}, "invalid_token"),
        ({"forged": True}, "invalid_token"),
        ({"endless": True}, "provider_unavailable"),
        ({"email_verified": False}, "email_not_verified"),
        ({"email_verified": "true"}, "email_not_verified"),
        ({"email": None}, "email_not_verified"),
        ({"email": "wrong@elsewhere.example"}, "domain_not_allowed"),
        ({"email": "no address"}, "domain_not_allowed"),
    ],
)
async def test_what_does_not_hold_lands_on_the_error_page_and_makes_nobody(
    house: World, acme: Acme, browser: Browser, told: dict[str, Any], reason: Reason
) -> None:
    before = len(await stored(house, "sys_user", "id"))
    acme.vouch("wrong", **told)
    landed = await browser.sign_in(acme, callbackURL="/welcome", errorCallbackURL="/oops?from=acme")
    assert landed == f"/oops?from=acme&error={reason}"
    assert await browser.who() is None
    assert len(await stored(house, "sys_user", "id")) == before


@pytest.mark.parametrize("audience", [[CLIENT], [CLIENT, "another"]])
async def test_a_token_for_several_is_taken_when_this_app_is_its_party(
    acme: Acme, browser: Browser, audience: list[str]
) -> None:
    acme.vouch("aude", token={"aud": audience, "azp": CLIENT})
    assert await browser.sign_in(acme) == "/"


async def test_a_refusal_at_the_provider_is_told_in_our_words(house: World, acme: Acme, browser: Browser) -> None:
    acme.tell(denying=True)
    assert await browser.sign_in(acme) == "/?error=access_denied"
    assert house.log[-2]["event"] == "oidc_refused"


async def test_a_code_and_its_state_work_once(house: World, acme: Acme, browser: Browser) -> None:
    acme.vouch("once")
    address = await browser.leave()
    kept = dict(browser.client.cookies)
    path = acme.go(address)
    assert await browser.back(path) == "/"
    browser.client.cookies.clear()
    browser.client.cookies.update(kept)
    assert await browser.back(path) == "/?error=state_mismatch"
    assert await browser.back(acme.go(address)) == "/?error=state_mismatch"
    assert await browser.who() is None


async def test_what_another_browser_began_does_not_end_here(house: World, acme: Acme, browser: Browser) -> None:
    """A page that makes somebody come back with the code of an attacker must not sign him in as the attacker."""
    acme.vouch("mallory")
    attacker = Browser(house)
    async with attacker.client:
        path = acme.go(await attacker.leave())
    assert await browser.back(path) == "/?error=state_mismatch"
    await browser.leave()
    assert await browser.back(path) == "/?error=state_mismatch"
    assert await browser.who() is None


async def test_an_answer_for_another_provider_or_of_another_issuer_is_refused(acme: Acme, browser: Browser) -> None:
    acme.vouch("mixed")
    path = acme.go(await browser.leave())
    assert await browser.back(path.replace("/callback/acme", "/callback/other")) == "/?error=state_mismatch"
    path = acme.go(await browser.leave())
    foreign = path.partition("&iss=")[0] + "&iss=https://evil.example"
    assert await browser.back(foreign) == "/?error=state_mismatch"


@pytest.mark.parametrize("path", ["/callback/acme", "/callback/acme?state=x&code=y", "/callback/nobody?state=x"])
async def test_coming_back_from_nowhere_leads_home_with_an_error(browser: Browser, path: str) -> None:
    assert await browser.back(AUTH + path) == "/?error=state_mismatch"


async def test_an_attempt_cannot_be_made_up(acme: Acme, browser: Browser) -> None:
    acme.vouch("late")
    path = acme.go(await browser.leave())
    content, _, signature = browser.client.cookies["better-auth.oidc"].partition(".")
    browser.client.cookies.clear()
    browser.client.cookies.set("better-auth.oidc", f"{content[:-4]}AAAA.{signature}")
    assert await browser.back(path) == "/?error=state_mismatch"


async def test_an_attempt_is_over_after_ten_minutes() -> None:
    attempt = new_attempt("acme", "/", "/", None, "2026-03-01T08:00:00.000Z")
    assert attempt.is_of("acme", attempt.state, "2026-03-01T08:09:59.999Z")
    assert not attempt.is_of("acme", attempt.state, "2026-03-01T08:10:00.000Z")


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:x"])
async def test_nobody_is_sent_on_to_another_site(browser: Browser, page: str) -> None:
    error_of(await browser.begin(callbackURL=page), 400, "VALIDATION_ERROR")
    error_of(await browser.begin(errorCallbackURL=page), 400, "VALIDATION_ERROR")


async def test_a_session_is_new_whatever_the_browser_brought(house: World, acme: Acme, browser: Browser) -> None:
    acme.vouch("fixed")
    browser.client.cookies.set(COOKIE, "chosen-by-somebody-else")
    await browser.sign_in(acme)
    tokens = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == COOKIE]
    assert [token for token in tokens if token != "chosen-by-somebody-else"]
    assert not [row for row in await stored(house, "sys_session", "token_hash") if "chosen" in row["token_hash"]]


async def test_a_suspended_user_is_not_let_in(house: World, acme: Acme, browser: Browser) -> None:
    acme.vouch("sue")
    await browser.sign_in(acme)
    (user,) = await stored(house, "sys_user", "id", email="sue@example.org")
    await house.runtime.door.execute(Update("sys_user", user["id"], {"active": False}), SYSTEM)
    assert await browser.sign_in(acme) == "/?error=account_not_active"
    assert await browser.who() is None
    await local_user(house, "sid", active=False)
    acme.vouch("sid")
    assert await browser.sign_in(acme) == "/?error=account_not_active"


async def test_a_verified_address_links_once_and_an_unverified_one_never(
    house: World, acme: Acme, browser: Browser
) -> None:
    await local_user(house, "vera")
    await local_user(house, "uma", email_verified=False)
    acme.vouch("uma")
    assert await browser.sign_in(acme) == "/?error=account_not_linked"
    acme.vouch("vera-1", email="vera@example.org", email_verified=False)
    assert await browser.sign_in(acme) == "/?error=email_not_verified"
    acme.vouch("vera-1", email="Vera@Example.org")
    assert await browser.sign_in(acme) == "/"
    assert await browser.who() == "vera@example.org"


async def test_a_second_account_is_linked_by_whoever_is_signed_in_and_unlinked_again(
    house: World, acme: Acme, browser: Browser
) -> None:
    acme.vouch("lin")
    await browser.sign_in(acme)
    acme.vouch("lin-at-work", email="lin@work.example", email_verified=False)
    assert await browser.sign_in(acme, way="link-social", callbackURL="/account") == "/account"
    listed = (await browser.client.get(f"{AUTH}/list-accounts")).json()
    assert [(one["providerId"], one["accountId"]) for one in listed] == [("acme", "lin"), ("acme", "lin-at-work")]
    async with Browser(house).client as client:
        other = Browser(house)
        other.client = client
        client.headers["Origin"] = HOST
        assert await other.sign_in(acme) == "/"
        assert await other.who() == "lin@example.org"
    body = {"providerId": "acme", "accountId": "lin"}
    assert (await browser.client.post(f"{AUTH}/unlink-account", json=body)).json() == {"status": True}
    error_of(await browser.client.post(f"{AUTH}/unlink-account", json=body), 404, "NOT_FOUND")
    error_of(await browser.client.post(f"{AUTH}/unlink-account", json={"providerId": "acme"}), 409, "CONFLICT")


async def test_linking_needs_the_session_that_began_it(house: World, acme: Acme, browser: Browser) -> None:
    error_of(await browser.begin(way="link-social"), 401, "UNAUTHENTICATED")
    acme.vouch("lea")
    await browser.sign_in(acme)
    acme.vouch("lea-2")
    path = acme.go(await browser.leave(way="link-social"))
    await browser.client.post(f"{AUTH}/sign-out")
    assert await browser.back(path) == "/?error=state_mismatch"
    acme.vouch("max")
    await browser.sign_in(acme)
    acme.vouch("lea")
    assert await browser.sign_in(acme, way="link-social") == "/?error=account_linked_elsewhere"


async def test_a_second_factor_is_asked_for_after_the_provider_too(house: World, acme: Acme, browser: Browser) -> None:
    await local_user(house, "tess", two_factor_enabled=True)
    acme.vouch("tess")
    assert await browser.sign_in(acme, callbackURL="/in") == "/signin?step=code&callbackURL=%2Fin"
    assert await browser.who() is None
    assert browser.client.cookies["better-auth.two_factor"]


async def test_the_page_leads_to_the_provider_without_a_script(acme: Acme, browser: Browser) -> None:
    acme.vouch("paige")
    left = await browser.client.post("/signin/provider", data={"provider": "acme", "callbackURL": "/in"})
    (address,) = re.findall(r'content="0;url=([^"]+)"', left.text)
    assert await browser.back(acme.go(unescape(address))) == "/in"
    assert await browser.who() == "paige@example.org"


async def test_keys_are_rotated_without_a_restart(house: World, acme: Acme, browser: Browser) -> None:
    acme.vouch("rota")
    assert await browser.sign_in(acme) == "/"
    provider = house.runtime.room.oidc.providers["acme"]
    provider._looked_at = -1000.0
    acme.tell(person={"sub": "rota"}, rotate=True)
    assert await browser.sign_in(acme) == "/"
    before = acme.asked("/keys")
    acme.tell(person={"sub": "rota"}, rotate=True)
    assert [await browser.sign_in(acme) for _ in range(2)] == ["/?error=invalid_token"] * 2
    assert acme.asked("/keys") == before
    provider._looked_at = -1000.0
    assert await browser.sign_in(acme) == "/"


async def test_a_provider_that_is_down_is_told_as_such(acme: Acme, browser: Browser) -> None:
    error_of(await browser.begin("gone"), 503, "SERVICE_UNAVAILABLE")
    error_of(await browser.begin("secretless"), 503, "SERVICE_UNAVAILABLE")
    acme.vouch("dora")
    path = acme.go(await browser.leave())
    acme.tell(down=True)
    assert await browser.back(path) == "/?error=provider_unavailable"


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "http://user@127.0.0.1/"},
        {"token_endpoint": 7},
    ],
)
async def test_a_discovery_document_leads_nowhere_else(
    house: World, acme: Acme, browser: Browser, said: dict[str, Any]
) -> None:
    house.runtime.room.oidc.providers["other"]._discovery = None
    acme.tell(discovery=said)
    error_of(await browser.begin("other"), 503, "SERVICE_UNAVAILABLE")


async def test_an_unknown_provider_is_refused_with_the_nearest_name(browser: Browser) -> None:
    error = error_of(await browser.begin("acne"), 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Did you mean `acme`?"


async def test_an_invitation_admits_its_address_by_a_provider_too(acme: Acme, tmp_path: Path) -> None:
    closed = APP.format(issuer=acme.issuer, client=CLIENT).replace("signUp: true", "signUp: false")
    (tmp_path / "app.yaml").write_text(closed.replace("[example.org]", "[elsewhere.example]"), encoding="utf-8")
    async with running(tmp_path, sqlite_address(tmp_path / "house.db"), SETTINGS) as world:
        browser = Browser(world)
        async with browser.client:
            acme.vouch("ines")
            assert await browser.sign_in(acme) == "/?error=signup_disabled"
            admin = await world.person(ADMIN)
            asked = {"email": "ines@example.org"}
            assert (await admin.ask("POST", f"{AUTH}/organization/invite-member", asked)).status_code == 200
            assert await browser.sign_in(acme) == "/"
            assert (await browser.client.get(f"{AUTH}/organization/list")).json() == []
            (mail,) = (await mails(world)).values()
            (token,) = parse_qs(urlsplit(link_in(mail)).query)["invitationId"]
            taken = await browser.client.post(f"{AUTH}/organization/accept-invitation", json={"invitationId": token})
            assert taken.json()["member"]["role"] == "member"
            acme.vouch("igor")
            again = Browser(world)
            async with again.client:
                assert await again.sign_in(acme) == "/?error=signup_disabled"
