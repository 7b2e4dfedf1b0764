"""Devices that are let in (RFC 8628): asked for, answered by a signed-in user, and every wrong turn on the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Update
from fieldstone.errors import Conflict, NotFound, PermissionDenied, RateLimited, Unauthenticated
from fieldstone.identity.credential import credential_of
from fieldstone.identity.device.codes import ALPHABET, hash_user_code, new_user_code, shown_code
from fieldstone.identity.device.consent import MOST_CODES, WINDOW, DeviceConsent
from fieldstone.identity.device.polling import SECONDS, Codes, DevicePolling, Granted
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.limiter import Limiter
from fieldstone.identity.throttle import Throttle
from fieldstone.kinds.sign_in import DeviceClient
from tests.identity.house import House, load, open_house, started, write_app

TOOL = DeviceClient(id="tool", label="The tool", token_days=2)
NARROW = DeviceClient(id="narrow", label="Narrow", scopes=("notes:read", "notes:write"))
NOWHERE = "n" * 43


class Desk:
    """A device, and Ann who sits before it."""

    def __init__(self, house: House, ann: SessionDocument) -> None:
        self.house = house
        self.ann = ann
        self.polling = DevicePolling(house.means, {"tool": TOOL, "narrow": NARROW}, "https://app.example")
        self.consent = self.another_process()

    def another_process(self) -> DeviceConsent:
        limiter = Limiter(self.house.store.rates, self.house.microseconds)
        return DeviceConsent(self.house.means, self.polling, Throttle(limiter, MOST_CODES, WINDOW))

    async def begin(self, client: str = "tool", *scopes: str) -> Codes:
        codes = await self.polling.begin(client, scopes or None)
        assert isinstance(codes, Codes)
        return codes

    async def poll(self, codes: Codes, client: str = "tool", *, wait: float = 5) -> Any:
        self.house.clock.move(wait)
        return await self.polling.poll(codes.device_code, client)

    async def answer(self, codes: Codes, answer: Any = "approved", session: SessionDocument | None = None) -> None:
        await self.consent.answer(session or self.ann, codes.user_code, answer)

    async def session(self, name: str) -> SessionDocument:
        found = await self.house.accounts.session(credential_of(await self.house.sign_in(name)))
        assert found is not None
        return found


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with open_house(load(write_app(tmp_path)), database_url) as house:
        await started(house)
        await house.user("ann", "note_reader")
        found = await house.accounts.session(credential_of(await house.sign_in("ann")))
        assert found is not None
        yield Desk(house, found)


async def test_a_device_that_is_let_in_gets_a_token_of_its_user_once(desk: Desk) -> None:
    codes = await desk.begin()
    assert codes.verification_uri_complete == f"https://app.example/device?user_code={codes.user_code}"
    assert await desk.poll(codes) == "authorization_pending"
    await desk.answer(codes)
    granted = await desk.poll(codes)
    assert isinstance(granted, Granted)
    assert (granted.user_id, granted.expires_in, granted.scopes) == (desk.ann.user.id, 2 * 24 * 3600, None)
    caller = await desk.house.identity.caller(credential_of(granted.token))
    assert (caller.id, caller.scopes, "note_reader" in caller.sets) == (desk.ann.user.id, None, True)
    assert await desk.poll(codes) == "invalid_grant"
    assert await desk.house.count("sys_api_key") == 1
    desk.house.clock.move(granted.expires_in)
    with pytest.raises(Unauthenticated):
        await desk.house.another_identity().caller(credential_of(granted.token))


async def test_what_is_stored_tells_neither_code(desk: Desk) -> None:
    codes = await desk.begin()
    (row,) = await desk.house.read("sys_device_code", ("device_hash", "user_hash"))
    assert codes.device_code not in row.values()
    assert row["user_hash"] == hash_user_code(codes.user_code.lower().replace("-", " "))


def test_user_codes_are_eight_letters_of_an_alphabet_without_vowels_typed_as_one_likes() -> None:
    code = new_user_code()
    assert len(code) == 9
    assert set(code) <= {*ALPHABET, "-"}
    assert shown_code(f" {code.lower().replace('-', '')} ") == code
    assert hash_user_code(code.lower()) == hash_user_code(code.replace("-", "")) != hash_user_code(new_user_code())
    assert not {*"AEIOUY0123456789"} & {*ALPHABET}


async def test_a_token_reaches_no_further_than_the_scopes_that_were_asked_for(desk: Desk) -> None:
    codes = await desk.begin("narrow", "notes:read")
    assert (await desk.consent.look(desk.ann, codes.user_code)).scopes == ("notes:read",)
    await desk.answer(codes)
    granted = await desk.poll(codes, "narrow")
    assert (await desk.house.identity.caller(credential_of(granted.token))).scopes == frozenset({"notes:read"})
    everything = await desk.consent.look(desk.ann, (await desk.begin("narrow")).user_code)
    assert everything.scopes == ("notes:read", "notes:write")


@pytest.mark.parametrize(
    ("client", "scopes", "error"),
    [
        ("unknown", (), "invalid_client"),
        ("narrow", ("notes:read", "admin"), "invalid_scope"),
        ("tool", ("notes:read",), "invalid_scope"),
    ],
)
async def test_what_a_program_may_not_ask_for_is_refused(
    desk: Desk, client: str, scopes: tuple[str, ...], error: str
) -> None:
    assert await desk.polling.begin(client, scopes or None) == error
    assert await desk.house.count("sys_device_code") == 0


async def test_asking_too_often_makes_every_wait_five_seconds_longer_and_that_is_kept(desk: Desk) -> None:
    codes = await desk.begin()
    assert await desk.poll(codes) == "authorization_pending"
    assert await desk.poll(codes, wait=4) == "slow_down"
    assert await desk.poll(codes, wait=9) == "slow_down"
    await desk.answer(codes)
    assert await desk.poll(codes, wait=14) == "slow_down"
    assert isinstance(await desk.poll(codes, wait=20), Granted)


async def test_who_says_no_is_believed_once(desk: Desk) -> None:
    codes = await desk.begin()
    await desk.answer(codes, "denied")
    with pytest.raises(Conflict):
        await desk.answer(codes, "approved")
    assert await desk.poll(codes) == "access_denied"
    assert await desk.poll(codes) == "invalid_grant"
    assert await desk.house.count("sys_api_key") == 0


async def test_the_first_answer_counts_whoever_gives_another(desk: Desk) -> None:
    codes = await desk.begin()
    await desk.answer(codes)
    tom = await desk.session("tom")
    for session in (desk.ann, tom):
        with pytest.raises(Conflict):
            await desk.answer(codes, "approved", session)
        with pytest.raises(Conflict):
            await desk.answer(codes, "denied", session)
    assert (await desk.poll(codes)).user_id == desk.ann.user.id


async def test_codes_are_over_after_a_quarter_of_an_hour(desk: Desk) -> None:
    codes, answered = await desk.begin(), await desk.begin()
    await desk.answer(answered)
    assert await desk.poll(codes, wait=SECONDS - 1) == "authorization_pending"
    assert await desk.poll(codes, wait=1) == "expired_token"
    assert await desk.poll(answered, wait=0) == "expired_token"
    with pytest.raises(NotFound):
        await desk.answer(codes)


async def test_a_code_of_another_program_or_of_nobody_is_worth_nothing(desk: Desk) -> None:
    codes = await desk.begin()
    await desk.answer(codes)
    assert await desk.poll(codes, "narrow") == "invalid_grant"
    assert await desk.polling.poll(NOWHERE, "tool") == "invalid_grant"
    assert await desk.polling.poll(codes.user_code, "tool") == "invalid_grant"
    assert isinstance(await desk.poll(codes), Granted)


async def test_of_questions_that_come_at_once_one_gets_the_token(desk: Desk) -> None:
    codes = await desk.begin()
    await desk.answer(codes)
    desk.house.clock.move(5)
    asked = [desk.polling.poll(codes.device_code, "tool") for _ in range(8)]
    outcomes = await asyncio.gather(*asked)
    assert len([one for one in outcomes if isinstance(one, Granted)]) == 1
    assert await desk.house.count("sys_api_key") == 1


async def test_guessed_codes_are_counted_exactly_in_all_processes(desk: Desk) -> None:
    processes = [desk.another_process() for _ in range(3)]
    guesses = [processes[number % 3].look(desk.ann, new_user_code()) for number in range(MOST_CODES + 10)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert len([one for one in outcomes if isinstance(one, NotFound)]) == MOST_CODES
    assert len([one for one in outcomes if isinstance(one, RateLimited)]) == 10
    codes = await desk.begin()
    with pytest.raises(RateLimited):
        await desk.answer(codes)
    await desk.answer(codes, session=await desk.session("tom"))
    desk.house.clock.move(WINDOW)
    assert (await desk.consent.look(desk.ann, codes.user_code)).status == "approved"


async def test_who_is_suspended_in_between_lets_nothing_in(desk: Desk) -> None:
    codes = await desk.begin()
    await desk.answer(codes)
    await desk.house.execute(Update("sys_user", desk.ann.user.id, {"active": False}), SYSTEM)
    assert await desk.poll(codes) == "access_denied"
    assert await desk.house.count("sys_api_key") == 0


async def test_without_an_organisation_nothing_can_be_let_in(desk: Desk) -> None:
    zoe = await desk.house.user("zoe")
    await desk.house.member(zoe, await desk.house.organization("other"))
    codes = await desk.begin()
    with pytest.raises(PermissionDenied):
        await desk.answer(codes, session=await desk.session("zoe"))
