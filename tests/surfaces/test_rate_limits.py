"""Rate limits over HTTP: classes, whose bucket is whose, headers, the dialects' errors, and what the OpenAPI document says."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from fieldstone.app_catalog import load_catalog
from fieldstone.app_process import Seams
from fieldstone.errors import DeclarationError
from fieldstone.settings import Settings
from fieldstone.surfaces.http.proxies import client_key
from tests.databases import PostgresServer, sqlite_address
from tests.identity.hasher import CountingHasher
from tests.surfaces.running import ADMIN, DATA, PASSWORD, WORLD, Person, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = Settings(trusted_proxies=("127.0.0.0/8",))
SIGN_IN = "/api/v1/auth/sign-in"
TICKETS = f"{DATA}/ticket"
PARTNER = "/partner/v2"
SURFACES = "surfaces: {apis: [v1, partner, dressed]}\n"


def limited(folder: Path, limits: str, **pairs: str) -> Path:
    """Writes an app like the world's with limits of its own and returns its folder."""
    app = folder / "world"
    shutil.copytree(WORLD, app)
    declared = (app / "app.yaml").read_text()
    assert SURFACES in declared
    surfaces = f"surfaces:\n  apis: [v1, partner, dressed]\n  rateLimits:\n    {limits}\n"
    (app / "app.yaml").write_text(declared.replace(SURFACES, surfaces))
    partner = app / "partner" / "partner.api.yaml"
    text = partner.read_text()
    for before, after in pairs.items():
        assert before in text
        text = text.replace(before, after)
    partner.write_text(text)
    return app


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def few_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database for the world of few requests."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("few") / "few.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def few(few_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The world where three requests an hour go through, and fifty sign-ins from one address."""
    limits = "default: {requests: 3, per: 3600}\n    auth: {requests: 50, per: 3600, by: address, exact: true}"
    seldom = {
        "idempotency:": "rateLimits: {seldom: {requests: 1, per: 3600, by: user}}\nidempotency:",
        "{id: get_ticket, ": "{id: get_ticket, rateLimit: seldom, ",
    }
    async with running(limited(tmp_path_factory.mktemp("app"), limits, **seldom), few_url, SETTINGS) as world:
        yield world


def standing(answer: httpx.Response) -> tuple[int, int]:
    """Returns the limit and what is left of it."""
    return int(answer.headers["ratelimit-limit"]), int(answer.headers["ratelimit-remaining"])


async def test_each_user_has_a_bucket_of_his_own_and_each_key_too(few: World) -> None:
    ann, mia = [await few.person(f"{name}@world.example") for name in ("ann", "mia")]
    key = (await ann.ask("POST", "/api/v1/keys", {"name": "a key"})).json()["key"]
    seen = [await ann.get(TICKETS) for _ in range(3)]
    assert [answer.status_code for answer in seen] == [200, 200, 429]
    assert [standing(answer) for answer in seen] == [(3, 1), (3, 0), (3, 0)]
    error = error_of(seen[2], 429, "RATE_LIMITED")
    assert 1190 <= error["details"]["retryAfter"] <= 1200
    assert seen[2].headers["retry-after"] == str(error["details"]["retryAfter"])
    assert 3590 <= int(seen[2].headers["ratelimit-reset"]) <= 3600
    assert standing(await mia.get(TICKETS)) == (3, 2)
    assert standing(await Person(few.client, key).get(TICKETS)) == (3, 2)
    again = await few.person("ann@world.example")
    assert (await again.get(TICKETS)).status_code == 429


async def test_nobody_is_counted_by_his_address_and_a_network_of_ipv6_as_one(few: World) -> None:
    def by(address: str) -> dict[str, str]:
        return {"X-Forwarded-For": address}

    path = "/api/v1/discovery"
    for number in range(3):
        answer = await few.nobody.get(path, headers=by(f"2001:db8:0:1::{number}"))
        assert (answer.status_code, standing(answer)) == (200, (3, 2 - number))
    assert (await few.nobody.get(path, headers=by("2001:db8:0:1:ffff::1"))).status_code == 429
    assert (await few.nobody.get(path, headers=by("2001:db8:0:2::1"))).status_code == 200
    assert (await few.nobody.get(path, headers=by("198.51.100.1, 2001:db8:0:1::9"))).status_code == 429


async def test_who_shows_what_does_not_hold_is_counted_by_his_address(few: World) -> None:
    headers = {"X-Forwarded-For": "192.0.2.44"}
    stranger = Person(few.client, "no session at all")
    seen = [(await stranger.get(TICKETS, headers=headers)).status_code for _ in range(4)]
    assert seen == [401, 401, 401, 429]


async def test_a_class_of_another_dialect_is_its_own_and_is_told_in_its_shape(few: World) -> None:
    tom = await few.person("mia@world.example")
    key = (await tom.ask("POST", "/api/v1/keys", {"name": "a key", "scopes": ["tickets:read"]})).json()["key"]
    headers = {"X-Partner-Key": key}
    found = await few.client.get(f"{PARTNER}/tickets/tk_{'0' * 26}", headers=headers)
    assert (found.status_code, standing(found)) == (404, (1, 0))
    refused = await few.client.get(f"{PARTNER}/tickets/tk_{'0' * 26}", headers=headers)
    assert refused.status_code == 429
    body = refused.json()
    assert body.keys() == {"code", "message", "details", "request_id"}
    assert (body["code"], str(body["details"]["retryAfter"])) == ("RATE_LIMITED", refused.headers["retry-after"])
    listed = await few.client.get(f"{PARTNER}/tickets", headers=headers)
    assert (listed.status_code, standing(listed)) == (200, (3, 2))


async def test_too_many_sign_ins_of_one_address_are_refused_whatever_account_they_name(tmp_path: Path) -> None:
    app = limited(tmp_path, "auth: {requests: 3, per: 60, by: address, exact: true}")
    async with running(app, sqlite_address(tmp_path / "few.db"), SETTINGS) as world:
        for number in range(3):
            sent = {"email": f"user{number}@world.example", "password": "wrong password"}
            assert (await world.nobody.ask("POST", SIGN_IN, sent)).status_code == 401
        right = {"email": ADMIN, "password": PASSWORD}
        error_of(await world.nobody.ask("POST", SIGN_IN, right), 429, "RATE_LIMITED")
        error_of(await world.nobody.get("/api/v1/auth/verify-email?token=x"), 429, "RATE_LIMITED")
        other = await world.nobody.ask("POST", SIGN_IN, right, headers={"X-Forwarded-For": "192.0.2.7"})
        assert other.status_code == 200
        everything = await Person(world.client, other.json()["token"]).get(TICKETS)
        assert "ratelimit-limit" not in everything.headers


async def test_a_refused_sign_in_hashes_nothing_and_asks_no_database(tmp_path: Path) -> None:
    app = limited(tmp_path, "auth: {requests: 3, per: 3600, by: address, exact: true}")
    hasher, url = CountingHasher(), sqlite_address(tmp_path / "few.db")
    async with running(app, url, SETTINGS, Seams(hasher=hasher, runs="not")) as world:
        attempts = [{"email": f"user{number}@world.example", "password": "wrong password"} for number in range(100)]
        statuses = [(await world.nobody.ask("POST", SIGN_IN, sent)).status_code for sent in attempts[:4]]
        assert (statuses, len(hasher.checked)) == ([401, 401, 401, 429], 3)
        await world.runtime.store.close()
        statuses = [(await world.nobody.ask("POST", SIGN_IN, sent)).status_code for sent in attempts[4:]]
        assert (set(statuses), len(hasher.checked)) == ({429}, 3)


async def test_the_openapi_document_tells_of_limits_where_there_are_some(tmp_path: Path) -> None:
    async with running(WORLD, sqlite_address(tmp_path / "world.db")) as world:
        admin = await world.person(ADMIN)
        paths = (await admin.get("/api/v1/openapi.json")).json()["paths"]
    responses = paths[SIGN_IN]["post"]["responses"]
    names = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert responses["429"]["headers"].keys() == {*names, "Retry-After"}
    assert responses["200"]["headers"].keys() == names
    assert "429" not in paths[TICKETS]["get"]["responses"]


@pytest.mark.parametrize(
    ("limits", "before", "after", "told"),
    [
        ("autho: {requests: 1}", "", "", "No mounted surface has a class `autho` of rate limits."),
        ("auth: {requests: 1, by: address}", "", "", "and has no exact rate limit by address."),
        ("auth: {requests: 1, exact: true}", "", "", "and has no exact rate limit by address."),
        ("auth: {requests: 0}", "", "", "`surfaces.rateLimits.auth.requests` is 0"),
        ("default: {requests: 1, by: adress}", "", "", "address"),
        (
            "default: {requests: 1}",
            "{id: get_ticket, ",
            "{id: get_ticket, rateLimit: seldom, ",
            "There is no class `seldom` of rate limits.",
        ),
    ],
)
async def test_classes_that_are_not_there_or_too_weak_are_load_faults(
    tmp_path: Path, limits: str, before: str, after: str, told: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        load_catalog(limited(tmp_path, limits, **{before: after} if before else {}))
    assert any(told in str(fault) for fault in refused.value.faults), refused.value.faults


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
async def test_what_stands_for_an_address(address: str, key: str) -> None:
    assert client_key(address) == key
