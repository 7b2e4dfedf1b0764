"""API keys act as their maker in the organisation where they were made, and never reach further."""

import pytest

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.clock import later
from fieldstone.engine.operation import Create, Delete, Update
from fieldstone.errors import Invalid, MethodNotAllowed, NotFound, PermissionDenied, Unauthenticated
from fieldstone.identity.credential import Credential, credential_of
from fieldstone.identity.keys import NewKey
from fieldstone.identity.presence import EVERY
from fieldstone.identity.tokens import hash_token
from tests.identity.house import House


async def test_a_key_acts_as_its_maker(house: House) -> None:
    ann = await house.user("ann", "note_writer")
    made = await house.accounts.create_key(await house.caller("ann"), "laptop")
    assert made.key.startswith("osk_")
    assert made.key.startswith(made.prefix)
    caller = await house.identity.caller(credential_of(made.key))
    assert (caller.id, caller.organization_id) == (ann, house.organization_id)
    assert caller.sets == {"everyone", "note_writer"}
    assert caller.scopes is None


async def test_a_key_is_stored_as_its_hash_and_shown_to_its_maker_without_it(house: House) -> None:
    await house.user("ann")
    caller = await house.caller("ann")
    made = await house.accounts.create_key(caller, "laptop")
    assert (await house.read("sys_api_key", ("key_hash",)))[0]["key_hash"] == hash_token(made.key)
    rows = (await house.list(caller, "sys_api_key")).records()
    assert [row["prefix"] for row in rows] == [made.prefix]
    assert "key_hash" not in rows[0]
    with pytest.raises(Invalid):
        await house.list(caller, "sys_api_key", where={"key_hash": hash_token(made.key)})


async def test_a_key_ends_when_it_says_so(house: House) -> None:
    await house.user("ann")
    end = later(house.clock(), 60)
    made = await house.accounts.create_key(await house.caller("ann"), "laptop", end)
    house.clock.move(59.999)
    await house.identity.caller(credential_of(made.key))
    house.clock.move(0.001)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential_of(made.key))


async def test_a_key_that_would_be_over_already_is_refused(house: House) -> None:
    await house.user("ann")
    caller = await house.caller("ann")
    for end in (house.clock(), "2001-01-01T00:00:00Z"):
        with pytest.raises(Invalid) as refused:
            await house.accounts.create_key(caller, "laptop", end)
        assert [fault.code for fault in refused.value.faults] == ["min_value"]
    assert await house.count("sys_api_key") == 0


async def test_a_revoked_key_is_refused_at_once_and_stays_refused(house: House) -> None:
    await house.user("ann")
    caller = await house.caller("ann")
    made = await house.accounts.create_key(caller, "laptop")
    await house.identity.caller(credential_of(made.key))
    await house.execute(Update("sys_api_key", made.id, {"revoked": True}), caller)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential_of(made.key))


async def test_scopes_limit_a_key_and_those_that_it_makes(house: House) -> None:
    await house.user("ann")
    caller = await house.caller("ann")
    made = await house.accounts.create_key(caller, "narrow", scopes=["notes:read"])
    narrow = await house.identity.caller(credential_of(made.key))
    assert narrow.scopes == frozenset({"notes:read"})
    with pytest.raises(PermissionDenied):
        await house.accounts.create_key(narrow, "wider", scopes=["notes:read", "notes:write"])
    again = await house.accounts.create_key(narrow, "the same")
    assert (await house.identity.caller(credential_of(again.key))).scopes == frozenset({"notes:read"})


async def test_no_scope_at_all_is_a_limit_too(house: House) -> None:
    await house.user("ann")
    made = await house.accounts.create_key(await house.caller("ann"), "nothing", scopes=[])
    assert (await house.identity.caller(credential_of(made.key))).scopes == frozenset()


async def test_a_scope_that_no_surface_asks_for_is_refused_with_the_nearest(house: House) -> None:
    await house.user("ann")
    with pytest.raises(Invalid) as refused:
        await house.accounts.create_key(await house.caller("ann"), "k", scopes=["notes:raed"])
    assert refused.value.details["hint"] == "Did you mean `notes:read`?"
    assert await house.count("sys_api_key") == 0


async def test_nobody_changes_what_a_key_reaches_not_even_an_administrator(house: House) -> None:
    tom = await house.user("tom")
    for name, sets in (("ann", ()), ("ada", ("admin_full_access",))):
        await house.user(name, *sets)
        caller = await house.caller(name)
        made = await house.accounts.create_key(caller, "narrow", scopes=["notes:read"])
        for values in ({"scopes": None}, {"user_id": tom}, {"expires_at": None, "prefix": "osk_x"}):
            before = await house.read("sys_api_key", ("user_id", "scopes", "prefix"), id=made.id)
            with pytest.raises(PermissionDenied):
                await house.execute(Update("sys_api_key", made.id, {"name": "x", **values, "revoked": True}), caller)
            assert await house.read("sys_api_key", ("user_id", "scopes", "prefix"), id=made.id) == before
        with pytest.raises(Invalid):
            await house.execute(Update("sys_api_key", made.id, {"key_hash": hash_token("osk_mine")}), caller)
        await house.execute(Update("sys_api_key", made.id, {"name": "renamed"}), caller)


async def test_keys_of_others_are_not_there(house: House) -> None:
    await house.user("ann")
    await house.user("tom")
    made = await house.accounts.create_key(await house.caller("ann"), "laptop")
    tom = await house.caller("tom")
    assert (await house.list(tom, "sys_api_key")).rows == []
    for operation in (Update("sys_api_key", made.id, {"revoked": True}), Delete("sys_api_key", made.id)):
        with pytest.raises(NotFound):
            await house.execute(operation, tom)
    await house.identity.caller(credential_of(made.key))


