"""`docs/security.md`: what its tables say is declared as they say it, and every cell is asked for over the door."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from fieldstone.access.caller import Caller, system_in
from fieldstone.engine.operation import ShareRecord
from fieldstone.errors import FieldstoneError
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from fieldstone.surfaces.http.errors import STATUS
from tests.databases import sqlite_address
from tests.docs.walk import blocks_of
from tests.engine.office import Office
from tests.house.source import ROOT
from tests.worlds import load_package

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
OBJECTS: dict[str, Any] = yaml.safe_load(next(block.text for block in blocks_of(TEXT) if block.note == "objects"))
ALL = {"allowRead": True, "allowCreate": True, "allowEdit": True, "allowDelete": True}
MARKS = re.compile(r"^\|[-|]+\|$")
Permission = dict[str, Any]


def rows_under(heading: str, table: int = 0) -> list[tuple[str, ...]]:
    """Returns the cells of one of the tables that stand under a heading, without its head."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [part for part in section.split("\n\n") if part.startswith("|")][table]
    lines = [line for line in found.splitlines() if line.startswith("|")]
    assert MARKS.match(lines[1])
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def said(cell: str) -> Any:
    """Returns what a cell declares; None for nothing."""
    return None if cell in ("nothing", "none") else yaml.safe_load(cell)


SCOPE, RIGHTS, POLICIES, FIELDS = (
    rows_under(heading) for heading in ("Record scope", "Rights", "Row policies", "Fields")
)
SHARES, SHARERS = rows_under("Shares"), rows_under("Shares", 1)
SHARED_OBJECTS = ("personal", "posted", "part")


def permissions() -> Iterator[tuple[str, Permission]]:
    """Yields a permission set for each row of each table."""
    yield "scope", {"objects": dict.fromkeys(OBJECTS, ALL)}
    for number, row in enumerate(RIGHTS):
        grant = said(row[0])
        yield f"rights_{number}", {"objects": {} if grant is None else {"personal": grant}}
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
    folder = tmp_path_factory.mktemp("security")
    package = folder / "page"
    package.mkdir()
    declare(package / "package.yaml", {"name": "page"})
    for name, declared in OBJECTS.items():
        declare(package / f"{name}.object.yaml", {"name": name, **declared})
    for name, declared in permissions():
        declare(package / f"{name}.permission.yaml", {"name": name, **declared})
    catalog = load_package(package, folder)
    store = await open_store(catalog, sqlite_address(folder / "page.db"), synchronous="normal", limits=Limits())
    yield await Office.founded(store)
    await store.close()


def declare(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


_numbers = count()


async def record_of(office: Office, object_name: str, whose: str, **values: Any) -> str:
    """Returns the id of a new record that is whose the page says."""
    foreign = whose == "of another organisation"
    owner = office.ids["ann" if whose in ("own", "of an own record") else "eve" if foreign else "bob"]
    maker = system_in(office.elsewhere if foreign else office.here)
    if "master_detail" in str(OBJECTS[object_name]):
        values["personal"] = await office.make("personal", maker, owner_id=owner)
    else:
        values["owner_id"] = owner
    return await office.make(object_name, maker, title=f"record {next(_numbers)}", **values)


async def outcome(asked: Awaitable[Any]) -> str:
    """Returns a cell: yes, or the status of the refusal."""
    try:
        await asked
    except FieldstoneError as error:
        return str(STATUS[error.code])
    return "yes"


async def outcomes(
    office: Office, caller: Caller, object_name: str, make: Callable[[], Awaitable[str]]
) -> Sequence[str]:
    """Returns what comes of reading, changing and deleting a record, each a new one."""
    read = await outcome(office.get(caller, object_name, await make()))
    update = await outcome(office.update(caller, object_name, await make(), title="changed"))
    return read, update, await outcome(office.delete(caller, object_name, await make()))


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
        return await office.make("part", system_in(office.here), title=f"part {next(_numbers)}", personal=record)

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


def test_every_table_has_rows() -> None:
    assert all(len(rows) > 3 for rows in (SCOPE, RIGHTS, POLICIES, FIELDS, SHARES, SHARERS))
