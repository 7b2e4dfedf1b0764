"""Nobody grants more than he holds nor for longer, nor takes over who reaches further; an organisation keeps an administrator for good."""

from typing import Any

import pytest

from fieldstone.clock import later
from fieldstone.engine.operation import Create, Update
from fieldstone.errors import Conflict, Invalid, PermissionDenied
from tests.identity.house import BEGINNING, House

GRANT, POSITION, HELD = "sys_user_permission_set", "sys_position", "sys_user_position"
SOON, LATER, LATEST = (later(BEGINNING, minutes * 60) for minutes in (10, 20, 30))


async def make(house: House, object_name: str, **values: Any) -> str:
    """Returns the id of a new record of the platform's."""
    written = await house.system(Create(object_name, (values,)))
    return str(written.ids[0])


async def granter(house: House, set_name: str, until: str | None) -> str:
    """Makes `gil`, who may grant, and holds a set until an instant; returns his id."""
    gil = await house.user("gil", "granter")
    await make(house, GRANT, user_id=gil, permission_set=set_name, valid_until=until)
    return gil


TERMS = [
    (None, None, True),
    (None, LATEST, True),
    (LATER, SOON, True),
    (LATER, LATER, True),
    (LATER, LATEST, False),
    (LATER, None, False),
]
"""Until when something is held, until when it is given, and whether that is allowed."""


@pytest.mark.parametrize("set_name", ["note_reader", "admin_full_access"])
async def test_a_set_is_granted_for_no_longer_than_it_is_held(house: House, set_name: str) -> None:
    gil = await granter(house, set_name, None)
    (own,) = await house.read(GRANT, ("id",), user_id=gil, permission_set=set_name)
    await make(house, GRANT, user_id=await house.user("eva"), permission_set="admin_full_access")
    for number, (held_until, given_until, allowed) in enumerate(TERMS):
        await house.system(Update(GRANT, own["id"], {"valid_until": held_until}))
        ann = await house.user(f"ann{number}")
        row = {"user_id": ann, "permission_set": "note_reader", "valid_until": given_until}
        granting = house.execute(Create(GRANT, (row,)), await house.caller("gil"))
        if allowed:
            await granting
        else:
            with pytest.raises(PermissionDenied, match="more than he holds"):
                await granting


async def test_nobody_makes_longer_what_he_holds_for_a_while(house: House) -> None:
    gil = await granter(house, "note_reader", LATER)
    (own,) = await house.read(GRANT, ("id",), user_id=gil, permission_set="note_reader")
    caller = await house.caller("gil")
    for longer in (None, LATEST):
        with pytest.raises(PermissionDenied):
            await house.execute(Update(GRANT, own["id"], {"valid_until": longer}), caller)
    await house.execute(Update(GRANT, own["id"], {"valid_until": SOON}), caller)


async def test_what_is_held_both_for_a_while_and_for_good_is_granted_for_good(house: House) -> None:
    gil = await granter(house, "note_reader", SOON)
    post = await make(house, POSITION, name="clerk")
    await make(house, "sys_position_permission_set", position_id=post, permission_set="note_reader")
    row = {"user_id": await house.user("ann"), "permission_set": "note_reader"}
    with pytest.raises(PermissionDenied):
        await house.execute(Create(GRANT, (row,)), await house.caller("gil"))
    await make(house, HELD, user_id=gil, position_id=post)
    await house.execute(Create(GRANT, (row,)), await house.caller("gil"))


async def test_what_opens_later_is_not_held_yet(house: House) -> None:
    gil = await house.user("gil", "granter")
    await make(house, GRANT, user_id=gil, permission_set="note_reader", valid_from=SOON)
    row = {"user_id": await house.user("ann"), "permission_set": "note_reader"}
    with pytest.raises(PermissionDenied):
        await house.execute(Create(GRANT, (row,)), await house.caller("gil"))
    house.clock.move(10 * 60)
    await house.execute(Create(GRANT, (row,)), await house.caller("gil"))


