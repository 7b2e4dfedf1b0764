"""The platform's objects, written and read as records: users join, nobody raises himself, somebody stays in charge."""

import asyncio

import pytest

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.engine.operation import Create, Delete, Get, Operation, Update
from fieldstone.errors import (
    Conflict,
    FieldstoneError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    UniqueViolation,
)
from fieldstone.identity.credential import credential_of
from fieldstone.query.document import QueryDocument
from tests.identity.house import ADDRESS, PASSWORD, House


async def test_an_administrator_makes_a_user_who_joins_his_organisation_and_can_sign_in(house: House) -> None:
    await house.user("ada", "admin_full_access")
    row = {"email": "New@Example.org", "name": "New", "password": "a good password"}
    written = await house.execute(Create("sys_user", (row,)), await house.caller("ada"))
    assert [member["role"] for member in await house.read("sys_member", ("role",), user_id=written.ids[0])] == [
        "member"
    ]
    signed_in = await house.signed_in("new@example.org", "a good password", ADDRESS)
    assert signed_in.user.id == written.ids[0]


async def test_a_user_whose_membership_fails_is_not_made_either(house: House) -> None:
    await house.user("ada", "admin_full_access")
    before = await house.count("sys_user"), await house.count("sys_member")
    rows = tuple({"email": "new@example.org", "name": name} for name in ("One", "Two"))
    with pytest.raises(UniqueViolation):
        await house.execute(Create("sys_user", rows), await house.caller("ada"))
    assert (await house.count("sys_user"), await house.count("sys_member")) == before


async def test_a_password_is_hashed_and_never_shown(house: House) -> None:
    await house.user("ann")
    await house.user("ada", "admin_full_access")
    ada = await house.caller("ada")
    stored = (await house.read("sys_user", ("password",), email="ann@example.org"))[0]["password"]
    assert stored.startswith("$argon2id$")
    assert all("password" not in row for row in (await house.list(ada, "sys_user")).records())
    with pytest.raises(Invalid):
        await house.list(ada, "sys_user", where={"password": stored})
    with pytest.raises(Invalid):
        await house.execute(Create("sys_user", ({"email": "x@example.org", "name": "X", "password": "short"},)), ada)


async def test_everyone_sees_fellow_members_by_name_and_no_stranger(house: House) -> None:
    ann = await house.user("ann")
    tom = await house.user("tom")
    other = await house.organization("other")
    eve = await house.user("eve", organization_id=other)
    caller = await house.caller("ann")
    rows = (await house.list(caller, "sys_user")).records()
    assert {row["id"]: row["name"] for row in rows} == {ann: "Ann", tom: "Tom"}
    assert all("email" not in row for row in rows)
    with pytest.raises(NotFound):
        await house.execute(Get("sys_user", eve), caller)
    organizations = (await house.list(caller, "sys_organization")).records()
    assert [row["id"] for row in organizations] == [house.organization_id]
    assert "seeded_at" not in organizations[0]


async def test_an_administrator_reaches_no_further_than_his_organisation(house: House) -> None:
    await house.user("ada", "admin_full_access")
    other = await house.organization("other")
    eve = await house.user("eve", "note_writer", organization_id=other)
    ada = await house.caller("ada")
    member = (await house.memberships(eve, other))[0]
    for operation in (
        Update("sys_user", eve, {"password": "a new password"}),
        Delete("sys_user", eve),
        Update("sys_organization", other, {"name": "Mine"}),
        Delete("sys_member", member),
    ):
        with pytest.raises(NotFound):
            await house.execute(operation, ada)
    with pytest.raises(Invalid):
        await house.execute(Create("sys_member", ({"user_id": eve},)), ada)
    with pytest.raises(Invalid):
        await house.execute(granting(eve, "note_reader"), ada)


