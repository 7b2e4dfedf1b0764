"""Leaving: nobody goes while he owns records, an administrator hands them over, and a user deletes himself with his password."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Create, Delete, Update
from fieldstone.errors import Conflict, DeleteRestricted, Invalid, Unauthenticated
from fieldstone.identity.credential import credential_of
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.own_account import delete_account
from fieldstone.identity.ownership import HandedOver, hand_over
from fieldstone.query.ast import Slot, Term
from fieldstone.store.binds import Binds
from tests.identity.house import ADDRESS, PASSWORD, House, load, open_house, started, write_app

BY_ID = Term("id", "eq", Slot(0))
MORE = {
    "notes/plan.object.yaml": "name: plan\napiEnabled: false\nfields:\n  text: {type: text}\n",
    "notes/wish.object.yaml": (
        "name: wish\nenable: {trash: true}\nfields:\n  text: {type: text}\n  settled: {type: boolean}\n"
        "validations:\n  - {name: settled, message: It is settled., predicate: 'settled != true'}\n"
    ),
}


@pytest.fixture
async def house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """A house whose people own notes, plans that nobody is offered, and wishes that go to the trash."""
    async with open_house(load(write_app(tmp_path, **MORE)), sqlite_url) as house:
        yield await started(house)


@pytest.fixture
async def ada(house: House) -> Caller:
    """The administrator."""
    await house.user("ada", "admin_full_access")
    return await house.caller("ada")


async def owned(house: House, user: str, object_name: str, organization_id: str | None = None, **values: object) -> str:
    """Makes a record that somebody owns."""
    written = await house.system(Create(object_name, ({"text": "his", "owner_id": user, **values},)), organization_id)
    record: str = written.ids[0]
    return record


async def owners(house: House, object_name: str) -> list[str | None]:
    return [row["owner_id"] for row in await house.read(object_name, ("owner_id",))]


async def session(house: House, name: str) -> SessionDocument:
    found = await house.accounts.session(credential_of(await house.sign_in(name)))
    assert found is not None
    return found


async def handed_over(house: House, caller: Caller, giver: str, taker: str) -> HandedOver:
    return await hand_over(house.execute, house.catalog, caller, giver, taker)


async def test_a_user_deletes_himself_with_his_password_and_all_that_hangs_on_him(house: House) -> None:
    await house.user("ann", "note_writer")
    ann = await session(house, "ann")
    await house.accounts.create_key(await house.caller("ann"), "k")
    with pytest.raises(Invalid) as refused:
        await delete_account(house.means, ann, "wrong password")
    assert [fault.field for fault in refused.value.faults] == ["password"]
    await delete_account(house.means, ann, PASSWORD)
    for name in ("sys_user", "sys_session", "sys_api_key", "sys_member", "sys_user_permission_set"):
        assert await house.count(name) == 0
    with pytest.raises(Unauthenticated):
        await house.accounts.sign_in("ann@example.org", PASSWORD, ADDRESS)


@pytest.mark.parametrize("object_name", ["note", "plan", "wish"])
async def test_nobody_goes_while_he_owns_records_here_or_elsewhere(house: House, ada: Caller, object_name: str) -> None:
    ann = await house.user("ann")
    other = await house.organization("other")
    record = await owned(house, ann, object_name, other)
    with pytest.raises(DeleteRestricted):
        await delete_account(house.means, await session(house, "ann"), PASSWORD)
    with pytest.raises(DeleteRestricted):
        await house.execute(Delete("sys_user", ann), ada)
    assert await owners(house, object_name) == [ann]
    await house.system(Delete(object_name, record), other)
    await house.execute(Delete("sys_user", ann), ada)


async def test_the_last_administrator_does_not_delete_himself(house: House, ada: Caller) -> None:
    with pytest.raises(Conflict):
        await delete_account(house.means, await session(house, "ada"), PASSWORD)
    await house.user("bob", "admin_full_access")
    await delete_account(house.means, await session(house, "ada"), PASSWORD)


async def test_an_administrator_suspends_somebody_and_hands_over_what_he_owns(house: House, ada: Caller) -> None:
    ann, tom = await house.user("ann"), await house.user("tom")
    eve = await house.user("eve")
    for user, name in ((ann, "note"), (ann, "note"), (ann, "plan"), (ann, "wish"), (eve, "note")):
        await owned(house, user, name)
    await house.execute(Update("sys_user", ann, {"active": False}), ada)
    done = await handed_over(house, ada, ann, tom)
    assert done == HandedOver(moved={"note": 2, "plan": 1, "wish": 1}, left=0, refusals=())
    assert (await owners(house, "note"), await owners(house, "plan")) == ([tom, tom, eve], [tom])
    assert (await handed_over(house, ada, ann, tom)).moved == {}
    await house.execute(Delete("sys_user", ann), ada)


async def test_what_is_owned_in_another_organisation_stays_as_it_is(house: House, ada: Caller) -> None:
    ann, tom = await house.user("ann"), await house.user("tom")
    other = await house.organization("other")
    for name in ("note", "plan"):
        await owned(house, ann, name, other)
    assert (await handed_over(house, ada, ann, tom)).moved == {}
    assert await owners(house, "note") + await owners(house, "plan") == [ann, ann]


async def test_only_an_active_member_takes_over(house: House, ada: Caller) -> None:
    ann, tom = await house.user("ann"), await house.user("tom")
    eve = await house.user("eve", organization_id=await house.organization("other"))
    await owned(house, ann, "note")
    await house.system(Update("sys_user", tom, {"active": False}))
    texts = set()
    for taker in (tom, eve, "01HZZZZZZZZZZZZZZZZZZZZZZZ", ""):
        with pytest.raises(Invalid) as refused:
            await handed_over(house, ada, ann, taker)
        texts.add((refused.value.message, str(refused.value.details)))
    assert len(texts) == 1
    assert await owners(house, "note") == [ann]


async def test_what_a_rule_keeps_as_it_is_is_left_and_told(house: House, ada: Caller) -> None:
    ann, tom = await house.user("ann"), await house.user("tom")
    first = await owned(house, ann, "wish")
    kept = await owned(house, ann, "wish")
    async with house.store.transaction() as transaction:
        await transaction.update("wish", {"settled": True}, BY_ID, Binds((kept,)))
    done = await handed_over(house, ada, ann, tom)
    assert (done.moved, done.left) == ({"wish": 1}, 1)
    assert [(left.object, left.id, left.code) for left in done.refusals] == [("wish", kept, "VALIDATION_ERROR")]
    assert dict(zip((first, kept), await owners(house, "wish"), strict=True)) == {first: tom, kept: ann}


async def test_what_the_caller_may_not_hand_over_is_left_and_told(house: House) -> None:
    ann, tom = await house.user("ann"), await house.user("tom")
    await house.user("mia", "note_writer")
    await owned(house, ann, "note")
    done = await handed_over(house, await house.caller("mia"), ann, tom)
    assert done.moved == {}
    assert {left.code for left in done.refusals} <= {"PERMISSION_DENIED"}
    assert await owners(house, "note") == [ann]


async def test_what_is_in_the_trash_keeps_nobody(house: House, ada: Caller) -> None:
    ann = await house.user("ann")
    wish = await owned(house, ann, "wish")
    await house.execute(Delete("wish", wish), ada)
    await house.execute(Delete("sys_user", ann), ada)
    assert await house.count("sys_user") == 1
