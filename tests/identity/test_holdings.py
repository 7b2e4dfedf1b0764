"""What somebody holds and where he stands: windows, positions, the baseline, teams, units and reports, each on the very next call."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.access.caller import Caller
from fieldstone.clock import later
from fieldstone.engine.operation import Create, Delete, Update
from fieldstone.identity.credential import Credential, credential_of
from tests.identity.house import BEGINNING, House, load, open_house, started, write_app

MINUTE = 60
SETS = {
    "retired": "name: retired\nactive: false\nobjects: {note: {allowRead: true}}\n",
    "newcomer": "name: newcomer\nisDefault: true\nobjects: {note: {allowRead: true}}\n",
    "old_newcomer": "name: old_newcomer\nisDefault: true\nactive: false\nobjects: {note: {allowRead: true}}\n",
    "fellow": (
        "name: fellow\nobjects: {note: {allowRead: true}}\nrowLevelSecurity:\n"
        "  - {name: ours, object: note, using: owner_id in current_user.org_user_ids || owner_id in"
        " current_user.report_ids}\n"
    ),
}
BASE = {"everyone", "newcomer"}


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A house with more sets than usual."""
    files = {f"notes/{name}.permission.yaml": text for name, text in SETS.items()}
    async with open_house(load(write_app(tmp_path, **files)), database_url) as house:
        yield await started(house)


async def make(house: House, object_name: str, **values: Any) -> str:
    """Returns the id of a new record of the platform's."""
    written = await house.system(Create(object_name, (values,)))
    return str(written.ids[0])


async def known(house: House, *sets: str, name: str = "ann") -> tuple[str, Credential]:
    """Returns a user, and a credential of his that was just looked up."""
    user_id = await house.user(name, *sets)
    credential = credential_of(await house.sign_in(name))
    await house.identity.caller(credential)
    return user_id, credential


async def membership(house: House, user_id: str) -> str:
    """Returns the id of somebody's membership."""
    (member,) = await house.memberships(user_id, house.organization_id)
    return member


async def at(house: House, credential: Credential, minutes: float) -> Caller:
    """Returns the caller at so many minutes from the beginning."""
    house.clock.now = later(BEGINNING, minutes * MINUTE)
    return await house.identity.caller(credential)


WINDOWS: list[tuple[dict[str, float], dict[float, bool]]] = [
    ({"valid_from": 10}, {0: False, 9.99: False, 10: True, 1000: True}),
    ({"valid_until": 10}, {0: True, 9.99: True, 10: False, 1000: False}),
    ({"valid_from": 10, "valid_until": 20}, {0: False, 10: True, 19.99: True, 20: False, 21: False}),
    ({}, {0: True, 1000: True}),
]


@pytest.mark.parametrize("of", ["grant", "position"])
async def test_a_window_opens_and_closes_without_anybody_writing(house: House, of: str) -> None:
    post = await make(house, "sys_position", name="clerk")
    await make(house, "sys_position_permission_set", position_id=post, permission_set="note_reader")
    for number, (window, held) in enumerate(WINDOWS):
        house.clock.now = BEGINNING
        ann, credential = await known(house, name=f"ann{number}")
        instants = {name: later(BEGINNING, minutes * MINUTE) for name, minutes in window.items()}
        if of == "grant":
            await make(house, "sys_user_permission_set", user_id=ann, permission_set="note_reader", **instants)
        else:
            await make(house, "sys_user_position", user_id=ann, position_id=post, **instants)
        for minutes, expected in held.items():
            caller = await at(house, credential, minutes)
            assert caller.sets == BASE | ({"note_reader"} if expected else set()), (window, minutes)
            if of == "position":
                assert caller.values["positions"] == (("clerk",) if expected else ())
                assert caller.values["roles"] == (("member", "clerk") if expected else ("member",))


async def test_between_the_edges_of_his_windows_a_caller_is_looked_up_once(house: House) -> None:
    ann, credential = await known(house)
    until = later(BEGINNING, 10 * MINUTE)
    await make(house, "sys_user_permission_set", user_id=ann, permission_set="note_reader", valid_until=until)
    before = await at(house, credential, 1)
    assert await at(house, credential, 9) is before
    assert await at(house, credential, 10) is not before


async def test_a_session_that_is_over_does_not_come_back_with_a_window(house: House) -> None:
    ann, credential = await known(house)
    late = later(BEGINNING, 400 * 24 * 60 * MINUTE)
    await make(house, "sys_user_permission_set", user_id=ann, permission_set="note_reader", valid_until=late)
    with pytest.raises(Exception, match="over"):
        await at(house, credential, 399 * 24 * 60)