async def test_a_window_opens_before_it_closes(house: House) -> None:
    ann = await house.user("ann")
    post = await make(house, POSITION, name="clerk")
    for object_name, what in ((GRANT, {"permission_set": "note_reader"}), (HELD, {"position_id": post})):
        for opens, closes in ((LATER, SOON), (SOON, SOON)):
            row = {"user_id": ann, **what, "valid_from": opens, "valid_until": closes}
            with pytest.raises(Invalid) as refused:
                await house.system(Create(object_name, (row,)))
            assert [fault.field for fault in refused.value.faults] == ["valid_until"]
        held = await make(house, object_name, user_id=ann, **what, valid_until=LATER)
        with pytest.raises(Invalid):
            await house.system(Update(object_name, held, {"valid_from": LATEST}))


async def test_the_last_administrator_for_good_stays_one(house: House) -> None:
    ada = await house.user("ada", "admin_full_access")
    (own,) = await house.read(GRANT, ("id",), user_id=ada)
    for number, window in enumerate(({}, {"valid_until": LATER}, {"valid_from": SOON})):
        if window:
            other = await house.user(f"other{number}")
            await make(house, GRANT, user_id=other, permission_set="admin_full_access", **window)
        for change in ({"valid_until": LATEST}, {"valid_from": SOON}, {"permission_set": "note_reader"}):
            with pytest.raises(Conflict):
                await house.system(Update(GRANT, own["id"], change))
        with pytest.raises(Conflict):
            await house.system(Update("sys_user", ada, {"active": False}))
    await make(house, GRANT, user_id=await house.user("eva"), permission_set="admin_full_access")
    await house.system(Update(GRANT, own["id"], {"valid_until": LATEST}))


async def reach_by_position(house: House, tom: str, _hal: str) -> None:
    await make(house, HELD, user_id=tom, position_id=await make(house, POSITION, name="chief"), valid_from=LATEST)


async def reach_by_a_set_of_a_position(house: House, tom: str, hal: str) -> None:
    post = await make(house, POSITION, name="clerk", active=False)
    await make(house, "sys_position_permission_set", position_id=post, permission_set="note_writer")
    for user in (tom, hal):
        await make(house, HELD, user_id=user, position_id=post)


async def reach_by_a_grant_to_come(house: House, tom: str, _hal: str) -> None:
    await make(house, GRANT, user_id=tom, permission_set="note_writer", valid_from=LATEST)


async def reach_by_team(house: House, tom: str, _hal: str) -> None:
    await make(house, "sys_team_member", user_id=tom, team_id=await make(house, "sys_team", name="Blue"))


async def reach_by_unit(house: House, tom: str, _hal: str) -> None:
    (member,) = await house.memberships(tom, house.organization_id)
    unit = await make(house, "sys_business_unit", name="South")
    await house.system(Update("sys_member", member, {"business_unit_id": unit}))


async def reach_by_reports(house: House, tom: str, _hal: str) -> None:
    (member,) = await house.memberships(tom, house.organization_id)
    (below,) = await house.memberships(await house.user("low"), house.organization_id)
    await house.system(Update("sys_member", below, {"manager_id": member}))


REACHES = (
    reach_by_position,
    reach_by_a_set_of_a_position,
    reach_by_a_grant_to_come,
    reach_by_team,
    reach_by_unit,
    reach_by_reports,
)


async def test_nobody_takes_over_an_account_that_reaches_further(house: House) -> None:
    hal = await house.user("hal", "accountant")
    for number, reach in enumerate(REACHES):
        tom = await house.user(f"tom{number}")
        change = Update("sys_user", tom, {"password": "another password"})
        await house.execute(change, await house.caller("hal"))
        await reach(house, tom, hal)
        with pytest.raises(PermissionDenied, match="reaches further"):
            await house.execute(change, await house.caller("hal"))
        await house.execute(Update("sys_user", tom, {"name": "Tom"}), await house.caller("hal"))


@pytest.mark.parametrize("object_name", [GRANT, HELD, "sys_position_permission_set", POSITION])
async def test_what_is_missing_is_told_as_missing_to_whoever_may_grant(house: House, object_name: str) -> None:
    await house.user("ada", "admin_full_access")
    with pytest.raises(Invalid) as refused:
        await house.execute(Create(object_name, ({},)), await house.caller("ada"))
    assert {fault["code"] for fault in refused.value.details["fields"]} == {"required"}