async def test_sessions_are_ones_own_even_for_an_administrator(house: House) -> None:
    await house.user("ann")
    await house.user("ada", "admin_full_access")
    ann, ada = await house.caller("ann"), await house.caller("ada")
    for caller in (ann, ada):
        rows = (await house.list(caller, "sys_session")).records()
        assert {row["user_id"] for row in rows} == {caller.id}
        assert all("token_hash" not in row for row in rows)
    anns = (await house.read("sys_session", ("id",), user_id=ann.id))[0]["id"]
    with pytest.raises(NotFound):
        await house.execute(Delete("sys_session", anns), ada)
    await house.execute(Delete("sys_session", anns), ann)
    with pytest.raises(MethodNotAllowed):
        await house.execute(Create("sys_session", ({"user_id": ada.id},)), ada)


@pytest.mark.parametrize("sets", [(), ("note_writer",), ("member_default",), ("viewer_readonly",)])
async def test_nobody_but_an_administrator_grants_or_admits_anything(house: House, sets: tuple[str, ...]) -> None:
    ann = await house.user("ann", *sets)
    tom = await house.user("tom", "note_writer")
    caller = await house.caller("ann")
    grant = (await house.read("sys_user_permission_set", ("id",), user_id=tom))[0]["id"]
    member = (await house.memberships(ann, house.organization_id))[0]
    before = await everything(house)
    attempts: list[Operation] = [
        granting(ann, "admin_full_access"),
        Update("sys_user_permission_set", grant, {"user_id": ann}),
        Delete("sys_user_permission_set", grant),
        Create("sys_member", ({"user_id": ann, "role": "owner"},)),
        Update("sys_member", member, {"role": "owner"}),
        Delete("sys_member", member),
        Update("sys_organization", house.organization_id, {"name": "Mine"}),
        Create("sys_user", ({"email": "x@example.org", "name": "X"},)),
        Update("sys_user", ann, {"email": "x@example.org"}),
        Update("sys_user", tom, {"password": "a new password"}),
    ]
    for attempt in attempts:
        for asking in (caller, ANONYMOUS):
            with pytest.raises((PermissionDenied, NotFound)):
                await house.execute(attempt, asking)
    assert await everything(house) == before


async def test_who_may_grant_still_grants_only_what_he_holds(house: House) -> None:
    ann = await house.user("ann", "granter", "note_reader")
    tom = await house.user("tom")
    caller = await house.caller("ann")
    for user, name in ((ann, "admin_full_access"), (tom, "admin_full_access"), (ann, "note_writer")):
        with pytest.raises(PermissionDenied):
            await house.execute(granting(user, name), caller)
    await house.execute(granting(tom, "note_reader"), caller)
    toms = (await house.read("sys_user_permission_set", ("id",), user_id=tom))[0]["id"]
    with pytest.raises(PermissionDenied):
        await house.execute(Update("sys_user_permission_set", toms, {"permission_set": "note_writer"}), caller)
    assert (await house.caller("tom")).sets == {"everyone", "note_reader"}


async def test_a_grant_names_a_declared_set(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    caller = await house.caller("ada")
    with pytest.raises(Invalid) as refused:
        await house.execute(granting(ada, "note_reeder"), caller)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("permission_set", "invalid_value")]
    assert refused.value.details["hint"] == "Did you mean `note_reader`?"
    await house.grant(ada, "note_reader")
    held = (await house.read("sys_user_permission_set", ("id",), permission_set="note_reader"))[0]["id"]
    with pytest.raises(Invalid):
        await house.execute(Update("sys_user_permission_set", held, {"permission_set": "nothing"}), caller)


async def test_the_same_set_is_granted_once(house: House) -> None:
    ann = await house.user("ann", "note_writer")
    with pytest.raises(UniqueViolation):
        await house.grant(ann, "note_writer")
    with pytest.raises(UniqueViolation):
        await house.member(ann, house.organization_id)


