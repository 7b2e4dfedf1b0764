"""Small packages of declarations that several rooms' tests work with."""

import shutil
from pathlib import Path

from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import platform_folder
from fieldstone.registry.load import load_app

WORLDS = Path(__file__).parent


def load_world(name: str, folder: Path) -> Catalog:
    """Returns the catalog of an app, made in an empty folder, of one world and the platform's objects, without surfaces."""
    return load_package(WORLDS / name, folder)


def load_package(package: Path, folder: Path) -> Catalog:
    """Returns the same of a package anywhere."""
    platform = folder / "platform"
    for kind in ("objects", "permissions"):
        shutil.copytree(platform_folder() / kind, platform / kind)
    shutil.copy(platform_folder() / "package.yaml", platform)
    app = folder / "app"
    app.mkdir()
    (app / "app.yaml").write_text(
        f"name: {package.name}\npackages: ['{package}']\nsurfaces: {{apis: []}}\n", encoding="utf-8"
    )
    return load_app(app, parts={}, cache=None, platform=platform)
