"""Opening the store: from an address to a database that holds what the catalog needs."""

from pathlib import Path

from fieldstone.errors import SettingsError
from fieldstone.log import Log
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Limits, Settings
from fieldstone.store.database import Database
from fieldstone.store.failures import SQLITE_FAILURES
from fieldstone.store.formula_function import formula_functions
from fieldstone.store.migrate import bring_up
from fieldstone.store.postgres import open_postgres
from fieldstone.store.sql_store import SqlStore
from fieldstone.store.sqlite import SqliteDatabase
from fieldstone.store.sqlite_connection import Synchronous

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


def database_url(folder: Path, catalog: Catalog, settings: Settings) -> str:
    """Returns the database's address: the environment's, else the app's, whose files are relative to its folder."""
    if settings.database_url is not None:
        return settings.database_url
    declared = catalog.app.database.url
    path = declared.removeprefix(SQLITE)
    return declared if path == declared else f"{SQLITE}{folder / path}"


async def open_store(
    catalog: Catalog, url: str, *, synchronous: Synchronous, limits: Limits, log: Log | None = None
) -> SqlStore:
    """Returns the store of a catalog at an address, `sqlite:///file` or `postgresql://...`; missing tables and columns are made.

    `synchronous` is SQLite's: `full` survives a power cut, `normal` may lose the last commits in one. Raises SettingsError for
    an address that cannot be opened, DeclarationError for a change that needs a migration.
    """
    database = await _open(catalog, url, synchronous, float(limits.statement_seconds))
    try:
        await bring_up(catalog, database)
    except BaseException:
        await database.close()
        raise
    return SqlStore(catalog, database, log)


async def _open(catalog: Catalog, url: str, synchronous: Synchronous, seconds: float) -> Database:
    if url.startswith(POSTGRESQL):
        return await open_postgres(url, statement_seconds=seconds)
    name = url.removeprefix(SQLITE)
    if name == url or not name or ":memory:" in name:
        raise SettingsError(
            "The database's address is of no known form.",
            hint="It is `sqlite:///file` or `postgresql://user@host/name`.",
        )
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        functions = formula_functions(catalog)
        return SqliteDatabase(path, synchronous=synchronous, statement_seconds=seconds, functions=functions)
    except (OSError, *SQLITE_FAILURES) as error:
        raise SettingsError(
            f"The SQLite file `{path}` cannot be opened.", hint="Check that it can be written."
        ) from error
