"""Pairs of declarations, before and after, with records in between: read from YAML, and brought from one to the other."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fieldstone.cli.migrate import lines_of, outcome_of
from fieldstone.query.ast import EVERYTHING, OrderKey, Select
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.database import Database
from fieldstone.store.migration.migrate import migrate
from fieldstone.store.migration.plan import Plan
from fieldstone.store.open import know_formulas, open_database, store_over
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, system_values

NOW = "2026-04-01T08:00:00.000Z"
FOLDER = Path(__file__).parent
LOCKS = re.compile(r"^  locks: .*\n", re.MULTILINE)

Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By object and id, what fields hold."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Declarations before and after, and what is expected of bringing a database from one to the other.

    Objects are walled and owned by nobody unless they say so. `plan` is what `fieldstone migrate` tells, without the locks; `result` what
    records hold after `--apply` with `allow`, left out where it is refused. `starts` says that a start does all of it, but for what is
    dropped because somebody names it.
    """

    before: dict[str, Any]
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    after: dict[str, Any]
    allow: tuple[str, ...] = ()
    plan: str
    starts: bool = False
    result: dict[str, dict[str, dict[str, Any]]] | None = None


def pairs() -> dict[str, Pair]:
    """Returns all pairs by their names."""
    found: dict[str, Pair] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for name, document in yaml.safe_load(file.read_text("utf-8")).items():
            found[f"{file.stem}: {name}"] = msgspec.convert(document, Pair)
    return found


def catalog(folder: Path, objects: Mapping[str, Any]) -> Catalog:
    """Returns the catalog of some objects, whose documents lack their names."""
    plain = {"ownership": "none", "tenancy": "none"}
    texts = [f"name: {name}\n{yaml.safe_dump(plain | document, sort_keys=False)}" for name, document in objects.items()]
    return catalog_of(folder, *texts)


async def fill(store: SqlStore, rows: Rows) -> None:
    """Makes records."""
    for name, records in rows.items():
        known = (store.catalog.objects.get(name) or store.catalog.histories[name]).stored
        system = [column for column in SYSTEM if column in known]
        async with store.transaction() as transaction:
            for record_id, values in records.items():
                stamps = dict(zip(SYSTEM, system_values(record_id), strict=True))
                row = (*(stamps[column] for column in system), *map(_wired, values.values()))
                await transaction.insert(name, (*system, *values), [row])


def _wired(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


async def held(store: SqlStore, expected: Rows) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns what records hold in the fields of which something is expected, in the form that YAML gives to it."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, records in expected.items():
        fields = tuple(dict.fromkeys(field for values in records.values() for field in values))
        select = Select(name, ("id", *fields), EVERYTHING, (OrderKey("id"),))
        rows = await store.fetch(store.prepare(select), Binds())
        found[name] = {row[0]: dict(zip(fields, map(_plain, row[1:]), strict=True)) for row in rows}
    return found


def _plain(value: Any) -> Any:
    return msgspec.json.decode(_JSON.encode(value))


_JSON = msgspec.json.Encoder(decimal_format="number")


@asynccontextmanager
async def database_at(url: str) -> AsyncIterator[Database]:
    """Opens a database as it is, and closes it."""
    database = await open_database(url, synchronous="normal", limits=Limits())
    try:
        yield database
    finally:
        await database.close()


async def started(catalog: Catalog, database: Database) -> SqlStore:
    """Returns the store of a catalog, as a start makes it."""
    return (await store_over(catalog, database, app=Path("app")))[0]


async def planned(catalog: Catalog, database: Database, allow: tuple[str, ...] = (), *, apply: bool = False) -> Plan:
    """Returns the plan for a database, done with `apply`."""
    know_formulas(catalog, database)
    return await migrate(catalog, database, frozenset(allow), apply=apply, clock=lambda: NOW)


def told(plan: Plan, *, applied: bool = False) -> str:
    """Returns what people are told, without the locks, which differ from database to database."""
    lines = lines_of(plan, outcome_of(plan, applied=applied), Path("app"))
    return LOCKS.sub("", "".join(f"{line}\n" for line in lines))
