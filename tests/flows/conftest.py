"""The office of the engine's tests, over the door on each kind of database, for flows to work in."""

from tests.engine.conftest import catalog, office, store, store_url

__all__ = ["catalog", "office", "store", "store_url"]
