"""`docs/security.md` on where people stand and what they hold: its tables of depth, capabilities and windows, asked for cell by cell."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.access.caller import Caller, system_in
from fieldstone.engine.operation import Update
from fieldstone.identity.holdings import load_holdings
from fieldstone.ids import new_id
from tests.docs.page import ALL, declared_under, office_of, outcome, outcomes, rows_under, said
from tests.engine.office import Office

PERSONAL = {"sharingModel": "private", "fields": {"title": {"type": "text"}}}
DEPTH, CAPABILITIES, HELD = (rows_under(heading) for heading in ("Depth", "Capabilities", "Who holds a set"))
HOURS = (9, 10, 19, 20)


def permissions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the permission sets of the tables."""
    for number, row in enumerate(DEPTH):
        yield f"depth_{number}", {"objects": {"personal": {**ALL, **said(row[0])}}}
    for number, row in enumerate(CAPABILITIES):
        yield f"capable_{number}", {"objects": {"ledger": ALL}, "systemPermissions": said(row[0]) or []}
    yield "plain", {}
    yield "asleep", {"active": False}
    yield "given_to_all", {"isDefault": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """An office with the people of the page, in their units and under their managers."""
    folder = tmp_path_factory.mktemp("standing")
    async with office_of(folder, {"personal": PERSONAL, **declared_under("capabilities")}, permissions()) as office:
        await settle(office)
        yield office


async def settle(office: Office) -> None:
    """Puts people where the page says that they stand."""
    office.ids["South"] = await office.make("sys_business_unit", name="South")
    office.ids["Deep South"] = await office.make("sys_business_unit", name="Deep South", parent_id=office.ids["South"])
    units = {"Ann": "South", "Sid": "South", "Dee": "Deep South"}
    for name in ("Ann", "Rob", "Ria", "Sid", "Dee", "Tim"):
        office.ids[name] = await office.make("sys_user", name=name, email=f"{name}@example.org")
        place: dict[str, Any] = {"business_unit_id": office.ids[units[name]]} if name in units else {}
        member = await office.make("sys_member", user_id=office.ids[name], **place)
        office.ids[f"{name} as a member"] = member
    for below, above in (("Rob", "Ann"), ("Ria", "Rob")):
        manager = {"manager_id": office.ids[f"{above} as a member"]}
        operation = Update("sys_member", office.ids[f"{below} as a member"], manager)
        await office.door.execute(operation, system_in(office.here))


def ann(office: Office, *sets: str) -> Caller:
    """Returns Ann, as she would be looked up."""
    values = {
        "id": office.ids["Ann"],
        "organization_id": office.here,
        "business_unit_id": office.ids["South"],
        "unit_ids_below": (office.ids["South"], office.ids["Deep South"]),
        "report_ids": (office.ids["Rob"], office.ids["Ria"]),
    }
    return Caller(frozenset({"everyone", *sets}), values)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(DEPTH)), ids=str)
async def test_the_depth_is_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    abroad = row[1] == "another organisation"
    owner = office.ids["eve"] if abroad else office.ids.get(row[1])

    async def record() -> str:
        maker = system_in(office.elsewhere if abroad else office.here)
        return await office.make("personal", maker, title="a record", owner_id=owner)

    assert await outcomes(office, ann(office, f"depth_{number}"), "personal", record) == row[2:]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(CAPABILITIES)), ids=str)
async def test_the_capabilities_are_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = ann(office, f"capable_{number}")

    async def record() -> str:
        return await office.make("ledger", title="a record", secret="hush")

    assert await outcomes(office, caller, "ledger", record) == row[1:4]
    shown = "shown" if "secret" in await office.get(caller, "ledger", await record()) else "absent"
    filtered = await outcome(office.page(caller, "ledger", where={"secret": "hush"}))
    assert (shown, filtered) == (row[4], "yes" if shown == "shown" else "400")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", HELD, ids=str)
async def test_a_set_is_held_when_the_page_says(office: Office, row: tuple[str, ...]) -> None:
    user = await office.make("sys_user", name="Somebody", email=f"{new_id()}@example.org")
    await office.make("sys_member", user_id=user)
    name = await give(office, user, row[0], {"valid_from": hour(row[1]), "valid_until": hour(row[2])})
    active = {name: held for name, held in office.door.catalog.permissions.items() if held.declaration.active}
    found = [
        await load_holdings(office.door.execute, active, user, office.here, f"2026-03-01T{at:02}:00:00.000Z")
        for at in HOURS
    ]
    assert tuple("held" if name in held.sets else "no" for held in found) == row[3:]


def hour(cell: str) -> str | None:
    """Returns the instant of an hour."""
    return None if cell == "none" else f"2026-03-01T{cell}:00:00.000Z"


async def give(office: Office, user: str, what: str, window: dict[str, Any]) -> str:
    """Gives a set to a user as the page says, and returns its name."""
    match what:
        case "a grant" | "a grant of a set that is not active":
            name = "plain" if what == "a grant" else "asleep"
            await office.make("sys_user_permission_set", user_id=user, permission_set=name, **window)
            return name
        case "a set that says isDefault":
            return "given_to_all"
        case "the position everyone":
            post = await office.make("sys_position", name="everyone")
            await office.make("sys_position_permission_set", position_id=post, permission_set="depth_0")
            return "depth_0"
        case "a position" | "a position that is not active":
            post = await office.make("sys_position", name=f"p{user.lower()}", active=what == "a position")
            await office.make("sys_position_permission_set", position_id=post, permission_set="plain")
            await office.make("sys_user_position", user_id=user, position_id=post, **window)
            return "plain"
    raise AssertionError(what)


def test_every_table_has_rows() -> None:
    assert all(len(rows) > 4 for rows in (DEPTH, CAPABILITIES, HELD))
