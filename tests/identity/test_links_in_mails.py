"""Links that go out in mails: a new password, a verified address, a changed one; and every wrong turn on their ways."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldstone.engine.operation import Update
from fieldstone.errors import EmailNotVerified, Invalid, NotOffered, RateLimited, Unauthenticated
from fieldstone.identity.credential import credential_of
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.email_change import request_change
from fieldstone.identity.email_verification import send_verification, verify_email
from fieldstone.identity.own_account import change_password
from fieldstone.identity.password_reset import forget_password, is_open, reset_password
from fieldstone.identity.sign_up import NewAccount, sign_up
from fieldstone.identity.verification import HOURS, Purpose
from tests.identity.house import ADDRESS, PASSWORD, House, load, open_house, started, write_app

NEW = "another horse"
HOUR = 3600
ANN = "ann@example.org"


async def session_of(house: House, name: str = "ann") -> SessionDocument:
    document = await house.accounts.session(credential_of(await house.sign_in(name)))
    assert document is not None
    return document


async def reset_token(house: House) -> str:
    await forget_password(house.means, ANN, "/choose", ())
    return (await house.mails())[-1].token


async def verification_token(house: House) -> str:
    await send_verification(house.means, ANN, None, ())
    return (await house.mails())[-1].token


async def change_token(house: House) -> str:
    await request_change(house.means, await session_of(house), "new@example.org", None, ())
    return next(mail for mail in reversed(await house.mails()) if mail.template == "change_email").token


async def use_for_reset(house: House, token: str) -> None:
    await reset_password(house.means, token, NEW)


async def use_for_address(house: House, token: str) -> None:
    await verify_email(house.means, token)


Ask = Callable[[House], Awaitable[str]]
Use = Callable[[House, str], Awaitable[None]]
FLOWS: dict[Purpose, tuple[Ask, Use]] = {
    "reset_password": (reset_token, use_for_reset),
    "verify_email": (verification_token, use_for_address),
    "change_email": (change_token, use_for_address),
}


async def refused(house: House, use: Use, token: str) -> None:
    """Checks that a token is refused as every wrong one is, and that it changed nothing."""
    before = await house.read("sys_user", ("id", "email", "email_verified", "version"))
    with pytest.raises(Invalid) as told:
        await use(house, token)
    assert told.value.details["reason"] == "INVALID_TOKEN"
    assert told.value.message == "The link is over, was used, or never was."
    assert await house.read("sys_user", ("id", "email", "email_verified", "version")) == before


async def test_a_new_password_is_chosen_by_a_link_and_ends_every_session(house: House) -> None:
    await house.user("ann")
    old = await house.sign_in("ann")
    token = await reset_token(house)
    (mail,) = await house.mails()
    assert (mail.template, mail.to) == ("reset_password", ANN)
    assert mail.link == f"https://app.example/reset-password/{token}?callbackURL=%2Fchoose"
    assert await is_open(house.means, token)
    await reset_password(house.means, token, NEW)
    assert await house.accounts.session(credential_of(old)) is None
    with pytest.raises(Unauthenticated):
        await house.signed_in(ANN, PASSWORD, ADDRESS)
    assert (await house.signed_in(ANN, NEW, ADDRESS)).user.email_verified
    assert not await is_open(house.means, token)


async def test_a_changed_address_counts_once_its_link_was_used_and_the_old_one_is_told(house: House) -> None:
    await house.user("ann")
    token = await change_token(house)
    mails = {mail.template: mail for mail in await house.mails()}
    assert {name: mail.to for name, mail in mails.items()} == {
        "change_email": "new@example.org",
        "change_email_notice": ANN,
    }
    assert token not in mails["change_email_notice"].text
    assert "new@example.org" in mails["change_email_notice"].text
    assert (await session_of(house)).user.email == ANN
    user = await verify_email(house.means, token)
    assert (user.email, user.email_verified) == ("new@example.org", True)
    assert (await house.signed_in("new@example.org", PASSWORD, ADDRESS)).user.id == user.id


@pytest.mark.parametrize("purpose", FLOWS)
async def test_a_token_is_stored_as_a_hash_and_works_once(house: House, purpose: Purpose) -> None:
    ask, use = FLOWS[purpose]
    await house.user("ann")
    token = await ask(house)
    rows = await house.read("sys_verification", ("token_hash", "purpose", "user_id", "value"))
    assert token not in str(rows)
    assert [row["purpose"] for row in rows] == [purpose]
    await refused(house, use, rows[0]["token_hash"])
    await use(house, token)
    await refused(house, use, token)
    assert await house.count("sys_verification") == 0


@pytest.mark.parametrize("purpose", FLOWS)
async def test_a_token_is_over_after_its_hours(house: House, purpose: Purpose) -> None:
    ask, use = FLOWS[purpose]
    await house.user("ann")
    token = await ask(house)
    house.clock.move(HOURS[purpose] * HOUR)
    await refused(house, use, token)
    token = await ask(house)
    house.clock.move(HOURS[purpose] * HOUR - 1)
    await use(house, token)


@pytest.mark.parametrize("purpose", FLOWS)
async def test_a_later_request_makes_the_earlier_token_void(house: House, purpose: Purpose) -> None:
    ask, use = FLOWS[purpose]
    await house.user("ann")
    earlier, later = await ask(house), await ask(house)
    await refused(house, use, earlier)
    await use(house, later)


@pytest.mark.parametrize("wrong", ["", "x", "x" * 5000, "é\ud7ff"])
@pytest.mark.parametrize("purpose", FLOWS)
async def test_a_token_that_never_was_is_refused(house: House, purpose: Purpose, wrong: str) -> None:
    await house.user("ann")
    await refused(house, FLOWS[purpose][1], wrong)


async def test_no_token_serves_another_flow(house: House) -> None:
    await house.user("ann")
    await refused(house, use_for_address, await reset_token(house))
    await refused(house, use_for_reset, await verification_token(house))
    await refused(house, use_for_reset, await change_token(house))


async def test_a_token_changes_the_account_that_it_was_made_for_and_no_other(house: House) -> None:
    await house.user("ann")
    tom = await house.user("tom")
    before = await house.read("sys_user", ("version",), id=tom)
    await use_for_reset(house, await reset_token(house))
    await use_for_address(house, await change_token_after_reset(house))
    assert await house.read("sys_user", ("version",), id=tom) == before


async def change_token_after_reset(house: House) -> str:
    signed_in = await house.signed_in(ANN, NEW, ADDRESS)
    session = await house.accounts.session(credential_of(signed_in.token))
    assert session is not None
    await request_change(house.means, session, "new@example.org", None, ())
    return next(mail for mail in await house.mails() if mail.template == "change_email").token


@pytest.mark.parametrize("change", [{"password": NEW}, {"email": "elsewhere@example.org"}, {"active": False}])
@pytest.mark.parametrize("purpose", FLOWS)
async def test_a_new_password_a_new_address_and_a_suspension_make_tokens_void(
    house: House, purpose: Purpose, change: dict[str, Any]
) -> None:
    ask, use = FLOWS[purpose]
    ann = await house.user("ann")
    token = await ask(house)
    await house.system(Update("sys_user", ann, change))
    await refused(house, use, token)


async def test_of_two_who_use_a_token_at_once_one_is_refused(house: House) -> None:
    await house.user("ann")
    token = await reset_token(house)
    came = await asyncio.gather(*(use_for_reset(house, token) for _ in range(3)), return_exceptions=True)
    assert came.count(None) == 1
    assert [type(refusal) for refusal in came if refusal is not None] == [Invalid, Invalid]


async def test_an_address_that_somebody_took_in_the_meantime_stays_his(house: House) -> None:
    await house.user("ann")
    token = await change_token(house)
    await house.user("new")
    await refused(house, use_for_address, token)


async def test_a_known_new_address_gets_no_mail_and_the_same_answer(house: House) -> None:
    await house.user("ann")
    await house.user("tom")
    await request_change(house.means, await session_of(house), "TOM@example.org", None, ())
    assert await house.mails() == []


@pytest.mark.parametrize("state", ["unknown", "suspended", "no address", "verified"])
async def test_who_may_not_have_a_mail_gets_none_and_the_same_answer(house: House, state: str) -> None:
    email = "tom@example.org" if state != "no address" else "\r\nBcc: tom@example.org"
    if state in ("suspended", "verified"):
        tom = await house.user("tom")
        change = {"active": False} if state == "suspended" else {"email_verified": True}
        await house.system(Update("sys_user", tom, change))
    await send_verification(house.means, email, None, ())
    if state != "verified":
        await forget_password(house.means, email, None, ())
    assert await house.mails() == []


async def test_asking_does_nothing_before_the_answer_whoever_is_named(house: House) -> None:
    await house.user("ann")
    done: list[object] = []

    async def watched(operation: Any, caller: Any) -> Any:
        done.append(operation)
        return await house.execute(operation, caller)

    means = msgspec.structs.replace(house.means, execute=watched)
    for email in (ANN, "nobody@example.org"):
        for ask in (forget_password, send_verification):
            await ask(means, email, None, ())
            assert done == []
            await house.mails()
            assert done
            done.clear()


async def test_asking_too_often_for_one_account_is_refused_before_anything_is_looked_up(house: House) -> None:
    for _ in range(house.sign_ins):
        await forget_password(house.means, ANN, None, ())
    for attempt in (forget_password, send_verification):
        with pytest.raises(RateLimited):
            await attempt(house.means, ANN.upper(), None, ())
    await forget_password(house.means, "tom@example.org", None, ())


async def test_what_strangers_try_at_an_account_does_not_lock_out_who_has_a_session(house: House) -> None:
    await house.user("ann")
    session = await session_of(house)
    for _ in range(house.sign_ins - 1):
        await forget_password(house.means, ANN, None, ())
    with pytest.raises(RateLimited):
        await house.signed_in("ann")
    await change_password(house.means, session, PASSWORD, NEW, ADDRESS, revoke_others=False)


async def test_a_mail_speaks_its_readers_language(house: House) -> None:
    await house.user("ann")
    await forget_password(house.means, ANN, None, ("de-at", "en"))
    assert "Guten Tag Ann" in (await house.mails())[0].text


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "min_length"),
        ("x" * 257, "max_length"),
        ("ü" * 129, "max_length"),
        ("ANN@example.org", "invalid_value"),
        (" ann@example.org ", "invalid_value"),
        ("with \0 in it", "invalid_value"),
    ],
)
async def test_a_password_that_is_none_is_refused_and_the_token_stays(house: House, password: str, code: str) -> None:
    await house.user("ann")
    token = await reset_token(house)
    with pytest.raises(Invalid) as told:
        await reset_password(house.means, token, password)
    assert [(fault.field, fault.code) for fault in told.value.faults] == [("newPassword", code)]
    await reset_password(house.means, token, "ü" * 128)
    with pytest.raises(Invalid) as told:
        await change_password(
            house.means, await session_after(house), "ü" * 128, password, ADDRESS, revoke_others=False
        )
    assert [(fault.field, fault.code) for fault in told.value.faults] == [("newPassword", code)]


async def session_after(house: House) -> SessionDocument:
    signed_in = await house.signed_in(ANN, "ü" * 128, ADDRESS)
    session = await house.accounts.session(credential_of(signed_in.token))
    assert session is not None
    return session


async def test_a_changed_password_keeps_or_ends_the_other_sessions_as_was_asked(house: House) -> None:
    await house.user("ann")
    other = await house.sign_in("ann")
    session = await session_of(house)
    _, opened = await change_password(house.means, session, PASSWORD, NEW, ADDRESS, revoke_others=False)
    assert opened is None
    assert await house.accounts.session(credential_of(other)) is not None
    assert await house.accounts.session(credential_of(session.session.token)) is not None
    _, opened = await change_password(house.means, session, NEW, PASSWORD, ADDRESS, revoke_others=True)
    assert opened is not None
    assert await house.accounts.session(credential_of(other)) is None
    assert await house.accounts.session(credential_of(session.session.token)) is None
    assert await house.accounts.session(credential_of(opened.token)) is not None


async def test_a_changed_password_makes_a_change_of_address_void(house: House) -> None:
    await house.user("ann")
    token = await change_token(house)
    await change_password(house.means, await session_of(house), PASSWORD, NEW, ADDRESS, revoke_others=False)
    await refused(house, use_for_address, token)


async def test_a_wrong_current_password_changes_nothing_and_counts_as_an_attempt(house: House) -> None:
    await house.user("ann")
    session = await session_of(house)
    for _ in range(house.sign_ins):
        with pytest.raises(Invalid) as told:
            await change_password(house.means, session, "wrong", NEW, ADDRESS, revoke_others=False)
        assert [fault.field for fault in told.value.faults] == ["currentPassword"]
    with pytest.raises(RateLimited):
        await change_password(house.means, session, PASSWORD, NEW, ADDRESS, revoke_others=False)


async def test_without_mails_all_that_needs_them_is_refused_alike(house: House) -> None:
    await house.user("ann")
    means = msgspec.structs.replace(house.means, links=None)
    for email in (ANN, "nobody@example.org"):
        for attempt in (forget_password, send_verification):
            with pytest.raises(NotOffered):
                await attempt(means, email, None, ())


VERIFYING_APP = (
    "name: small\npackages: [./notes]\nsurfaces: {apis: []}\n"
    "auth: {signUp: true, requireEmailVerification: true, emailDomains: [example.org]}\n"
)


@pytest.fixture
async def verifying(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """A house in which addresses are verified."""
    async with open_house(load(write_app(tmp_path, **{"app.yaml": VERIFYING_APP})), sqlite_url) as house:
        yield await started(house)


EVE = NewAccount("Eve", "Eve@Example.org", PASSWORD, "/welcome?from=mail")


async def test_a_stranger_signs_in_once_his_address_is_verified(verifying: House) -> None:
    assert await sign_up(verifying.means, EVE, ADDRESS) is None
    (mail,) = await verifying.mails()
    assert (mail.template, mail.to) == ("verify_email", "eve@example.org")
    assert mail.link.endswith("&callbackURL=%2Fwelcome%3Ffrom%3Dmail")
    with pytest.raises(EmailNotVerified):
        await verifying.accounts.sign_in("eve@example.org", PASSWORD, ADDRESS)
    with pytest.raises(Unauthenticated):
        await verifying.accounts.sign_in("eve@example.org", "wrong password", ADDRESS)
    assert (await verify_email(verifying.means, mail.token)).email_verified
    caller = await verifying.caller("eve")
    assert caller.organization_id == verifying.organization_id
    assert caller.sets == {"everyone"}


async def test_a_known_address_signs_up_with_the_same_answer_and_its_owner_is_told(verifying: House) -> None:
    await verifying.user("eve")
    before = await verifying.read("sys_user", ("version", "name"))
    assert await sign_up(verifying.means, msgspec.structs.replace(EVE, name="Mallory"), ADDRESS) is None
    (mail,) = await verifying.mails()
    assert (mail.template, mail.to) == ("known_address", "eve@example.org")
    assert "Mallory" not in mail.text
    assert await verifying.read("sys_user", ("version", "name")) == before


async def test_of_two_sign_ups_at_once_one_makes_the_account(verifying: House) -> None:
    for _ in range(3):
        await sign_up(verifying.means, EVE, ADDRESS)
    await verifying.mails()
    assert await verifying.count("sys_user") == await verifying.count("sys_member") == 1
    assert await verifying.count("sys_verification") == 1


async def test_an_account_and_its_mail_are_made_together_or_not_at_all(verifying: House) -> None:
    verifying.post._wake = None
    await sign_up(verifying.means, EVE, ADDRESS)
    assert await verifying.mails() == []
    assert await verifying.count("sys_user") == await verifying.count("sys_verification") == 0


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"email": "eve@elsewhere.example"}, {"email"}),
        ({"email": "eve@example.org.evil.example"}, {"email"}),
        ({"email": "eve"}, {"email"}),
        ({"name": "", "password": "short"}, {"name", "password"}),
        ({"password": "eve@EXAMPLE.org"}, {"password"}),
        ({"callback": "https://evil.example"}, {"callbackURL"}),
    ],
)
async def test_what_no_account_can_be_made_of_is_told_at_once(
    verifying: House, change: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as told:
        await sign_up(verifying.means, msgspec.structs.replace(EVE, **change), ADDRESS)
    assert {fault.field for fault in told.value.faults} == fields
    assert await verifying.mails() == []


async def test_an_address_changes_within_the_allowed_domains_alone(verifying: House) -> None:
    ann = await verifying.user("ann")
    await verifying.system(Update("sys_user", ann, {"email_verified": True}))
    with pytest.raises(Invalid):
        await request_change(verifying.means, await session_of(verifying), "ann@elsewhere.example", None, ())
