"""Two-factor over HTTP, in Better Auth's spelling: a sign-in that waits for a code, by cookie or by token, and devices that are trusted."""

import itertools
import time
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fieldstone.identity.totp import SECONDS, code_at
from tests.surfaces.running import DATA, HOST, PASSWORD, Person, World, error_of

ONE_DATABASE = True
pytestmark = pytest.mark.asyncio(loop_scope="session")
AUTH = "/api/v1/auth"
SESSION, CHALLENGE, TRUST = "better-auth.session_token", "better-auth.two_factor", "better-auth.trust_device"
NUMBERS = itertools.count(1)


class Holder:
    """Somebody with an authenticator. Of one half minute there are three codes, so that nobody has to wait."""

    def __init__(self, world: World, email: str, secret: str, codes: list[str]) -> None:
        self.world = world
        self.email = email
        self.codes = codes
        self._secret = secret
        self._step = int(time.time()) // SECONDS - 1

    def code(self) -> str:
        """Returns the next code that is taken."""
        self._step += 1
        return code_at(self._secret, self._step - 1)

    async def ask(self, path: str, body: Mapping[str, object], **headers: str) -> httpx.Response:
        """Sends a POST as nobody, with no cookie but those given."""
        self.world.client.cookies.clear()
        answer = await self.world.nobody.ask("POST", f"{AUTH}{path}", body, headers=headers)
        self.world.client.cookies.clear()
        return answer

    async def first_step(self, **headers: str) -> httpx.Response:
        return await self.ask("/sign-in/email", {"email": self.email, "password": PASSWORD}, **headers)


async def holder(world: World, admin: Person) -> Holder:
    """Makes somebody and turns his two-factor on."""
    email = f"holder{next(NUMBERS)}@world.example"
    await admin.make("sys_user", name="A holder", email=email, password=PASSWORD)
    person = await world.person(email)
    enrolled = (await person.ask("POST", f"{AUTH}/two-factor/enable", {"password": PASSWORD})).json()
    assert enrolled.keys() == {"totpURI", "backupCodes"}
    secret = parse_qs(urlsplit(enrolled["totpURI"]).query)["secret"][0]
    made = Holder(world, email, secret, enrolled["backupCodes"])
    answer = await person.ask("POST", f"{AUTH}/two-factor/verify-totp", {"code": made.code()})
    assert (answer.status_code, answer.json()["token"]) == (200, None)
    assert answer.json()["user"]["twoFactorEnabled"] is True
    return made


def cookies(answer: httpx.Response) -> dict[str, str]:
    """Returns what an answer sets, by name: the value with its attributes."""
    set_by = (text.partition("=") for text in answer.headers.get_list("set-cookie"))
    return {name: rest for name, _, rest in set_by}


async def test_a_sign_in_answers_with_a_challenge_and_no_session(world: World, admin: Person) -> None:
    somebody = await holder(world, admin)
    answer = await somebody.first_step()
    assert answer.status_code == 200
    assert answer.json().keys() == {"twoFactorRedirect", "twoFactorToken"}
    assert answer.json()["twoFactorRedirect"] is True
    assert "set-auth-token" not in answer.headers
    sent = cookies(answer)
    assert sent[CHALLENGE].startswith(f"{answer.json()['twoFactorToken']}; Path=/; Expires=")
    assert {"HttpOnly", "SameSite=Lax"} < set(sent[CHALLENGE].split("; "))
    assert sent[SESSION].startswith("; Path=/; Max-Age=0")
    held = {"Authorization": f"Bearer {answer.json()['twoFactorToken']}"}
    error_of(await world.nobody.get(f"{DATA}/sys_session", headers=held), 401, "UNAUTHENTICATED")


