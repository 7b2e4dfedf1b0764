"""An app around a package, for commands that run what is declared: one is made for a package that is served by none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from fieldstone.errors import SettingsError
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import APP_FILE, PACKAGE_FILE, PLATFORM


@contextmanager
def as_app(path: Path, catalog: Catalog) -> Iterator[Path]:
    """Yields the folder of an app: the one that is meant, or one that is made around a package with its surfaces."""
    if (path / APP_FILE).is_file():
        yield path
        return
    if not (path / PACKAGE_FILE).is_file():
        raise SettingsError(f"`{path}` is the folder of neither an app nor a package.")
    apis = [name for name in catalog.apis if catalog.items["api"][name].package != PLATFORM]
    with TemporaryDirectory() as place:
        app = {"name": "test", "packages": [str(path.resolve())], "surfaces": {"apis": ["v1", *apis]}}
        (Path(place) / APP_FILE).write_text(yaml.safe_dump(app), encoding="utf-8")
        yield Path(place)