async def test_a_position_gives_its_sets_until_it_or_its_holder_or_a_set_of_it_is_taken_away(house: House) -> None:
    ann, credential = await known(house)
    post = await make(house, "sys_position", name="clerk")
    holder = await make(house, "sys_user_position", user_id=ann, position_id=post)

    async def sets() -> frozenset[str]:
        return (await house.identity.caller(credential)).sets - BASE

    assert await sets() == set()
    carried = await make(house, "sys_position_permission_set", position_id=post, permission_set="note_reader")
    assert await sets() == {"note_reader"}
    await house.system(Update("sys_position_permission_set", carried, {"permission_set": "note_writer"}))
    assert await sets() == {"note_writer"}
    await house.system(Update("sys_position", post, {"active": False}))
    assert await sets() == set()
    await house.system(Update("sys_position", post, {"active": True}))
    assert await sets() == {"note_writer"}
    await house.system(Delete("sys_position_permission_set", carried))
    assert await sets() == set()
    await make(house, "sys_position_permission_set", position_id=post, permission_set="note_reader")
    assert await sets() == {"note_reader"}
    await house.system(Delete("sys_user_position", holder))
    assert await sets() == set()
    await make(house, "sys_user_position", user_id=ann, position_id=post)
    assert await sets() == {"note_reader"}
    await house.system(Delete("sys_position", post))
    assert await sets() == set()


async def test_the_position_of_everyone_is_held_by_every_member_of_its_organisation(house: House) -> None:
    _, credential = await known(house)
    other = await house.organization("other")
    bob = await house.user("bob", organization_id=other)
    post = await make(house, "sys_position", name="everyone")
    await make(house, "sys_position_permission_set", position_id=post, permission_set="note_reader")
    assert (await house.identity.caller(credential)).sets == BASE | {"note_reader"}
    assert (await house.caller("bob")).sets == BASE
    await house.member(bob, house.organization_id)
    await house.system(Update("sys_position", post, {"active": False}))
    assert (await house.identity.caller(credential)).sets == BASE


async def test_a_set_that_is_not_active_gives_nothing_and_a_default_one_needs_no_grant(house: House) -> None:
    _, credential = await known(house, "retired", "note_reader")
    caller = await house.identity.caller(credential)
    assert caller.sets == BASE | {"note_reader"}
    assert caller.values["permissions"] == ("everyone", "newcomer", "note_reader")


async def test_a_default_set_is_for_members_alone(house: House) -> None:
    ann, credential = await known(house)
    await house.system(Delete("sys_member", await membership(house, ann)))
    assert (await house.identity.caller(credential)).sets == {"everyone"}


async def test_teams_and_units_are_known_on_the_next_call(house: House) -> None:
    ann, credential = await known(house)
    member = await membership(house, ann)
    values = (await house.identity.caller(credential)).values
    assert (values["team_ids"], values["business_unit_id"]) == ((), None)
    assert (values["unit_ids_below"], values["unit_ids_above"]) == ((), ())
    team = await make(house, "sys_team", name="Blue")
    await make(house, "sys_team", name="Red")
    place = await make(house, "sys_team_member", team_id=team, user_id=ann)
    top = await make(house, "sys_business_unit", name="Top")
    mine = await make(house, "sys_business_unit", name="Mine", parent_id=top)
    below = await make(house, "sys_business_unit", name="Below", parent_id=mine)
    beside = await make(house, "sys_business_unit", name="Beside", parent_id=top)
    await house.system(Update("sys_member", member, {"business_unit_id": mine}))
    values = (await house.identity.caller(credential)).values
    assert (values["team_ids"], values["business_unit_id"]) == ((team,), mine)
    assert (values["unit_ids_below"], values["unit_ids_above"]) == ((mine, below), (mine, top))
    await house.system(Update("sys_business_unit", beside, {"parent_id": below}))
    assert (await house.identity.caller(credential)).values["unit_ids_below"] == (mine, below, beside)
    await house.system(Delete("sys_team_member", place))
    assert (await house.identity.caller(credential)).values["team_ids"] == ()


async def test_who_reports_to_somebody_is_known_at_any_depth_to_whoever_has_a_use_for_it(house: House) -> None:
    ann, credential = await known(house, "fellow")
    plain = (await house.caller("tom")).values
    assert "report_ids" not in plain
    assert "org_user_ids" not in plain
    people = {name: await house.user(name) for name in ("bob", "cid", "dan")}
    above = await membership(house, ann)
    for name in ("bob", "cid"):
        member = await membership(house, people[name])
        await house.system(Update("sys_member", member, {"manager_id": above}))
        above = member
    values = (await house.identity.caller(credential)).values
    assert set(values["report_ids"]) == {people["bob"], people["cid"]}
    assert {ann, *people.values()} < set(values["org_user_ids"])
    await house.system(Delete("sys_member", await membership(house, people["bob"])))
    values = (await house.identity.caller(credential)).values
    assert values["report_ids"] == ()
    assert people["bob"] not in values["org_user_ids"]


async def test_what_a_member_held_ends_with_his_membership(house: House) -> None:
    ann, credential = await known(house)
    post = await make(house, "sys_position", name="clerk")
    await make(house, "sys_user_position", user_id=ann, position_id=post)
    await make(house, "sys_team_member", team_id=await make(house, "sys_team", name="Blue"), user_id=ann)
    await house.system(Delete("sys_member", await membership(house, ann)))
    await house.member(ann, house.organization_id)
    assert (await house.identity.caller(credential)).organization_id is None
    values = (await house.caller("ann")).values
    assert (values["positions"], values["team_ids"]) == ((), ())