async def test_a_code_with_the_token_opens_the_session(world: World, admin: Person) -> None:
    somebody = await holder(world, admin)
    challenge = (await somebody.first_step()).json()["twoFactorToken"]
    body = {"code": somebody.code(), "twoFactorToken": challenge}
    answer = await somebody.ask("/two-factor/verify-totp", body)
    assert answer.json()["user"]["email"] == somebody.email
    assert answer.headers["set-auth-token"] == answer.json()["token"]
    assert cookies(answer).keys() == {SESSION, CHALLENGE}
    person = Person(world.client, answer.json()["token"])
    session = (await person.get(f"{AUTH}/get-session")).json()
    assert session["user"]["twoFactorEnabled"] is True
    error_of(await somebody.ask("/two-factor/verify-totp", body), 401, "UNAUTHENTICATED")


async def test_a_browser_shows_its_code_with_the_cookie_from_the_servers_own_pages(world: World, admin: Person) -> None:
    somebody = await holder(world, admin)
    challenge = (await somebody.first_step()).json()["twoFactorToken"]
    cookie = {"Cookie": f"{CHALLENGE}={challenge}"}
    body = {"code": somebody.code()}
    for foreign in ({}, {"Origin": "http://evil.test"}):
        error_of(await somebody.ask("/two-factor/verify-totp", body, **cookie, **foreign), 403, "PERMISSION_DENIED")
    assert (await somebody.ask("/two-factor/verify-totp", body, **cookie, Origin=HOST)).status_code == 200
    error_of(await somebody.ask("/two-factor/verify-totp", body, Origin=HOST), 401, "UNAUTHENTICATED")


async def test_a_trusted_device_signs_in_at_once(world: World, admin: Person) -> None:
    somebody = await holder(world, admin)
    challenge = (await somebody.first_step()).json()["twoFactorToken"]
    body = {"code": somebody.codes[0], "twoFactorToken": challenge, "trustDevice": True}
    answer = await somebody.ask("/two-factor/verify-backup-code", body)
    trust = cookies(answer)[TRUST]
    assert {"HttpOnly", "SameSite=Lax"} < set(trust.split("; "))
    device = {"Cookie": f"{TRUST}={trust.partition(';')[0]}"}
    assert (await somebody.first_step(**device)).json()["redirect"] is False
    assert (await somebody.first_step()).json()["twoFactorRedirect"] is True
    person = Person(world.client, answer.json()["token"])
    for path in ("disable", "generate-backup-codes", "enable"):
        wrong = await person.ask("POST", f"{AUTH}/two-factor/{path}", {"password": "wrong"})
        assert [fault["field"] for fault in error_of(wrong, 400, "VALIDATION_ERROR")["details"]["fields"]] == [
            "password"
        ]
    renewed = await person.ask("POST", f"{AUTH}/two-factor/generate-backup-codes", {"password": PASSWORD})
    assert (renewed.json()["status"], len(renewed.json()["backupCodes"])) == (True, 10)
    off = await person.ask("POST", f"{AUTH}/two-factor/disable", {"password": PASSWORD})
    assert off.json() == {"status": True}
    assert cookies(off)[TRUST].startswith("; Path=/; Max-Age=0")
    assert (await somebody.first_step()).json()["redirect"] is False


async def test_an_api_key_reaches_nobodys_second_factor(world: World, admin: Person) -> None:
    somebody = await holder(world, admin)
    challenge = (await somebody.first_step()).json()["twoFactorToken"]
    body = {"code": somebody.code(), "twoFactorToken": challenge}
    person = Person(world.client, (await somebody.ask("/two-factor/verify-totp", body)).json()["token"])
    key = Person(world.client, (await person.ask("POST", "/api/v1/keys", {"name": "k"})).json()["key"])
    for path in ("enable", "disable", "generate-backup-codes"):
        error_of(await key.ask("POST", f"{AUTH}/two-factor/{path}", {"password": PASSWORD}), 401, "UNAUTHENTICATED")
    error_of(await key.ask("POST", f"{AUTH}/two-factor/verify-totp", {"code": "123456"}), 401, "UNAUTHENTICATED")


async def test_the_configuration_says_that_there_is_two_factor(world: World) -> None:
    assert (await world.nobody.get(f"{AUTH}/config")).json()["features"]["twoFactor"] is True
