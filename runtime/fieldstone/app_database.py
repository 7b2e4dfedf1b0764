"""The declarations of an app and its database, read and opened side by side: a database of many tables takes a while to read its schema.

A part of the composition root, which is `app.py`.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from fieldstone.app_catalog import load_catalog
from fieldstone.errors import FieldstoneError
from fieldstone.kinds.app import AppDeclaration
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.load import read_app
from fieldstone.registry.memory import Memory
from fieldstone.settings import Settings
from fieldstone.store.database import Database
from fieldstone.store.open import database_url, is_there, open_database


async def load_and_open(
    folder: Path, settings: Settings, memory: Memory, given: Catalog | None = None
) -> tuple[Catalog, Database, str]:
    """Returns the catalog of an app, unless one is given, its open database and the address of that.

    Declarations that are refused leave no database behind that was not there. Raises DeclarationError, SettingsError.
    """
    app = given.app if given is not None else read_app(folder)
    ahead: asyncio.Task[Database] | None = None
    if app is not None and is_there(database_url(folder, app, settings)):
        ahead = asyncio.create_task(_opened(folder, app, settings))
    try:
        catalog = given if given is not None else await asyncio.to_thread(load_catalog, folder, memory=memory)
    except BaseException:
        if ahead is not None:
            with suppress(FieldstoneError):
                await (await ahead).close()
        raise
    database = await (ahead or _opened(folder, catalog.app, settings))
    return catalog, database, database_url(folder, catalog.app, settings)


async def _opened(folder: Path, app: AppDeclaration, settings: Settings) -> Database:
    url = database_url(folder, app, settings)
    return await open_database(url, synchronous=app.database.synchronous, limits=settings.limits)
