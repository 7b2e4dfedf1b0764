"""`docs/security.md` on how far rights reach: owners, parts, several sets, the wildcard, the trash and masks, asked for cell by cell."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Delete, Read, Restore
from fieldstone.query.document import QueryDocument
from tests.docs.page import (
    ALL,
    OBJECTS,
    declared_under,
    granted,
    office_of,
    outcome,
    outcomes,
    record_of,
    rows_under,
    said,
)
from tests.engine.office import Office

TRANSFER, PARTS = rows_under("Record scope", 1), rows_under("Record scope", 2)
TWO, WILDCARD, TRASH = (rows_under("Rights", table) for table in (1, 2, 3))
MASKS = rows_under("Masks")
PHONE = "+4930123456"


def permissions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the permission sets of the tables."""
    for number, row in enumerate(TRANSFER):
        yield f"transfer_{number}", {"objects": {"personal": {**ALL, **(said(row[0]) or {})}}}
    for number, row in enumerate(PARTS):
        yield f"parts_{number}", {"objects": granted(personal=row[0], part=row[1])}
    for number, row in enumerate(TWO):
        for part in (0, 1):
            yield f"two_{number}_{part}", {"objects": granted(personal=row[part])}
    for number, row in enumerate(WILDCARD):
        yield f"wildcard_{number}", {"objects": granted(**{"*": row[0], "personal": row[1]})}
    for number, row in enumerate(TRASH):
        yield f"trash_{number}", {"objects": {"tossed": {**ALL, **(said(row[0]) or {})}}}
    for number, row in enumerate(MASKS):
        fields = {} if said(row[1]) is None else {"contact.phone": said(row[1])}
        yield f"masks_{number}", {"objects": granted(contact=row[0]), "fields": fields}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """An office that works with the declarations of the page."""
    objects = {**OBJECTS, **declared_under("wildcard"), **declared_under("trash"), **declared_under("masks")}
    async with office_of(tmp_path_factory.mktemp("reach"), objects, permissions()) as office:
        yield office


def each(table: list[tuple[str, ...]]) -> pytest.MarkDecorator:
    """Runs a test for each row of a table, with its number."""
    return pytest.mark.parametrize(("number", "row"), list(enumerate(table)), ids=str)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@each(TRANSFER)
async def test_an_owner_changes_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"transfer_{number}")
    told = [
        await outcome(office.update(caller, "personal", await record_of(office, "personal", row[1]), owner_id=owner))
        for owner in (office.ids["bob" if row[1] == "own" else "ann"], None, office.ids["eve"])
    ]
    assert tuple(told) == row[2:]


@each(PARTS)
async def test_a_part_is_reached_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"parts_{number}")
    parent = await record_of(office, "personal", "own")
    made = await outcome(office.create(caller, "part", {"title": "made", "personal": parent}))

    async def part() -> str:
        return await office.make("part", title="a part", personal=parent)

    assert (made, *await outcomes(office, caller, "part", part)) == row[2:]


@each(TWO)
async def test_two_sets_give_what_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"two_{number}_0", f"two_{number}_1")
    assert await outcomes(office, caller, "personal", lambda: record_of(office, "personal", row[2])) == row[3:]


@each(WILDCARD)
async def test_the_wildcard_reaches_what_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"wildcard_{number}")
    assert await outcomes(office, caller, row[2], lambda: record_of(office, row[2], "another's")) == row[3:]


@each(TRASH)
async def test_the_trash_is_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"trash_{number}")

    async def thrown_away() -> str:
        record = await record_of(office, "tossed", row[1])
        await office.delete(SYSTEM, "tossed", record)
        return record

    told = (
        await found(office, caller, await thrown_away()),
        await outcome(office.door.execute(Restore("tossed", await thrown_away()), caller)),
        await outcome(office.door.execute(Delete("tossed", await thrown_away(), purge=True), caller)),
    )
    assert told == row[2:]


async def found(office: Office, caller: Caller, record: str) -> str:
    """Returns whether a record is found in the trash, or the status of the refusal."""
    pages: list[Any] = []

    async def look() -> None:
        pages.append(await office.door.execute(Read("tossed", QueryDocument(where={"id": record}), trash=True), caller))

    told = await outcome(look())
    return "no" if pages and not pages[0].rows else told


@each(MASKS)
async def test_a_mask_is_as_the_page_says(office: Office, number: int, row: tuple[str, ...]) -> None:
    caller = office.caller("ann", f"masks_{number}")
    record = await office.make("contact", title="a contact", phone=PHONE)
    shown = (await office.get(caller, "contact", record)).get("phone", "absent")
    filtered = await outcome(office.page(caller, "contact", where={"phone": PHONE}))
    written = await outcome(office.update(caller, "contact", record, phone="+4930999999"))
    assert ({PHONE: "whole", "absent": "absent"}.get(shown, "masked"), filtered, written) == row[2:]


async def test_every_table_has_rows() -> None:
    assert all(len(rows) > 3 for rows in (TRANSFER, PARTS, TWO, WILDCARD, TRASH, MASKS))
