"""`docs/security.md`: what its tables say is declared as they say it, and every cell is asked for over the door."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.access.caller import system_in
from fieldstone.engine.operation import ShareRecord
from tests.docs.page import (
    ALL,
    OBJECTS,
    granted,
    office_of,
    outcome,
    outcomes,
    record_of,
    rows_under,
    said,
    tables_by_heading,
)
from tests.engine.office import Office

Permission = dict[str, Any]


SCOPE, RIGHTS, POLICIES, FIELDS = (
    rows_under(heading) for heading in ("Record scope", "Rights", "Row policies", "Fields")
)
SHARES, SHARERS = rows_under("Shares"), rows_under("Shares", 1)
SHARED_OBJECTS = ("personal", "posted", "part")


def permissions() -> Iterator[tuple[str, Permission]]:
    """Yields a permission set for each row of each table."""
    yield "scope", {"objects": dict.fromkeys(OBJECTS, ALL)}
    for number, row in enumerate(RIGHTS):
        yield f"rights_{number}", {"objects": granted(personal=row[0])}
    for number, row in enumerate(POLICIES):
        rules = [
            {"name": f"rule_{place}", "object": "personal", **rule} for place, rule in enumerate(said(row[0]) or ())
        ]
        yield f"policies_{number}", {"objects": {"personal": ALL}, "rowLevelSecurity": rules}
    for number, row in enumerate(FIELDS):
        rule = said(row[0])
        fields = {} if rule is None else {"personal.secret": rule}
        yield f"fields_{number}", {"objects": {"personal": ALL}, "fields": fields}
    for number, row in enumerate(SHARES):
        grant = said(row[1])
        yield f"shares_{number}", {"objects": {} if grant is None else dict.fromkeys(SHARED_OBJECTS, grant)}
    for number, row in enumerate(SHARERS):
        held = [name for name in (row[0],) if name != "none"]
        yield f"sharers_{number}", {"objects": {"personal": said(row[1])}, "systemPermissions": held}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """An office that works with the declarations of the page."""
    async with office_of(tmp_path_factory.mktemp("security"), OBJECTS, permissions()) as office:
        yield office


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", SCOPE, ids=lambda row: " ".join(row[:2]))
async def test_the_record_scope_is_as_the_page_says(office: Office, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", "scope")
    assert await outcomes(office, caller, row[0], lambda: record_of(office, row[0], row[1])) == row[2:]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(RIGHTS)), ids=str)
async def test_the_rights_are_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"rights_{number}")
    assert await outcomes(office, caller, "personal", lambda: record_of(office, "personal", row[1])) == row[2:]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(POLICIES)), ids=str)
async def test_the_row_policies_are_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"policies_{number}")
    level = said(row[1])
    made = await outcomes(office, caller, "personal", lambda: record_of(office, "personal", "own", level=level))
    assert made == row[2:]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(FIELDS)), ids=str)
async def test_the_fields_are_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"fields_{number}")
    record = await record_of(office, "personal", "own", secret="hush")
    shown = "shown" if "secret" in await office.get(caller, "personal", record) else "absent"
    filtered = await outcome(office.page(caller, "personal", where={"secret": "hush"}))
    assert (shown, filtered, await outcome(office.update(caller, "personal", record, secret="told"))) == row[1:]


async def share(office: Office, object_name: str, record_id: str, level: str, *, there: bool = False) -> None:
    """Shares a record with Ann, whoever may."""
    row = {"object_name": object_name, "record_id": record_id, "recipient_type": "user", "access_level": level}
    maker = system_in(office.elsewhere if there else office.here)
    await office.create(maker, "sys_record_share", {**row, "recipient_id": office.ids["ann"]})


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(SHARES)), ids=str)
async def test_a_share_opens_what_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    foreign = row[0].endswith("another organisation")
    name = row[0].partition(" ")[0]

    async def make() -> str:
        owned = "personal" if name == "part" else name
        record = await record_of(office, owned, "of another organisation" if foreign else "another's")
        await share(office, owned, record, row[2], there=foreign)
        if name != "part":
            return record
        return await office.make("part", system_in(office.here), title="a part", personal=record)

    assert await outcomes(office, office.caller("ann", f"shares_{number}"), name, make) == row[3:]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "row"), list(enumerate(SHARERS)), ids=str)
async def test_a_record_is_shared_by_whom_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller, told = office.caller("ann", f"sharers_{number}"), []
    for level in ("read", "edit"):
        record = await record_of(office, "personal", "own" if row[2] == "own" else "another's")
        if row[2] == "shared to edit":
            await share(office, "personal", record, "edit")
        operation = ShareRecord("personal", record, "user", office.ids["bob"], level)
        told.append(await outcome(office.door.execute(operation, caller)))
    assert tuple(told) == row[3:]


READ = {
    "Record scope": 3,
    "Rights": 4,
    "Depth": 1,
    "Shares": 2,
    "Row policies": 1,
    "Fields": 1,
    "Capabilities": 1,
    "Who holds a set": 1,
    "Masks": 1,
    "Who gives rights": 1,
    "Keys": 1,
}
"""How many tables stand under each heading of the page, each of which a test reads."""


def test_every_table_of_the_page_is_read() -> None:
    assert tables_by_heading() == READ


def test_every_table_has_rows() -> None:
    assert all(len(rows) > 3 for rows in (SCOPE, RIGHTS, POLICIES, FIELDS, SHARES, SHARERS))
