"""Signing in, being known, and signing out: over the real door, on both databases."""

from pathlib import Path

import msgspec
import pytest

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.clock import later
from fieldstone.engine.operation import Delete, Operation, Update
from fieldstone.engine.outcome import Outcome
from fieldstone.errors import RateLimited, Unauthenticated
from fieldstone.identity.credential import Credential, credential_of
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.sessions import Origin
from fieldstone.identity.tokens import hash_token
from tests.identity.hasher import CountingHasher
from tests.identity.house import ADDRESS, PASSWORD, House, load, open_house, started, write_app

DAY = 24 * 60 * 60


async def test_a_user_signs_in_and_is_known_by_his_token(house: House) -> None:
    ann = await house.user("ann", "note_writer")
    signed_in = await house.signed_in("ann@example.org", PASSWORD, ADDRESS)
    caller = await house.identity.caller(credential_of(signed_in.token))
    assert caller.id == ann
    assert caller.organization_id == house.organization_id
    assert caller.sets == {"everyone", "note_writer"}
    assert caller.values["email"] == "ann@example.org"
    assert caller.values["roles"] == ("member",)
    assert caller.scopes is None
    assert not caller.system


async def test_the_answer_of_a_sign_in_names_the_user_and_nothing_secret(house: House) -> None:
    ann = await house.user("ann")
    answer = msgspec.to_builtins(await house.accounts.sign_in("ann@example.org", PASSWORD, ADDRESS))
    assert answer.pop("token")
    assert answer == {
        "expiresAt": later(house.clock(), 30 * DAY),
        "user": {
            "id": ann,
            "email": "ann@example.org",
            "name": "Ann",
            "emailVerified": False,
            "twoFactorEnabled": False,
            "image": None,
            "createdAt": house.clock(),
            "updatedAt": house.clock(),
        },
    }


async def test_an_address_is_the_same_in_upper_case_and_between_blanks(house: House) -> None:
    ann = await house.user("ann")
    assert (await house.signed_in(" ANN@Example.org ", PASSWORD, ADDRESS)).user.id == ann


async def test_unknown_wrong_and_suspended_are_refused_in_the_same_words(house: House) -> None:
    await house.user("ann")
    tom = await house.user("tom")
    await house.system(Update("sys_user", tom, {"active": False}))
    texts = set()
    for email, password in [
        ("nobody@example.org", PASSWORD),
        ("ann@example.org", PASSWORD.upper()),
        ("tom@example.org", PASSWORD),
        ("", ""),
    ]:
        with pytest.raises(Unauthenticated) as refused:
            await house.accounts.sign_in(email, password, ADDRESS)
        texts.add((refused.value.message, str(refused.value.details)))
    assert len(texts) == 1
    assert await house.count("sys_session") == 0


async def test_unknown_wrong_and_suspended_take_the_same_work(tmp_path: Path, sqlite_url: str) -> None:
    hasher = CountingHasher()
    async with open_house(load(write_app(tmp_path)), sqlite_url, Passwords(hasher)) as house:
        await started(house)
        await house.user("ann")
        for name, values in (("tom", {"active": False}), ("eve", {"password": None})):
            await house.system(Update("sys_user", await house.user(name), values))
        asked: list[str] = []

        async def execute(operation: Operation, caller: Caller) -> Outcome:
            asked.append(type(operation).__name__)
            return await house.execute(operation, caller)

        accounts = house.accounts_of(house.catalog, execute)
        work = set()
        for number, (name, password) in enumerate(
            [("nobody", PASSWORD), ("ann", "wrong"), ("tom", "wrong"), ("tom", PASSWORD), ("eve", PASSWORD), ("", "")]
        ):
            with pytest.raises(Unauthenticated):
                await accounts.sign_in(f"{name}@example.org", password, Origin(f"192.0.2.{number}"))
            await house.errands.settled()
            work.add((tuple(hasher.checked), tuple(asked)))
            hasher.checked.clear()
            asked.clear()
        assert work == {(("$argon2id$v=19$m=1024,t=1,p=1",), ("Read", "Read", "Read", "Create"))}


async def test_too_many_attempts_at_one_account_are_refused_wherever_they_come_from(house: House) -> None:
    await house.user("ann")
    for number in range(house.sign_ins):
        with pytest.raises(Unauthenticated):
            await house.accounts.sign_in("ann@example.org", "wrong password", Origin(f"198.51.100.{number}"))
    with pytest.raises(RateLimited) as refused:
        await house.accounts.sign_in("ANN@example.org", PASSWORD, Origin("203.0.113.9"))
    assert refused.value.details["retryAfter"] > 0


async def test_nothing_shown_is_anonymous_and_something_unknown_is_refused(house: House) -> None:
    assert await house.identity.caller(None) is ANONYMOUS
    for secret in ("", "x", "osk_x", "x" * 10_000, "é\x00"):
        with pytest.raises(Unauthenticated):
            await house.identity.caller(credential_of(secret))


async def test_the_stored_hash_of_a_token_is_not_a_token(house: House) -> None:
    await house.user("ann")
    token = (await house.signed_in("ann@example.org", PASSWORD, ADDRESS)).token
    stored = (await house.read("sys_session", ("token_hash",)))[0]["token_hash"]
    assert stored == hash_token(token)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential_of(stored))


async def test_a_session_token_is_no_key_and_a_key_no_session(house: House) -> None:
    token = await house.sign_in("ann")
    with pytest.raises(Unauthenticated):
        await house.identity.caller(Credential("key", token))
    caller = await house.identity.caller(credential_of(token))
    key = (await house.accounts.create_key(caller, "k")).key
    with pytest.raises(Unauthenticated):
        await house.identity.caller(Credential("session", key))


async def test_signing_out_ends_the_session_at_once_and_only_that_one(house: House) -> None:
    first, second = credential_of(await house.sign_in("ann")), credential_of(await house.sign_in("ann"))
    await house.identity.caller(first)
    await house.accounts.sign_out(first)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(first)
    assert (await house.identity.caller(second)).id is not None
    await house.accounts.sign_out(first)
    await house.accounts.sign_out(None)
    assert await house.count("sys_session") == 1


async def test_the_session_document_is_the_contracts(house: House) -> None:
    ann = await house.user("ann")
    token = await house.sign_in("ann")
    document = msgspec.to_builtins(await house.accounts.session(credential_of(token)))
    session, user = document["session"], document["user"]
    assert set(document) == {"session", "user"}
    assert user["id"] == session["userId"] == ann
    assert session["token"] == token
    assert session["activeOrganizationId"] == house.organization_id
    assert session["expiresAt"] == later(house.clock(), 7 * DAY)
    assert set(user) == {"id", "email", "name", "emailVerified", "twoFactorEnabled", "image", "createdAt", "updatedAt"}


async def test_without_a_session_the_document_is_null(house: House) -> None:
    assert await house.accounts.session(None) is None
    assert await house.accounts.session(credential_of("unknown")) is None


async def test_a_member_of_two_organisations_signs_in_without_one_being_active(house: House) -> None:
    ann = await house.user("ann", "note_writer")
    other = await house.organization("other")
    await house.member(ann, other)
    caller = await house.caller("ann")
    assert caller.organization_id is None
    assert caller.sets == {"everyone"}
    await house.system(Delete("sys_member", (await house.memberships(ann, other))[0]))
    assert (await house.caller("ann")).organization_id == house.organization_id