async def test_keys_are_made_by_signed_in_users_of_an_organisation_alone(house: House) -> None:
    with pytest.raises(Unauthenticated):
        await house.accounts.create_key(ANONYMOUS, "k")
    ann = await house.user("ann")
    await house.member(ann, await house.organization("other"))
    with pytest.raises(PermissionDenied):
        await house.accounts.create_key(await house.caller("ann"), "k")


async def test_a_key_is_not_made_by_writing_a_record(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    row = {"name": "k", "prefix": "osk_", "key_hash": hash_token("osk_mine"), "user_id": ada}
    with pytest.raises((MethodNotAllowed, Invalid)):
        await house.execute(Create("sys_api_key", (row,)), await house.caller("ada"))


async def key_by_key(house: House, caller: Caller, *ends: str | None) -> tuple[list[NewKey], list[Credential]]:
    """Makes a key, with it another, with that the next, each with its end; returns them and their credentials."""
    made: list[NewKey] = []
    for end in ends:
        made.append(await house.accounts.create_key(caller, f"key {len(made)}", end))
        caller = await house.identity.caller(credential_of(made[-1].key))
    return made, [credential_of(key.key) for key in made]


async def hold(house: House, credentials: list[Credential]) -> list[bool]:
    async def holds(credential: Credential) -> bool:
        try:
            return (await house.identity.caller(credential)).id is not None
        except Unauthenticated:
            return False

    return [await holds(credential) for credential in credentials]


async def test_a_key_that_is_made_with_another_ends_with_it_at_the_latest(house: House) -> None:
    await house.user("ann")
    ann, end = await house.caller("ann"), later(house.clock(), 60)
    _, credentials = await key_by_key(house, ann, end, None, later(house.clock(), 30))
    first = await house.identity.caller(credentials[0])
    for beyond in (later(end, 0.001), "2099-01-01T00:00:00Z"):
        with pytest.raises(PermissionDenied) as refused:
            await house.accounts.create_key(first, "k", beyond)
        assert refused.value.details["expires_at"] == end
    assert await house.count("sys_api_key") == 3
    house.clock.move(30)
    assert await hold(house, credentials) == [True, True, False]
    house.clock.move(30)
    assert await hold(house, credentials) == [False, False, False]


async def test_a_key_without_an_end_makes_keys_with_and_without(house: House) -> None:
    await house.user("ann")
    _, credentials = await key_by_key(house, await house.caller("ann"), None, None, later(house.clock(), 1))
    assert await hold(house, credentials) == [True, True, True]
    house.clock.move(1)
    assert await hold(house, credentials) == [True, True, False]


async def test_a_revoked_key_takes_along_the_keys_that_it_made(house: House) -> None:
    await house.user("ann")
    ann = await house.caller("ann")
    made, credentials = await key_by_key(house, ann, None, None, None)
    other = credential_of((await house.accounts.create_key(ann, "another")).key)
    await house.execute(Update("sys_api_key", made[1].id, {"revoked": True}), ann)
    assert await hold(house, [*credentials, other]) == [True, False, False, True]
    await house.execute(Delete("sys_api_key", made[0].id), ann)
    assert await house.count("sys_api_key") == 1
    assert await hold(house, [*credentials, other]) == [False, False, False, True]


async def test_a_revoked_key_is_not_brought_back_by_anybody(house: House) -> None:
    await house.user("ann")
    await house.user("ada", "admin_full_access")
    ann = await house.caller("ann")
    made = await house.accounts.create_key(ann, "laptop")
    await house.execute(Update("sys_api_key", made.id, {"revoked": True}), ann)
    for caller in (ann, await house.caller("ada")):
        for values in ({"revoked": False}, {"revoked": None}, {"revoked": False, "name": "renamed"}):
            with pytest.raises(PermissionDenied):
                await house.execute(Update("sys_api_key", made.id, values), caller)
    await house.execute(Update("sys_api_key", made.id, {"name": "renamed"}), ann)


async def test_keys_hold_while_their_user_is_active_and_a_member(house: House) -> None:
    ann = await house.user("ann")
    credentials = (await key_by_key(house, await house.caller("ann"), None, None))[1]
    await house.system(Update("sys_user", ann, {"active": False}))
    assert await hold(house, credentials) == [False, False]
    await house.system(Update("sys_user", ann, {"active": True}))
    assert await hold(house, credentials) == [True, True]
    for member in await house.memberships(ann, house.organization_id):
        await house.system(Delete("sys_member", member))
    assert await hold(house, credentials) == [False, False]
    assert await house.count("sys_api_key") == 0


async def test_the_last_use_of_a_key_is_written_beside_the_requests_and_rarely(house: House) -> None:
    await house.user("ann")
    (made,), (credential,) = await key_by_key(house, await house.caller("ann"), None)
    assert await last_used(house, made) is None
    await house.presence.write()
    used = await last_used(house, made)
    assert used == house.clock()
    house.clock.move(EVERY - 1)
    await house.identity.caller(credential)
    await house.presence.write()
    assert await last_used(house, made) == used
    house.clock.move(1)
    await house.identity.caller(credential)
    await house.presence.write()
    assert await last_used(house, made) == house.clock()


async def last_used(house: House, key: NewKey) -> str | None:
    found: str | None = (await house.read("sys_api_key", ("last_used_at",), id=key.id))[0]["last_used_at"]
    return found
