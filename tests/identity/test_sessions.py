"""Sessions hold while they are used and no longer than they may, are listed to their user, and are ended one, others or all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.engine.operation import Delete, Get, Update
from fieldstone.errors import MethodNotAllowed, NotFound, PermissionDenied, Unauthenticated
from fieldstone.identity.credential import Credential, credential_of
from fieldstone.identity.presence import EVERY
from fieldstone.identity.sessions import DAY, Origin
from tests.identity.house import ADDRESS, APP, PASSWORD, House, load, open_house, started, write_app

IDLE, LONGEST = 7 * DAY, 30 * DAY
NOSY = (
    "name: nosy\nobjects:\n"
    "  '*': {allowRead: true, allowEdit: true, allowDelete: true, viewAllRecords: true, modifyAllRecords: true}\n"
)


@pytest.fixture
async def house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """A started house on SQLite; tests/concurrency ends sessions on both kinds of database."""
    async with open_house(load(write_app(tmp_path)), sqlite_url) as house:
        yield await started(house)


async def signed_in(house: House, name: str = "ann") -> Credential:
    return credential_of(await house.sign_in(name))


async def holds(house: House, credential: Credential) -> bool:
    """Tells whether a session is taken for its user, in this process and in another, and by who asks who he is."""
    answers = set()
    for identity in (house.identity, house.another_identity()):
        try:
            answers.add((await identity.caller(credential)).id is not None)
        except Unauthenticated:
            answers.add(False)
    answers.add(await house.accounts.session(credential) is not None)
    assert len(answers) == 1
    return answers.pop()


async def use(house: House, credential: Credential, seconds: float) -> bool:
    """Lets time pass, uses a session, and has written down that it was used; tells whether it held."""
    house.clock.move(seconds)
    held = await holds(house, credential)
    await house.presence.write()
    return held


async def test_a_session_that_is_not_used_is_over_at_the_last_instant_of_its_idle_time(house: House) -> None:
    credential = await signed_in(house)
    house.clock.move(IDLE - 0.001)
    assert await holds(house, credential)
    house.clock.move(0.001)
    assert not await holds(house, credential)


async def test_use_keeps_a_session_alive_until_it_is_as_old_as_it_may_become(house: House) -> None:
    credential = await signed_in(house)
    for _ in range(4):
        assert await use(house, credential, IDLE - 1)
    document = await house.accounts.session(credential)
    assert document is not None
    assert not await use(house, credential, LONGEST - 4 * (IDLE - 1))


async def test_a_session_is_over_where_it_was_known_a_moment_ago(house: House) -> None:
    credential = await signed_in(house)
    await use(house, credential, LONGEST % IDLE)
    for _ in range(3):
        await use(house, credential, IDLE - 1)
    house.clock.move(IDLE - 0.001)
    await house.identity.caller(credential)
    house.clock.move(0.001)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential)


async def test_a_session_in_use_is_written_rarely(house: House) -> None:
    credential, _ = await signed_in(house), await signed_in(house, "tom")
    before = await seen(house)
    for _ in range(20):
        await use(house, credential, EVERY / 20 - 0.001)
    assert await seen(house) == before
    await use(house, credential, EVERY / 20)
    assert await seen(house) == [house.clock(), before[1]]
    assert [row["version"] for row in await house.read("sys_session", ("version",))] == [2, 1]


async def seen(house: House) -> list[str]:
    return [row["last_seen_at"] for row in await house.read("sys_session", ("last_seen_at",))]


async def test_writing_down_who_was_seen_leaves_every_known_caller_known(house: House) -> None:
    credential, other = await signed_in(house), await signed_in(house, "tom")
    house.clock.move(EVERY)
    ann = await house.identity.caller(credential)
    house.clock.move(1)
    tom = await house.identity.caller(other)
    epoch = await house.store.epoch()
    await house.presence.write()
    assert await house.store.epoch() == epoch
    assert await house.identity.caller(credential) is ann
    assert await house.identity.caller(other) is tom


async def test_who_is_gone_when_he_is_written_down_keeps_nobody_else_from_it(house: House) -> None:
    gone, staying = await signed_in(house), await signed_in(house, "tom")
    house.clock.move(EVERY)
    await house.identity.caller(gone)
    await house.identity.caller(staying)
    await house.accounts.sign_out(gone)
    await house.presence.write()
    assert await seen(house) == [house.clock()]


async def test_the_app_says_how_long_sessions_hold(tmp_path: Path, sqlite_url: str) -> None:
    app = APP["app.yaml"] + "auth: {sessionDays: 2, sessionIdleDays: 1}\n"
    async with open_house(load(write_app(tmp_path, **{"app.yaml": app})), sqlite_url) as house:
        await started(house)
        credential = await signed_in(house)
        assert await use(house, credential, DAY - 1)
        assert await use(house, credential, DAY - 1)
        assert not await use(house, credential, 2)
        assert not await use(house, await signed_in(house), DAY)


async def test_every_sign_in_makes_a_token_of_its_own(house: House) -> None:
    tokens = {await house.sign_in("ann") for _ in range(3)}
    assert len(tokens) == 3
    assert await house.count("sys_session") == 3


async def test_the_list_shows_where_and_when_and_no_token(house: House) -> None:
    await house.user("ann")
    await house.accounts.sign_in("ann@example.org", PASSWORD, Origin("192.0.2.1", "a telephone"))
    house.clock.move(60)
    token = (await house.signed_in("ann@example.org", PASSWORD, Origin("192.0.2.2", "a browser"))).token
    await house.sign_in("tom")
    credential = credential_of(token)
    latest, first = await house.sessions.list(await house.identity.caller(credential), credential)
    assert (latest.ip_address, latest.user_agent, latest.current) == ("192.0.2.2", "a browser", True)
    assert (first.ip_address, first.user_agent, first.current) == ("192.0.2.1", "a telephone", False)
    assert first.created_at < latest.created_at == latest.last_seen_at == house.clock()
    assert latest.token == latest.id
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential_of(latest.token))


async def test_a_session_that_is_over_is_not_listed(house: House) -> None:
    await signed_in(house)
    house.clock.move(IDLE)
    credential = await signed_in(house)
    assert len(await house.sessions.list(await house.identity.caller(credential), credential)) == 1
    assert await house.count("sys_session") == 2


@pytest.mark.parametrize("by", ["id", "token"])
async def test_one_session_is_ended_by_its_handle_or_its_token_and_the_others_stay(house: House, by: str) -> None:
    first, second = await signed_in(house), await signed_in(house)
    caller = await house.identity.caller(second)
    listed = {session.current: session.token for session in await house.sessions.list(caller, second)}
    await house.sessions.revoke(caller, listed[False] if by == "id" else first.secret)
    assert [await holds(house, credential) for credential in (first, second)] == [False, True]


async def test_the_session_of_another_is_as_one_that_is_not_there(house: House) -> None:
    anns, toms = await signed_in(house), await signed_in(house, "tom")
    tom = await house.identity.caller(toms)
    (session,) = await house.sessions.list(await house.identity.caller(anns), anns)
    texts = set()
    for token in (session.token, anns.secret, "", "01J0000000000000000000000A"):
        with pytest.raises(NotFound) as refused:
            await house.sessions.revoke(tom, token)
        texts.add((refused.value.message, str(refused.value.details)))
    assert len(texts) == 1
    assert await holds(house, anns)


async def test_the_others_are_ended_and_this_one_stays(house: House) -> None:
    credentials = [await signed_in(house) for _ in range(3)]
    toms = await signed_in(house, "tom")
    await house.sessions.revoke_others(await house.identity.caller(credentials[1]), credentials[1])
    assert [await holds(house, credential) for credential in (*credentials, toms)] == [False, True, False, True]


async def test_all_are_ended_and_nobody_elses(house: House) -> None:
    credentials = [await signed_in(house) for _ in range(2)]
    toms = await signed_in(house, "tom")
    await house.sessions.revoke_all(await house.identity.caller(credentials[0]))
    assert [await holds(house, credential) for credential in (*credentials, toms)] == [False, False, True]


async def test_a_key_lists_and_ends_the_sessions_of_its_user(house: House) -> None:
    credential = await signed_in(house)
    key = credential_of((await house.accounts.create_key(await house.identity.caller(credential), "k")).key)
    caller = await house.identity.caller(key)
    assert [session.current for session in await house.sessions.list(caller, key)] == [False]
    await house.sessions.revoke_others(caller, key)
    assert not await holds(house, credential)


async def test_nobody_has_no_sessions(house: House) -> None:
    for attempt in (house.sessions.list(ANONYMOUS, None), house.sessions.revoke_all(ANONYMOUS)):
        with pytest.raises(Unauthenticated):
            await attempt


async def test_a_suspended_user_who_is_let_in_again_must_sign_in(house: House) -> None:
    ann = await house.user("ann")
    credential = await signed_in(house)
    for active in (False, True):
        await house.system(Update("sys_user", ann, {"active": active}))
        assert not await holds(house, credential)
    assert await holds(house, await signed_in(house))


@pytest.fixture
def nosy_folder(tmp_path: Path) -> Path:
    return write_app(tmp_path, **{"notes/nosy.permission.yaml": NOSY})


async def test_no_set_shows_or_ends_the_session_of_another_in_any_organisation(
    nosy_folder: Path, database_url: str
) -> None:
    async with open_house(load(nosy_folder), database_url) as house:
        await started(house)
        await house.user("eve", organization_id=await house.organization("other"))
        for name in ("ann", "eve"):
            await signed_in(house, name)
        for sets in (("nosy",), ("admin_full_access",), ("nosy", "admin_full_access")):
            name = "-".join(sets).replace("_", "")
            await house.user(name, *sets)
            caller = await house.caller(name)
            await refused_others(house, caller)
            own = (await house.list(caller, "sys_session")).records()
            assert {row["user_id"] for row in own} == {caller.id}
            await house.execute(Delete("sys_session", own[0]["id"]), caller)


async def refused_others(house: House, caller: Caller) -> None:
    """Asserts that the sessions of others are not there for somebody, by whatever operation."""
    others = [row["id"] for row in await house.read("sys_session", ("id", "user_id")) if row["user_id"] != caller.id]
    assert others
    for other in others:
        for operation in (Get("sys_session", other), Delete("sys_session", other)):
            with pytest.raises(NotFound):
                await house.execute(operation, caller)
        with pytest.raises((MethodNotAllowed, PermissionDenied, NotFound)):
            await house.execute(Update("sys_session", other, {"user_id": caller.id}), caller)


async def test_without_an_active_organisation_ones_own_sessions_are_there(house: House) -> None:
    ann = await house.user("ann")
    await house.member(ann, await house.organization("other"))
    signed = await house.signed_in("ann@example.org", PASSWORD, ADDRESS)
    caller = await house.identity.caller(credential_of(signed.token))
    assert caller.organization_id is None
    (own,) = (await house.list(caller, "sys_session")).records()
    await house.execute(Delete("sys_session", own["id"]), caller)
