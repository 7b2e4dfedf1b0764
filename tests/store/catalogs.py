"""Small catalogs for the store's tests: objects written as YAML, loaded as any app is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fieldstone.registry.catalog import Catalog
from fieldstone.registry.load import load_app
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore

PARTS: Mapping[str, frozenset[str]] = {
    name: frozenset() for name in ("envelopes", "errors", "pagers", "idents", "queries", "auth", "handlers")
}
USER = "name: sys_user\nownership: none\ntenancy: none\nfields: {email: {type: email, unique: global}}\n"
NOW = "2026-03-05T10:20:30.456Z"
SYSTEM = ("id", "created_at", "updated_at", "version")


def catalog_of(folder: Path, *objects: str) -> Catalog:
    """Returns the catalog of an app whose only package declares these objects; `sys_user` is there as well."""
    platform, app = folder / "platform", folder / "app"
    _write(platform, "platform", [USER])
    _write(app / "tested", "tested", objects)
    (app / "app.yaml").write_text("name: tested\npackages: [./tested]\nsurfaces: {apis: []}\n")
    return load_app(app, parts=PARTS, cache=None, platform=platform)


@asynccontextmanager
async def store_of(catalog: Catalog, url: str, limits: Limits | None = None) -> AsyncIterator[SqlStore]:
    """Opens a store and closes it."""
    store = await open_store(catalog, url, synchronous="normal", limits=limits or Limits())
    try:
        yield store
    finally:
        await store.close()


def system_values(record_id: str) -> tuple[str, str, str, int]:
    """Returns the values of `SYSTEM` of a new record."""
    return (record_id, NOW, NOW, 1)


def _write(folder: Path, name: str, objects: tuple[str, ...] | list[str]) -> None:
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    for old in (folder / "objects").iterdir():
        old.unlink()
    (folder / "package.yaml").write_text(f"name: {name}\n")
    for text in objects:
        object_name = text.split("\n", 1)[0].removeprefix("name: ")
        (folder / "objects" / f"{object_name}.object.yaml").write_text(text)
