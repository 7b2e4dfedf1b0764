"""Migrating an app's database without serving it: to its files, with the overlays that are stored over them.

A part of the composition root, which is `app.py`.
"""

from functools import partial
from pathlib import Path

import msgspec

from fieldstone.app_catalog import load_catalog
from fieldstone.clock import system_clock
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.ids import new_id
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.fitting import fitting
from fieldstone.services.meta.overlay_records import OVERLAYS, read_overlays
from fieldstone.settings import Settings
from fieldstone.store.database import Database
from fieldstone.store.migration.migrate import migrate
from fieldstone.store.migration.plan import Plan, is_as_wanted
from fieldstone.store.open import database_url, know_formulas, open_database
from fieldstone.store.sql_store import SqlStore

WITHIN_SECONDS = 24 * 3600
"""How long a statement may take: nobody waits for an answer."""


async def migrate_app(folder: Path, settings: Settings, allowed: frozenset[str], *, apply: bool) -> Plan:
    """Returns the plan for the database of the app in a folder; with `apply`, once it is done. Raises as `migrate` does."""
    catalog = load_catalog(folder)
    limits = msgspec.structs.replace(settings.limits, statement_seconds=WITHIN_SECONDS)
    url = database_url(folder, catalog.app, settings)
    database = await open_database(url, synchronous=catalog.app.database.synchronous, limits=limits)
    try:
        catalog = await _overlaid(folder, catalog, database, settings)
        know_formulas(catalog, database)
        return await migrate(catalog, database, allowed, apply=apply)
    finally:
        await database.close()


async def _overlaid(folder: Path, catalog: Catalog, database: Database, settings: Settings) -> Catalog:
    """Returns the catalog with the overlays that fit; as it is, where the database cannot be asked for any yet."""
    if not await is_as_wanted(OVERLAYS, catalog, database):
        return catalog
    store = SqlStore(catalog, database)
    door = Door(store, DATA_HANDLERS, settings, hooks=(), preparers={}, clock=system_clock, new_id=new_id)
    overlays = await read_overlays(door.execute)
    return fitting(overlays, partial(load_catalog, folder))[0] if overlays else catalog