async def test_a_membership_is_not_handed_over(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    tom = await house.user("tom")
    caller = await house.caller("ada")
    await house.system(Delete("sys_member", (await house.memberships(tom, house.organization_id))[0]))
    mine = (await house.memberships(ada, house.organization_id))[0]
    with pytest.raises(Invalid):
        await house.system(Update("sys_member", mine, {"user_id": tom}))
    assert (await house.caller("ada")).sets == caller.sets


async def test_the_last_administrator_stays(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    bob = await house.user("bob", "admin_full_access")
    other = await house.organization("other")
    await house.user("eve", "admin_full_access", organization_id=other)
    caller = await house.caller("ada")
    await house.execute(Update("sys_user", bob, {"active": False}), caller)
    for attempt in await ways_out(house, ada):
        with pytest.raises(Conflict) as refused:
            await house.execute(attempt, caller)
        assert refused.value.code == "CONFLICT"
        assert "administrator" in refused.value.message
    assert (await house.caller("ada")).sets == caller.sets


async def test_one_of_two_administrators_may_go_by_every_way(house: House) -> None:
    for number in range(5):
        name = f"ada{number}"
        ada = await house.user(name, "admin_full_access")
        await house.user(f"bob{number}", "admin_full_access")
        await house.execute((await ways_out(house, ada))[number], await house.caller(f"bob{number}"))
        if number in (0, 1):
            with pytest.raises(Unauthenticated):
                await house.accounts.sign_in(f"{name}@example.org", PASSWORD, ADDRESS)
        else:
            assert "admin_full_access" not in (await house.caller(name)).sets


async def test_an_administrator_who_does_something_else_to_himself_is_let_be(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    await house.execute(Update("sys_user", ada, {"name": "Ada L.", "active": True}), await house.caller("ada"))
    assert (await house.read("sys_user", ("name",), id=ada))[0]["name"] == "Ada L."


async def test_of_two_administrators_who_remove_each_other_at_once_one_stays(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    bob = await house.user("bob", "admin_full_access")
    callers = [await house.caller("ada"), await house.caller("bob")]
    outcomes = await asyncio.gather(
        *(attempt(house, user, caller) for user, caller in zip((bob, ada), callers, strict=True))
    )
    assert sorted(outcomes) == ["CONFLICT", "done"]
    assert len(await house.read("sys_user", ("id",), active=True)) == 1


def granting(user: str, name: str) -> Create:
    return Create("sys_user_permission_set", ({"user_id": user, "permission_set": name},))


async def attempt(house: House, user: str, caller: Caller) -> str:
    try:
        await house.execute(Update("sys_user", user, {"active": False}), caller)
    except FieldstoneError as error:
        return error.code
    return "done"


async def ways_out(house: House, user: str) -> list[Operation]:
    """Returns every way in which somebody can stop being an administrator."""
    grant = (await house.read("sys_user_permission_set", ("id",), user_id=user))[0]["id"]
    member = (await house.memberships(user, house.organization_id))[0]
    return [
        Update("sys_user", user, {"active": False}),
        Delete("sys_user", user),
        Delete("sys_member", member),
        Delete("sys_user_permission_set", grant),
        Update("sys_user_permission_set", grant, {"permission_set": "note_reader"}),
    ]


async def everything(house: House) -> list[list[tuple[object, ...]]]:
    """Returns all rows of the objects that say who may what."""
    names = ("sys_user", "sys_member", "sys_user_permission_set", "sys_organization")
    return [(await house.list(house.all_seeing, name, QueryDocument(limit=200))).rows for name in names]


async def test_an_organisations_time_zone_is_where_its_days_begin_from_the_next_request_on(house: House) -> None:
    await house.user("ada", "admin_full_access")
    credential = credential_of(await house.sign_in("ada"))
    ada = await house.identity.caller(credential)
    assert ada.values["timezone"] == "UTC"
    home = house.organization_id
    await house.execute(Update("sys_organization", home, {"timezone": "America/New_York"}), ada)
    assert (await house.identity.caller(credential)).values["timezone"] == "America/New_York"
    for name in ("Mars/Olympus", "america/new_york", "../UTC", "", "Amerika/New_York"):
        with pytest.raises(Invalid) as refused:
            await house.execute(Update("sys_organization", home, {"timezone": name}), ada)
        assert refused.value.faults[0].field == "timezone"
    assert refused.value.details["hint"] == "Did you mean `America/New_York`?"
    await house.execute(Update("sys_organization", home, {"timezone": None}), ada)
    assert (await house.identity.caller(credential)).values["timezone"] is None
