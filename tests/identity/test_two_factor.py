"""The second factor: turned on by a code of it, asked for at each sign-in, forgotten when it is turned off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldstone.engine.operation import Create, Update
from fieldstone.errors import Conflict, FieldstoneError, Invalid, PermissionDenied, RateLimited, Unauthenticated
from fieldstone.identity.credential import Credential, credential_of
from fieldstone.identity.documents import SessionDocument, SignedIn
from fieldstone.identity.enrolment import FREE_FAILURES
from fieldstone.identity.seal import Seal
from fieldstone.identity.second_factor import Enrolled, Passed
from fieldstone.identity.second_step import CHALLENGE_SECONDS, TRUST_SECONDS, SecondStepNeeded
from fieldstone.identity.sessions import Origin
from fieldstone.identity.totp import SECONDS, code_at, step_of
from fieldstone.keyring import Keyring
from tests.identity.house import PASSWORD, House, load, open_house, started, write_app

WRONG = "000000"


class Person:
    """Somebody of the house with his authenticator; each of his attempts comes from another address."""

    def __init__(self, house: House, name: str = "ann") -> None:
        self.house = house
        self.name = name
        self.secret = ""
        self.codes: tuple[str, ...] = ()
        self._numbers = iter(range(1, 250))

    @property
    def origin(self) -> Origin:
        return Origin(f"198.51.100.{next(self._numbers)}")

    def code(self, away: int = 0) -> str:
        """Returns the code that the authenticator shows now, or some steps from now."""
        return code_at(self.secret, step_of(self.house.clock()) + away)

    async def session(self, credential: Credential) -> SessionDocument:
        found = await self.house.accounts.session(credential)
        assert found is not None
        return found

    async def begin(self, session: SessionDocument) -> Enrolled:
        enrolled = await self.house.second_factor.enable(session, PASSWORD)
        self.secret = parse_qs(urlsplit(enrolled.totp_uri).query)["secret"][0]
        self.codes = enrolled.backup_codes
        return enrolled

    async def turn_on(self) -> SessionDocument:
        """Signs in, turns two-factor on, and waits until the next code is there."""
        session = await self.session(credential_of(await self.house.sign_in(self.name)))
        await self.begin(session)
        await self.house.second_factor.confirm(session, self.code())
        self.house.clock.move(SECONDS)
        return session

    async def first_step(self, password: str = PASSWORD, trusted: str | None = None) -> SignedIn | SecondStepNeeded:
        email = f"{self.name}@example.org"
        return await self.house.accounts.sign_in(email, password, self.origin, lasting=False, trusted=trusted)

    async def challenge(self) -> str:
        asked = await self.first_step()
        assert isinstance(asked, SecondStepNeeded)
        return asked.challenge

    async def by_totp(self, challenge: str, code: str, *, trust: bool = False) -> Passed:
        return await self.house.second_factor.pass_by_totp(challenge, code, self.origin, trust=trust)

    async def by_backup_code(self, challenge: str, code: str) -> Passed:
        return await self.house.second_factor.pass_by_backup_code(challenge, code, self.origin, trust=False)


@pytest.fixture
async def house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """A started house on SQLite: what two processes can do to each other is tested on both kinds of database."""
    async with open_house(load(write_app(tmp_path)), sqlite_url) as house:
        yield await started(house)


@pytest.fixture
async def busy_ann(tmp_path: Path, database_url: str) -> AsyncIterator[Person]:
    """Ann in a house on either kind of database."""
    async with open_house(load(write_app(tmp_path)), database_url) as house:
        person = Person(await started(house))
        await person.turn_on()
        yield person


@pytest.fixture
async def ann(house: House) -> Person:
    """Ann, who has turned two-factor on."""
    person = Person(house)
    await person.turn_on()
    return person


async def stored(house: House, *fields: str) -> list[dict[str, object]]:
    return await house.read("sys_two_factor", fields)


async def test_it_counts_once_a_code_was_shown(house: House) -> None:
    ann = Person(house)
    session = await ann.session(credential_of(await house.sign_in("ann")))
    await ann.begin(session)
    assert isinstance(await ann.first_step(), SignedIn)
    with pytest.raises(Invalid) as refused:
        await house.second_factor.confirm(session, WRONG)
    assert [fault.field for fault in refused.value.faults] == ["code"]
    assert isinstance(await ann.first_step(), SignedIn)
    user = await house.second_factor.confirm(session, ann.code())
    assert user.two_factor_enabled
    assert isinstance(await ann.first_step(), SecondStepNeeded)


async def test_turning_it_on_ends_every_session_but_the_one_that_does(house: House) -> None:
    other = credential_of(await house.sign_in("ann"))
    ann = Person(house)
    session = await ann.turn_on()
    assert await house.accounts.session(other) is None
    assert [row["id"] for row in await house.read("sys_session", ("id",))] == [session.session.id]


async def test_what_is_stored_tells_neither_the_secret_nor_a_code(ann: Person) -> None:
    (row,) = await stored(ann.house, "secret", "backup_codes")
    assert ann.secret not in str(row["secret"])
    assert ann.house.seal.open(str(row["secret"])) == ann.secret
    assert not [code for code in ann.codes if code in str(row["backup_codes"])]


async def test_after_the_password_there_is_no_session_until_a_code_is_shown(ann: Person) -> None:
    before = await ann.house.count("sys_session")
    challenge = await ann.challenge()
    assert await ann.house.count("sys_session") == before
    with pytest.raises(Unauthenticated):
        await ann.house.identity.caller(credential_of(challenge))
    passed = await ann.by_totp(challenge, ann.code())
    assert (passed.lasting, passed.trusted) == (False, None)
    caller = await ann.house.identity.caller(credential_of(passed.signed_in.token))
    assert caller.id == passed.signed_in.user.id
    assert await ann.house.count("sys_session") == before + 1


async def test_a_wrong_password_is_refused_as_ever(ann: Person) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await ann.first_step("wrong password")
    with pytest.raises(Unauthenticated) as unknown:
        await Person(ann.house, "nobody").first_step()
    assert refused.value.message == unknown.value.message


async def test_a_code_is_taken_once_and_none_before_it_afterwards(ann: Person) -> None:
    challenge = await ann.challenge()
    await ann.by_totp(challenge, ann.code(1))
    fresh = await ann.challenge()
    for again, away in ((challenge, 1), (fresh, 1), (fresh, 0), (fresh, -1)):
        with pytest.raises(Unauthenticated):
            await ann.by_totp(again, ann.code(away))
    ann.house.clock.move(2 * SECONDS)
    await ann.by_totp(await ann.challenge(), ann.code())


async def test_the_code_that_turned_it_on_signs_nobody_in(house: House) -> None:
    ann = Person(house)
    await ann.turn_on()
    with pytest.raises(Unauthenticated):
        await ann.by_totp(await ann.challenge(), ann.code(-1))


async def test_of_many_that_show_the_same_code_at_once_one_is_signed_in(busy_ann: Person) -> None:
    before = await busy_ann.house.count("sys_session")
    challenge, code = await busy_ann.challenge(), busy_ann.code()
    answers = await asyncio.gather(*(busy_ann.by_totp(challenge, code) for _ in range(4)), return_exceptions=True)
    assert sorted(isinstance(answer, Passed) for answer in answers) == [False, False, False, True]
    assert await busy_ann.house.count("sys_session") == before + 1


Voiding = Callable[[Person], Awaitable[None]]


async def let_it_be(ann: Person) -> None:
    ann.house.clock.move(CHALLENGE_SECONDS)


async def suspend(ann: Person) -> None:
    await change(ann, active=False)


async def set_a_password(ann: Person) -> None:
    await change(ann, password="another password")


async def turn_off(ann: Person) -> None:
    await change(ann, two_factor_enabled=False)


async def change(ann: Person, **values: object) -> None:
    (user,) = await ann.house.read("sys_user", ("id",), email=f"{ann.name}@example.org")
    await ann.house.system(Update("sys_user", user["id"], values))


@pytest.mark.parametrize("void", [let_it_be, suspend, set_a_password, turn_off])
async def test_a_challenge_ends_with_its_time_and_with_any_change_of_the_account(ann: Person, void: Voiding) -> None:
    challenge = await ann.challenge()
    await void(ann)
    for attempt in (ann.by_totp(challenge, ann.code()), ann.by_backup_code(challenge, ann.codes[0])):
        with pytest.raises(Unauthenticated):
            await attempt


async def test_a_challenge_holds_until_its_last_instant(ann: Person) -> None:
    challenge = await ann.challenge()
    ann.house.clock.move(CHALLENGE_SECONDS - 0.001)
    await ann.by_totp(challenge, ann.code())


async def test_only_a_challenge_is_one_and_the_codes_of_another_are_not_ones_own(ann: Person) -> None:
    tom = Person(ann.house, "tom")
    await tom.turn_on()
    challenge = await ann.challenge()
    trusted = (await tom.by_totp(await tom.challenge(), tom.code(), trust=True)).trusted
    assert trusted is not None
    for text in ("", "x", challenge[:-1], trusted.text, await ann.house.sign_in("eve")):
        with pytest.raises(Unauthenticated):
            await ann.by_totp(text, ann.code())
    tom.house.clock.move(SECONDS)
    with pytest.raises(Unauthenticated):
        await ann.by_totp(challenge, tom.code())
    with pytest.raises(Unauthenticated):
        await ann.by_backup_code(challenge, tom.codes[0])
    await ann.by_totp(challenge, ann.code())


async def test_a_backup_code_signs_in_once_and_the_others_stay(ann: Person) -> None:
    await ann.by_backup_code(await ann.challenge(), ann.codes[0].upper())
    with pytest.raises(Unauthenticated):
        await ann.by_backup_code(await ann.challenge(), ann.codes[0])
    await ann.by_backup_code(await ann.challenge(), ann.codes[1])
    with pytest.raises(Unauthenticated):
        await ann.by_totp(await ann.challenge(), ann.codes[2])


async def test_new_backup_codes_make_the_old_ones_void(ann: Person) -> None:
    signed_in = (await ann.by_totp(await ann.challenge(), ann.code())).signed_in
    session = await ann.session(credential_of(signed_in.token))
    with pytest.raises(Invalid):
        await ann.house.second_factor.renew_codes(session, "wrong password")
    renewed = await ann.house.second_factor.renew_codes(session, PASSWORD)
    assert not set(renewed) & set(ann.codes)
    with pytest.raises(Unauthenticated):
        await ann.by_backup_code(await ann.challenge(), ann.codes[0])
    await ann.by_backup_code(await ann.challenge(), renewed[0])


async def test_after_wrong_codes_each_attempt_waits_longer_and_a_right_one_ends_the_waiting(ann: Person) -> None:
    challenge = await ann.challenge()
    for number in range(FREE_FAILURES):
        with pytest.raises(Unauthenticated):
            await (ann.by_totp if number % 2 else ann.by_backup_code)(challenge, WRONG)
    for minutes in (1, 2, 4):
        for attempt in (ann.by_totp, ann.by_backup_code):
            with pytest.raises(RateLimited) as refused:
                await attempt(challenge, ann.code())
            assert refused.value.details == {"retryAfter": 60 * minutes}
        ann.house.clock.move(60 * minutes - 0.001)
        with pytest.raises(RateLimited):
            await ann.by_totp(challenge, ann.code())
        ann.house.clock.move(0.001)
        with pytest.raises(Unauthenticated):
            await ann.by_totp(challenge, WRONG)
    ann.house.clock.move(8 * 60)
    challenge = await ann.challenge()
    await ann.by_totp(challenge, ann.code())
    with pytest.raises(Unauthenticated):
        await ann.by_totp(challenge, WRONG)
    assert await stored(ann.house, "failures", "retry_at") == [{"failures": 1, "retry_at": None}]


async def test_guesses_that_come_at_once_are_counted_each(busy_ann: Person) -> None:
    challenge = await busy_ann.challenge()
    guesses = [f"{number:06}" for number in range(FREE_FAILURES + 4)]
    answers = await asyncio.gather(*(busy_ann.by_totp(challenge, guess) for guess in guesses), return_exceptions=True)
    told = sorted(type(answer).__name__ for answer in answers)
    assert told == ["RateLimited"] * 4 + ["Unauthenticated"] * FREE_FAILURES


async def test_a_trusted_device_is_not_asked_until_its_time_is_over(ann: Person) -> None:
    trusted = (await ann.by_totp(await ann.challenge(), ann.code(), trust=True)).trusted
    assert trusted is not None
    assert isinstance(await ann.first_step(trusted=trusted.text), SignedIn)
    with pytest.raises(Unauthenticated):
        await ann.first_step("wrong password", trusted.text)
    for text in (trusted.text[:-1], "", await ann.challenge()):
        assert isinstance(await ann.first_step(trusted=text), SecondStepNeeded)
    ann.house.clock.move(TRUST_SECONDS - 0.001)
    assert isinstance(await ann.first_step(trusted=trusted.text), SignedIn)
    ann.house.clock.move(0.001)
    assert isinstance(await ann.first_step(trusted=trusted.text), SecondStepNeeded)


async def test_the_trust_of_another_is_not_ones_own(ann: Person) -> None:
    tom = Person(ann.house, "tom")
    await tom.turn_on()
    trusted = (await tom.by_totp(await tom.challenge(), tom.code(), trust=True)).trusted
    assert trusted is not None
    assert isinstance(await ann.first_step(trusted=trusted.text), SecondStepNeeded)


async def test_a_new_password_makes_every_trusted_device_ask_again(ann: Person) -> None:
    trusted = (await ann.by_totp(await ann.challenge(), ann.code(), trust=True)).trusted
    assert trusted is not None
    await set_a_password(ann)
    assert isinstance(await ann.first_step("another password", trusted.text), SecondStepNeeded)


async def test_turning_it_off_forgets_all_of_it(ann: Person) -> None:
    passed = await ann.by_totp(await ann.challenge(), ann.code(), trust=True)
    session = await ann.session(credential_of(passed.signed_in.token))
    with pytest.raises(Invalid):
        await ann.house.second_factor.disable(session, "wrong password")
    assert isinstance(await ann.first_step(), SecondStepNeeded)
    old = ann.secret, ann.codes
    await ann.house.second_factor.disable(session, PASSWORD)
    assert await stored(ann.house, "id") == []
    assert isinstance(await ann.first_step(), SignedIn)
    await ann.turn_on()
    assert ann.secret != old[0]
    assert passed.trusted is not None
    assert isinstance(await ann.first_step(trusted=passed.trusted.text), SecondStepNeeded)
    challenge = await ann.challenge()
    ann.house.clock.move(SECONDS)
    with pytest.raises(Unauthenticated):
        await ann.by_totp(challenge, code_at(old[0], step_of(ann.house.clock())))
    with pytest.raises(Unauthenticated):
        await ann.by_backup_code(challenge, old[1][0])


async def test_what_is_on_is_not_turned_on_again_and_what_was_begun_is_begun_anew(house: House) -> None:
    ann = Person(house)
    session = await ann.session(credential_of(await house.sign_in("ann")))
    with pytest.raises(Invalid):
        await house.second_factor.enable(session, "wrong password")
    with pytest.raises(Conflict):
        await house.second_factor.renew_codes(session, PASSWORD)
    first = (await ann.begin(session)).totp_uri
    assert (await ann.begin(session)).totp_uri != first
    assert await house.count("sys_two_factor") == 1
    await house.second_factor.confirm(session, ann.code())
    with pytest.raises(Conflict):
        await house.second_factor.enable(session, PASSWORD)


async def test_an_administrator_turns_it_off_for_somebody_and_on_for_nobody(ann: Person) -> None:
    house = ann.house
    await house.user("ada", "admin_full_access")
    ada = await house.caller("ada")
    (user,) = await house.read("sys_user", ("id",), email="ann@example.org")
    tom = await house.user("tom")
    for attempt in (
        Update("sys_user", tom, {"two_factor_enabled": True}),
        Update("sys_user", str(ada.id), {"two_factor_enabled": True}),
        Create("sys_user", ({"email": "new@example.org", "name": "New", "two_factor_enabled": True},)),
    ):
        with pytest.raises(PermissionDenied):
            await house.execute(attempt, ada)
    await house.execute(Update("sys_user", user["id"], {"two_factor_enabled": False}), ada)
    assert await stored(house, "id") == []
    assert isinstance(await ann.first_step(), SignedIn)


async def test_an_administrator_does_not_turn_off_his_own_without_his_password(house: House) -> None:
    ada_id = await house.user("ada", "admin_full_access")
    ada = Person(house, "ada")
    await ada.turn_on()
    passed = await ada.by_totp(await ada.challenge(), ada.code())
    caller = await house.identity.caller(credential_of(passed.signed_in.token))
    for values in ({"two_factor_enabled": False}, {"two_factor_enabled": None, "name": "Ada"}):
        with pytest.raises(PermissionDenied):
            await house.execute(Update("sys_user", ada_id, values), caller)
    assert isinstance(await ada.first_step(), SecondStepNeeded)


async def test_fellow_members_do_not_see_who_has_it_on(ann: Person) -> None:
    tom = await ann.house.caller("tom")
    assert all("two_factor_enabled" not in row for row in (await ann.house.list(tom, "sys_user")).records())
    with pytest.raises(Invalid):
        await ann.house.list(tom, "sys_user", where={"two_factor_enabled": True})
    with pytest.raises(FieldstoneError):
        await ann.house.list(tom, "sys_two_factor")


async def test_a_new_secret_of_the_settings_reads_it_once_it_is_sealed_anew(busy_ann: Person) -> None:
    new = Keyring("a new secret", "a secret")
    assert await busy_ann.house.store.renew_sealed(Seal(new).renew, (("sys_two_factor", "secret"),)) == 1
    (row,) = await stored(busy_ann.house, "secret", "version")
    assert Seal(Keyring("a new secret")).open(str(row["secret"])) == busy_ann.secret
