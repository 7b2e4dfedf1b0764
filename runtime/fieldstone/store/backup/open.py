"""From an address to the database there as a whole."""

from pathlib import Path

from fieldstone.store.backup.interface import WholeDatabase
from fieldstone.store.backup.postgres import PostgresWhole
from fieldstone.store.backup.sqlite import SqliteFile
from fieldstone.store.open import POSTGRESQL, SQLITE


def whole_database(url: str) -> WholeDatabase:
    """Returns the database at an address, which need not be there; raises SettingsError for one without a name."""
    return PostgresWhole(url) if url.startswith(POSTGRESQL) else SqliteFile(Path(url.removeprefix(SQLITE)))
