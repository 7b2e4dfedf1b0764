"""Accounts over HTTP in Better Auth's spelling: passwords, addresses, sign-up, and where browsers may be sent (contract section 5)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from fieldstone.errors import SettingsError
from fieldstone.settings import Limits, Settings
from tests.databases import sqlite_address
from tests.surfaces.mails import link_in, mails
from tests.surfaces.running import ADMIN, DATA, HOST, PASSWORD, Person, World, error_of, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
AUTH = "/api/v1/auth"
COOKIE = "better-auth.session_token"
SETTINGS = Settings(limits=Limits(sign_ins=10_000), public_url="https://app.example/")
OPEN = "name: house\nlabel: The house\npackages: []\nauth: {signUp: true, requireEmailVerification: true}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An app where strangers may sign up, and addresses are verified."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "app.yaml").write_text(OPEN, encoding="utf-8")
    async with running(folder, sqlite_address(folder / "house.db"), SETTINGS) as world:
        yield world


async def latest(house: World, to: str, subject: str) -> str:
    """Returns the link in the latest mail to somebody."""
    await house.runtime.room.means.errands.settled()
    found = [mail for mail in (await mails(house)).values() if mail["to"] == to and subject in mail["subject"]]
    link = link_in(found[-1])
    assert link.startswith(f"https://app.example{AUTH}/")
    return link.removeprefix("https://app.example")


async def sign_up(house: World, email: str, **more: str) -> httpx.Response:
    body = {"name": "Somebody", "email": email, "password": PASSWORD, **more}
    return await house.nobody.ask("POST", f"{AUTH}/sign-up/email", body)


async def newcomer(house: World, name: str) -> Person:
    """Signs somebody up, follows the link in the mail, and signs him in."""
    await sign_up(house, f"{name}@example.org")
    await house.nobody.get(await latest(house, f"{name}@example.org", "confirm"))
    return await house.person(f"{name}@example.org")


def comparable(answer: httpx.Response) -> tuple[int, bytes, list[str]]:
    """Returns all of an answer that could tell something."""
    return answer.status_code, answer.content, sorted(set(answer.headers) - {"x-request-id"})


async def test_what_may_be_done_is_told(house: World) -> None:
    config = (await house.nobody.get(f"{AUTH}/config")).json()
    assert config["emailPassword"] == {"enabled": True, "disableSignUp": False, "requireEmailVerification": True}
    assert config["features"].items() >= {"passwordReset": True, "emailChange": True}.items()


async def test_from_the_sign_up_by_the_mail_to_the_session(house: World) -> None:
    answer = await sign_up(house, "ann@example.org", callbackURL="/welcome?x=1")
    assert (answer.status_code, answer.json()) == (200, {"redirect": False, "token": None, "user": None})
    assert "set-cookie" not in answer.headers
    link = await latest(house, "ann@example.org", "confirm")
    credentials = {"email": "ann@example.org", "password": PASSWORD}
    error_of(await house.nobody.ask("POST", f"{AUTH}/sign-in/email", credentials), 403, "EMAIL_NOT_VERIFIED")
    answer = await house.nobody.get(link)
    assert (answer.status_code, answer.headers["location"]) == (302, "/welcome?x=1")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert (await house.nobody.ask("POST", f"{AUTH}/sign-in/email", credentials)).json()["user"]["emailVerified"]
    answer = await house.nobody.get(link)
    assert (answer.status_code, answer.headers["location"]) == (302, "/welcome?x=1&error=INVALID_TOKEN")


async def test_a_known_address_is_told_from_an_unknown_one_by_nothing(house: World) -> None:
    await newcomer(house, "known")
    for path, body in {
        "sign-up/email": {"name": "X", "password": PASSWORD},
        "forget-password": {"redirectTo": "/choose"},
        "send-verification-email": {},
    }.items():
        answers = [
            comparable(await house.nobody.ask("POST", f"{AUTH}/{path}", {**body, "email": email}))
            for email in ("known@example.org", f"unknown-{path.partition('/')[0]}@example.org", ADMIN)
        ]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 200
    await latest(house, "known@example.org", "new password")


async def test_from_a_forgotten_password_by_the_mail_to_a_new_one(house: World) -> None:
    person = await newcomer(house, "tom")
    asked = {"email": "TOM@example.org", "redirectTo": "/choose?lang=de"}
    assert (await house.nobody.ask("POST", f"{AUTH}/forget-password", asked)).json() == {"status": True}
    link = await latest(house, "tom@example.org", "new password")
    answer = await house.nobody.get(link)
    location = urlsplit(answer.headers["location"])
    assert (answer.status_code, location.netloc, location.path) == (302, "", "/choose")
    token = parse_qs(location.query)["token"][0]
    assert parse_qs(location.query)["lang"] == ["de"]
    body = {"token": token, "newPassword": "quite another horse"}
    assert (await house.nobody.ask("POST", f"{AUTH}/reset-password", body)).json() == {"status": True}
    error_of(await person.get(f"{DATA}/sys_user"), 401, "UNAUTHENTICATED")
    assert (await house.person("tom@example.org", "quite another horse")).token
    error = error_of(await house.nobody.ask("POST", f"{AUTH}/reset-password", body), 400, "VALIDATION_ERROR")
    assert error["details"]["reason"] == "INVALID_TOKEN"
    assert (await house.nobody.get(link)).headers["location"] == "/choose?lang=de&error=INVALID_TOKEN"


async def test_the_link_of_a_mail_for_a_password_leads_to_the_declared_page_unless_another_is_named(
    house: World,
) -> None:
    await newcomer(house, "pam")
    await house.nobody.ask("POST", f"{AUTH}/forget-password", {"email": "pam@example.org"})
    answer = await house.nobody.get(await latest(house, "pam@example.org", "new password"))
    assert answer.headers["location"].startswith("/reset-password?token=")


async def test_a_host_that_a_request_makes_up_is_in_no_mail(house: World) -> None:
    await newcomer(house, "eva")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    await house.nobody.ask("POST", f"{AUTH}/forget-password", {"email": "eva@example.org"}, headers=headers)
    await latest(house, "eva@example.org", "new password")
    assert "evil" not in str([mail.as_string() for mail in (await mails(house)).values()])


FOREIGN = (
    *("https://evil.example", "http:evil.example", "//evil.example", "///evil.example", "/\\evil.example"),
    *(
        "\\/evil.example",
        "/ok\\..\\x",
        "/\t/evil.example",
        "/\n/evil.example",
        " /x",
        "/x y",
        "/\x00",
        "/\x7f",
        "/ä",
        "",
        "x",
    ),
    *("javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "/" + "x" * 2001, "data:text/html,x", "@evil.example"),
)


@pytest.mark.parametrize("target", FOREIGN)
async def test_nobody_is_sent_to_another_site(house: World, admin: Person, target: str) -> None:
    asked: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("redirectTo", "forget-password", {"email": "ann@example.org"}),
        ("callbackURL", "send-verification-email", {"email": "ann@example.org"}),
        ("callbackURL", "change-email", {"newEmail": "ann2@example.org"}),
        ("callbackURL", "sign-up/email", {"email": "zoe@example.org", "name": "Zoe", "password": PASSWORD}),
    )
    for field, path, body in asked:
        error = error_of(await admin.ask("POST", f"{AUTH}/{path}", {**body, field: target}), 400, "VALIDATION_ERROR")
        assert [fault["field"] for fault in error["details"]["fields"]] == [field]


@pytest.mark.parametrize("target", FOREIGN)
async def test_a_link_with_another_site_in_it_leads_nowhere(house: World, target: str) -> None:
    for path, more in (("verify-email", {"token": "x"}), ("reset-password/x", {})):
        answer = await house.client.get(f"{AUTH}/{path}", params={"callbackURL": target, **more})
        error_of(answer, 400, "VALIDATION_ERROR")
        assert "location" not in answer.headers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(house: World) -> Person:
    return await house.person(ADMIN)


async def test_a_password_is_changed_by_whoever_knows_it(house: World) -> None:
    person = await newcomer(house, "mia")
    other = await house.person("mia@example.org")
    body = {"currentPassword": "wrong", "newPassword": "a better horse", "revokeOtherSessions": True}
    error = error_of(await person.ask("POST", f"{AUTH}/change-password", body), 400, "VALIDATION_ERROR")
    assert [fault["field"] for fault in error["details"]["fields"]] == ["currentPassword"]
    answer = await person.ask("POST", f"{AUTH}/change-password", body | {"currentPassword": PASSWORD})
    changed = answer.json()
    assert (answer.status_code, changed["user"]["email"]) == (200, "mia@example.org")
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}={changed['token']}; Path=/; Expires=")
    for ended in (person, other):
        error_of(await ended.get(f"{DATA}/sys_user"), 401, "UNAUTHENTICATED")
    again = Person(house.client, changed["token"])
    body = {"currentPassword": "a better horse", "newPassword": PASSWORD}
    answer = await again.ask("POST", f"{AUTH}/change-password", body)
    assert (answer.json()["token"], "set-cookie" in answer.headers) == (None, False)
    assert (await again.get(f"{DATA}/sys_user")).status_code == 200


async def test_an_address_is_changed_by_a_link_to_the_new_one(house: World) -> None:
    person = await newcomer(house, "leo")
    body = {"newEmail": "Leon@example.org", "callbackURL": "/account"}
    assert (await person.ask("POST", f"{AUTH}/change-email", body)).json() == {"status": True}
    link = await latest(house, "leon@example.org", "new e-mail address")
    notices = [mail for mail in (await mails(house)).values() if mail["to"] == "leo@example.org"]
    assert "about to change" in notices[-1]["subject"]
    assert (await person.get(f"{AUTH}/get-session")).json()["user"]["email"] == "leo@example.org"
    assert (await house.nobody.get(link)).headers["location"] == "/account"
    assert (await person.get(f"{AUTH}/get-session")).json()["user"]["email"] == "leon@example.org"


async def test_a_user_changes_his_name_and_picture_and_nothing_else(house: World) -> None:
    person = await newcomer(house, "kim")
    body: dict[str, Any] = {"name": "Kim", "image": "https://example.org/kim.png"}
    assert (await person.ask("POST", f"{AUTH}/update-user", body)).json() == {"status": True}
    user = (await person.get(f"{AUTH}/get-session")).json()["user"]
    assert (user["name"], user["image"]) == (body["name"], body["image"])
    await person.ask("POST", f"{AUTH}/update-user", {"image": None})
    assert (await person.get(f"{AUTH}/get-session")).json()["user"]["image"] is None
    for wrong in ({"email": "x@example.org"}, {"email_verified": True}, {"name": ""}, {"image": "javascript:x"}):
        error_of(await person.ask("POST", f"{AUTH}/update-user", wrong), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("change-password", {"currentPassword": PASSWORD, "newPassword": "another horse"}),
        ("change-email", {"newEmail": "other@example.org"}),
        ("update-user", {"name": "Other"}),
    ],
)
async def test_an_account_is_changed_under_its_session_alone(
    house: World, admin: Person, path: str, body: dict[str, Any]
) -> None:
    key = (await admin.ask("POST", "/api/v1/keys", {"name": "script"})).json()["key"]
    for headers in ({}, {"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        answer = await house.nobody.ask("POST", f"{AUTH}/{path}", body, headers=headers)
        error_of(answer, 401, "UNAUTHENTICATED")
    cookie = {"Cookie": f"{COOKIE}={admin.token}", "Origin": "https://evil.example"}
    error_of(await house.nobody.ask("POST", f"{AUTH}/{path}", body, headers=cookie), 403, "PERMISSION_DENIED")
    if path == "update-user":
        cookie["Origin"] = HOST
        assert (await house.nobody.ask("POST", f"{AUTH}/{path}", body, headers=cookie)).status_code == 200


async def test_nobody_reads_what_waits_to_be_verified_or_what_mails_said(house: World, admin: Person) -> None:
    await house.nobody.ask("POST", f"{AUTH}/forget-password", {"email": ADMIN})
    await latest(house, ADMIN, "new password")
    error_of(await admin.get(f"{DATA}/sys_verification"), 404, "NOT_FOUND")
    listed = (await admin.get(f"{DATA}/sys_email?limit=200")).text
    assert "new password" not in listed
    error_of(await admin.get(f"{DATA}/sys_email?fields=content"), 400, "VALIDATION_ERROR")


async def test_an_address_that_an_administrator_enters_has_to_be_verified(house: World, admin: Person) -> None:
    made = await admin.make("sys_user", name="Ida", email="ida@example.org", password=PASSWORD, email_verified=True)
    changed = await admin.ask("PATCH", f"{DATA}/sys_user/{made['id']}", {"email": "ida2@example.org"})
    assert (changed.status_code, changed.json()["email_verified"]) == (200, False)
    credentials = {"email": "ida2@example.org", "password": PASSWORD}
    error_of(await house.nobody.ask("POST", f"{AUTH}/sign-in", credentials), 403, "EMAIL_NOT_VERIFIED")


async def test_verification_without_mails_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(OPEN, encoding="utf-8")
    for settings in (
        Settings(environment="production", mail_folder=str(tmp_path / "mails")),
        Settings(environment="production", public_url="https://app.example"),
        Settings(public_url="app.example"),
        Settings(public_url="https://app.example/base"),
    ):
        with pytest.raises(SettingsError):
            async with running(tmp_path, sqlite_address(tmp_path / "bare.db"), settings):
                pass
