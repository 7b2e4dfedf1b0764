"""`docs/security.md` as its tests read it: its tables, what its cells declare, and an office that works as the page says."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from fieldstone.access.caller import Caller, system_in
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
ALL = {"allowRead": True, "allowCreate": True, "allowEdit": True, "allowDelete": True}
MARKS = re.compile(r"^\|[-|]+\|$")

_numbers = count()


def declared_under(note: str) -> dict[str, Any]:
    """Returns the objects that a block of the page declares."""
    objects: dict[str, Any] = yaml.safe_load(next(block.text for block in blocks_of(TEXT) if block.note == note))
    return objects


OBJECTS = declared_under("objects")


def tables_by_heading() -> dict[str, int]:
    """Returns how many tables stand under each heading that has some."""
    headings = [line[3:] for line in TEXT.splitlines() if line.startswith("## ")]
    return {heading: len(tables) for heading in headings if (tables := _tables(heading))}


def _tables(heading: str) -> list[str]:
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [part for part in section.split("\n\n") if part.startswith("|")]


def rows_under(heading: str, table: int = 0) -> list[tuple[str, ...]]:
    """Returns the cells of one of the tables that stand under a heading, without its head."""
    found = _tables(heading)[table]
    lines = [line for line in found.splitlines() if line.startswith("|")]
    assert MARKS.match(lines[1])
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def said(cell: str) -> Any:
    """Returns what a cell declares; None for nothing."""
    return None if cell in ("nothing", "none") else yaml.safe_load(cell)


def granted(**cells: Any) -> dict[str, Any]:
    """Returns what a set grants: by object what a cell says of it; nothing where it says nothing."""
    return {name: said(cell) for name, cell in cells.items() if said(cell) is not None}


@asynccontextmanager
async def office_of(
    folder: Path, objects: Mapping[str, Any], sets: Iterable[tuple[str, Mapping[str, Any]]]
) -> AsyncIterator[Office]:
    """Opens an office that works with these declarations."""
    package = folder / "page"
    package.mkdir()
    declare(package / "package.yaml", {"name": "page"})
    for name, declared in objects.items():
        declare(package / f"{name}.object.yaml", {"name": name, **declared})
    for name, declared in sets:
        declare(package / f"{name}.permission.yaml", {"name": name, **declared})
    catalog = load_package(package, folder)
    store = await open_store(catalog, sqlite_address(folder / "page.db"), synchronous="normal", limits=Limits())
    yield await Office.founded(store)
    await store.close()


def declare(path: Path, document: dict[str, Any]) -> None:
    """Writes a declaration."""
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


async def record_of(office: Office, object_name: str, whose: str, **values: Any) -> str:
    """Returns the id of a new record that is whose the page says."""
    foreign = whose == "of another organisation"
    owner = office.ids["ann" if whose in ("own", "of an own record") else "eve" if foreign else "bob"]
    maker = system_in(office.elsewhere if foreign else office.here)
    if "master_detail" in str(OBJECTS.get(object_name)):
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
