"""What was taken away bites on the next call, however lately the caller was known."""

from collections.abc import Awaitable, Callable

import pytest

from fieldstone.engine.operation import Create, Delete, Update
from fieldstone.errors import Unauthenticated
from fieldstone.identity.credential import Credential, credential_of
from tests.identity.house import House


async def known(house: House) -> tuple[str, Credential]:
    """Returns a user who holds a set, and a credential of his that was just looked up."""
    ann = await house.user("ann", "note_writer")
    credential = credential_of(await house.sign_in("ann"))
    assert "note_writer" in (await house.identity.caller(credential)).sets
    return ann, credential


async def test_a_caller_is_looked_up_once_while_nothing_changes(house: House) -> None:
    _, credential = await known(house)
    assert await house.identity.caller(credential) is await house.identity.caller(credential)


async def test_somebody_elses_sign_in_leaves_a_known_caller_known(house: House) -> None:
    _, credential = await known(house)
    before = await house.identity.caller(credential)
    await house.accounts.sign_in("ann@example.org", house.password, house.origin)
    assert await house.identity.caller(credential) is before


Taking = Callable[[House, str], Awaitable[None]]


async def suspend(house: House, ann: str) -> None:
    await house.system(Update("sys_user", ann, {"active": False}))


async def delete_user(house: House, ann: str) -> None:
    await house.system(Delete("sys_user", ann))


async def delete_session(house: House, ann: str) -> None:
    for row in await house.read("sys_session", ("id",), user_id=ann):
        await house.system(Delete("sys_session", row["id"]))


async def change_password(house: House, ann: str) -> None:
    await house.system(Update("sys_user", ann, {"password": "another password"}))


@pytest.mark.parametrize("take", [suspend, delete_user, delete_session, change_password])
async def test_a_session_ends_with_its_row_its_user_and_his_password(house: House, take: Taking) -> None:
    ann, credential = await known(house)
    await take(house, ann)
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential)
    assert await house.accounts.session(credential) is None


async def test_a_grant_counts_and_stops_counting_on_the_next_call(house: House) -> None:
    ann, credential = await known(house)
    await house.grant(ann, "note_reader")
    assert (await house.identity.caller(credential)).sets == {"everyone", "note_writer", "note_reader"}
    for row in await house.read("sys_user_permission_set", ("id",), permission_set="note_writer"):
        await house.system(Delete("sys_user_permission_set", row["id"]))
    caller = await house.identity.caller(credential)
    assert caller.sets == {"everyone", "note_reader"}
    assert caller.values["permissions"] == ("everyone", "note_reader")


async def test_without_his_membership_a_caller_has_no_organisation_and_no_grants(house: House) -> None:
    ann, credential = await known(house)
    for member in await house.memberships(ann, house.organization_id):
        await house.system(Delete("sys_member", member))
    caller = await house.identity.caller(credential)
    assert caller.id == ann
    assert caller.organization_id is None
    assert caller.sets == {"everyone"}


async def test_what_was_held_does_not_come_back_with_the_membership(house: House) -> None:
    ann, credential = await known(house)
    key = await house.accounts.create_key(await house.identity.caller(credential), "k")
    for member in await house.memberships(ann, house.organization_id):
        await house.system(Delete("sys_member", member))
    await house.member(ann, house.organization_id)
    assert (await house.identity.caller(credential)).organization_id is None
    caller = await house.caller("ann")
    assert caller.organization_id == house.organization_id
    assert caller.sets == {"everyone"}
    with pytest.raises(Unauthenticated):
        await house.identity.caller(credential_of(key.key))


async def test_a_role_changes_on_the_next_call(house: House) -> None:
    ann, credential = await known(house)
    for member in await house.memberships(ann, house.organization_id):
        await house.system(Update("sys_member", member, {"role": "admin"}))
    assert (await house.identity.caller(credential)).values["roles"] == ("admin",)


async def test_grants_of_one_organisation_do_not_count_in_another(house: House) -> None:
    ann = await house.user("ann")
    other = await house.organization("other")
    await house.system(Create("sys_user_permission_set", ({"user_id": ann, "permission_set": "note_writer"},)), other)
    assert (await house.caller("ann")).sets == {"everyone"}


async def test_a_second_process_hears_of_a_revoked_session(house: House) -> None:
    ann, credential = await known(house)
    elsewhere = house.another_identity()
    assert (await elsewhere.caller(credential)).id == ann
    await house.accounts.sign_out(credential)
    with pytest.raises(Unauthenticated):
        await elsewhere.caller(credential)
