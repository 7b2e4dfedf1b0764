"""Opening the store: from an address to a database that holds what the catalog needs."""

import asyncio
from pathlib import Path

import msgspec

from fieldstone.errors import SettingsError
from fieldstone.kinds.app import AppDeclaration
from fieldstone.late import late
from fieldstone.log import Log
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import PLATFORM
from fieldstone.settings import Limits, Settings
from fieldstone.store.database import Database
from fieldstone.store.deployment import Standing
from fieldstone.store.failures import SQLITE_FAILURES
from fieldstone.store.formula_function import formula_functions
from fieldstone.store.migration.start import bring_up
from fieldstone.store.sql_store import SqlStore
from fieldstone.store.sqlite import SqliteDatabase
from fieldstone.store.sqlite_connection import Synchronous

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")

_open_postgres = late("fieldstone.store.postgres:open_postgres")


def database_url(folder: Path, app: AppDeclaration, settings: Settings) -> str:
    """Returns the database's address: the environment's, else the app's, whose files are relative to its folder."""
    if settings.database_url is not None:
        return settings.database_url
    declared = app.database.url
    path = declared.removeprefix(SQLITE)
    return declared if path == declared else f"{SQLITE}{folder / path}"


def is_there(url: str) -> bool:
    """Tells whether to open an address makes no file that was not there."""
    return url.startswith(POSTGRESQL) or Path(url.removeprefix(SQLITE)).is_file()


async def open_store(
    catalog: Catalog, url: str, *, synchronous: Synchronous, limits: Limits, log: Log | None = None
) -> SqlStore:
    """Returns the store of a catalog over a database of its own; missing tables and columns are made.

    Raises as `open_database` and `store_over` do.
    """
    database = await open_database(url, synchronous=synchronous, limits=limits)
    try:
        store, _ = await store_over(catalog, database, log)
    except BaseException:
        await database.close()
        raise
    return store


async def store_over(
    catalog: Catalog,
    database: Database,
    log: Log | None = None,
    *,
    yielding: bool = False,
    running: Catalog | None = None,
    app: Path | None = None,
) -> tuple[SqlStore, Standing]:
    """Returns the store of a catalog over an open database, brought up as `bring_up` says, and how the catalog's files stand there.

    `app` is the folder that refusals name.
    """
    know_formulas(catalog, database, running)
    standing = await bring_up(catalog, database, yielding=yielding, running=running, app=app)
    return SqlStore(catalog, database, log), standing


async def store_for_platform(catalog: Catalog, database: Database, log: Log | None = None) -> SqlStore:
    """Returns the store of a catalog in whose database the platform's own objects alone are brought up, over which nothing can be laid."""
    know_formulas(catalog, database)
    objects = {name: linked for name, linked in catalog.objects.items() if linked.package == PLATFORM}
    histories = {name: linked for name, linked in catalog.histories.items() if linked.history_of in objects}
    rollups = tuple(group for group in catalog.rollups if group.parent in objects)
    part = msgspec.structs.replace(catalog, objects=objects, histories=histories, rollups=rollups)
    await bring_up(part, database, yielding=True)
    return SqlStore(catalog, database, log)


def know_formulas(catalog: Catalog, database: Database, known: Catalog | None = None) -> None:
    """Lets SQLite call what computes the formulas of a catalog, beside those of one that is `known`."""
    if database.dialect.name == "sqlite":
        database.know(formula_functions(catalog, known))


async def open_database(url: str, *, synchronous: Synchronous, limits: Limits) -> Database:
    """Returns the database at an address, `sqlite:///file` or `postgresql://...`; raises SettingsError where it cannot be opened.

    `synchronous` is SQLite's: `full` survives a power cut, `normal` may lose the last commits in one.
    """
    seconds = float(limits.statement_seconds)
    if url.startswith(POSTGRESQL):
        database: Database = await _open_postgres(url, statement_seconds=seconds)
        return database
    name = url.removeprefix(SQLITE)
    if name == url or not name or ":memory:" in name:
        raise SettingsError(
            "The database's address is of no known form.",
            hint="It is `sqlite:///file` or `postgresql://user@host/name`.",
        )
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return await asyncio.to_thread(SqliteDatabase, path, synchronous=synchronous, statement_seconds=seconds)
    except (OSError, *SQLITE_FAILURES) as error:
        raise SettingsError(
            f"The SQLite file `{path}` cannot be opened.", hint="Check that it can be written."
        ) from error
