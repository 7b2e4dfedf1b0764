"""The first start makes one organisation and, when told, its first administrator; no later start makes another."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.engine.operation import Create, Update
from fieldstone.errors import Internal, Invalid, PermissionDenied, RateLimited, SettingsError, UniqueViolation
from fieldstone.identity.bootstrap import bootstrap
from fieldstone.identity.organizations import default_organization
from fieldstone.identity.sessions import Origin
from fieldstone.settings import Settings
from tests.identity.house import ADDRESS, PASSWORD, House, load, open_house, started, write_app

TOLD = Settings(admin_email="Root@Example.org", admin_password=PASSWORD)


async def test_it_makes_the_organisation_that_the_app_names(house: House) -> None:
    rows = await house.read("sys_organization", ("id", "name", "slug"))
    assert rows == [{"id": house.organization_id, "name": "Small & Co.", "slug": "small"}]
    assert await house.count("sys_user") == 0


async def test_an_app_that_names_none_gives_its_label(tmp_path: Path, sqlite_url: str) -> None:
    app = "name: small\nlabel: Small label\npackages: [./notes]\nsurfaces: {apis: []}\n"
    folder = write_app(tmp_path, **{"app.yaml": app})
    async with open_house(load(folder), sqlite_url) as house:
        await started(house)
        assert [row["name"] for row in await house.read("sys_organization", ("name",))] == ["Small label"]


async def test_the_named_administrator_owns_the_organisation_and_holds_everything(house: House) -> None:
    await started(house, TOLD)
    signed_in = await house.signed_in("root@example.org", PASSWORD, ADDRESS)
    assert [row["role"] for row in await house.read("sys_member", ("role",), user_id=signed_in.user.id)] == ["owner"]
    assert (await house.caller("root")).sets == {"everyone", "admin_full_access"}


async def test_starting_again_makes_nothing_twice_and_leaves_what_was_changed(house: House) -> None:
    await started(house, TOLD)
    before = house.organization_id
    await house.system(Update("sys_organization", before, {"name": "Renamed", "slug": "renamed"}))
    await started(house, Settings(admin_email="second@example.org", admin_password=PASSWORD))
    assert house.organization_id == before
    assert [row["name"] for row in await house.read("sys_organization", ("name",))] == ["Renamed"]
    assert [row["email"] for row in await house.read("sys_user", ("email",))] == ["root@example.org"]


async def test_a_database_with_users_gets_no_administrator_from_the_settings(house: House) -> None:
    await house.user("ann")
    await started(house, TOLD)
    assert await house.count("sys_user") == 1
    assert await house.count("sys_user_permission_set") == 0


async def test_a_first_start_that_was_cut_short_is_finished_by_the_next(house: House) -> None:
    row = {"email": "root@example.org", "name": "Administrator", "password": PASSWORD}
    await house.system(Create("sys_user", (row,)))
    await started(house, TOLD)
    assert (await house.caller("root")).sets == {"everyone", "admin_full_access"}
    assert [member["role"] for member in await house.read("sys_member", ("role",))] == ["owner"]


async def test_two_processes_that_start_at_once_make_one_of_each(tmp_path: Path, postgres_url: str) -> None:
    catalog = load(write_app(tmp_path))
    async with open_house(catalog, postgres_url) as one, open_house(catalog, postgres_url) as two:
        ids = await asyncio.gather(*(bootstrap(house.execute, catalog.app, TOLD) for house in (one, two, one, two)))
        assert len(set(ids)) == 1
        for name in ("sys_organization", "sys_user", "sys_member", "sys_user_permission_set"):
            assert await one.count(name) == 1
        assert [row["role"] for row in await one.read("sys_member", ("role",))] == ["owner"]


@pytest.mark.parametrize("half", [Settings(admin_email="root@example.org"), Settings(admin_password=PASSWORD)])
async def test_half_an_administrator_is_refused_before_anything_is_made(
    tmp_path: Path, sqlite_url: str, half: Settings
) -> None:
    async with open_house(load(write_app(tmp_path)), sqlite_url) as house:
        with pytest.raises(SettingsError) as refused:
            await started(house, half)
        assert "FIELDSTONE_ADMIN_PASSWORD" in refused.value.message
        assert await house.count("sys_organization") == 0


async def test_without_a_first_start_there_is_no_organisation(tmp_path: Path, sqlite_url: str) -> None:
    async with open_house(load(write_app(tmp_path)), sqlite_url) as house:
        with pytest.raises(Internal):
            await default_organization(house.execute)


async def test_sign_up_is_off_unless_the_app_says_otherwise(house: House) -> None:
    with pytest.raises(PermissionDenied):
        await house.sign_up("Eve", "eve@example.org", PASSWORD, ADDRESS)
    assert await house.count("sys_user") == 0


async def test_who_signs_up_joins_the_default_organisation_with_nothing(tmp_path: Path, database_url: str) -> None:
    folder = write_app(tmp_path, **{"app.yaml": OPEN_APP})
    async with open_house(load(folder), database_url) as house:
        await started(house)
        signed_up = await house.sign_up("Eve", "Eve@Example.org", PASSWORD, ADDRESS)
        assert signed_up.user.email == "eve@example.org"
        caller = await house.caller("eve")
        assert (caller.id, caller.organization_id) == (signed_up.user.id, house.organization_id)
        assert caller.sets == {"everyone"}
        assert caller.values["roles"] == ("member",)


async def test_a_sign_up_with_faults_makes_nothing(tmp_path: Path, sqlite_url: str) -> None:
    folder = write_app(tmp_path, **{"app.yaml": OPEN_APP})
    async with open_house(load(folder), sqlite_url) as house:
        await started(house)
        with pytest.raises(Invalid) as refused:
            await house.sign_up("", "nowhere", "short", ADDRESS)
        assert {fault.field for fault in refused.value.faults} == {"name", "email", "password"}
        await house.sign_up("Eve", "eve@example.org", PASSWORD, ADDRESS)
        with pytest.raises(UniqueViolation):
            await house.sign_up("Eve again", "EVE@example.org", PASSWORD, ADDRESS)
        assert await house.count("sys_user") == await house.count("sys_member") == 1


async def test_too_many_sign_ups_with_one_address_are_refused(tmp_path: Path, sqlite_url: str) -> None:
    folder = write_app(tmp_path, **{"app.yaml": OPEN_APP})
    async with open_house(load(folder), sqlite_url) as house:
        await started(house)
        for number in range(house.sign_ins):
            with pytest.raises(Invalid):
                await house.sign_up("Eve", "eve@example.org", "short", Origin(f"198.51.100.{number}"))
        with pytest.raises(RateLimited):
            await house.sign_up("Eve", "eve@example.org", PASSWORD, ADDRESS)
        await house.sign_up("Eve", "one@example.org", PASSWORD, ADDRESS)


OPEN_APP = "name: small\npackages: [./notes]\nsurfaces: {apis: []}\nauth: {signUp: true}\n"
