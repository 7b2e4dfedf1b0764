"""Small apps written for one test: files by path, loaded beside the platform's own declarations."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from fieldstone.errors import DeclarationError
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.registry.api_operations import DialectParts
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.overlay import Overlays
from fieldstone.registry.load import load_app
from fieldstone.registry.memory import Memory

BARE = {
    "app/app.yaml": "name: app\npackages: [../shop]\nsurfaces: {apis: []}\n",
    "shop/package.yaml": "name: shop\n",
}
"""An app that loads the package `shop`, which has nothing in it."""

PARTS: DialectParts = {
    "envelopes": frozenset({"objectos", "data"}),
    "errors": frozenset({"objectos", "flat"}),
    "pagers": frozenset({"objectql", "cursor"}),
    "idents": frozenset({"plain"}),
    "queries": frozenset({"objectql", "mapped"}),
    "auth": frozenset({"bearer", "cookie"}),
    "handlers": frozenset({"shop.close"}),
}

PLATFORM = {
    "metadata/package.yaml": "name: platform\ncapabilities: [{name: 'query:explain'}]\n",
    "metadata/sys_user.object.yaml": "name: sys_user\nownership: none\nfields:\n  email: {type: email}\n",
}
"""A platform of one object and no surface."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")


def load(
    folder: Path,
    files: Mapping[str, str],
    *,
    cache: Path | None = None,
    overlays: Overlays = (),
    memory: Memory | None = None,
) -> Catalog:
    """Returns the catalog of a bare app with these files added or replaced, on the small platform."""
    write(folder, {**PLATFORM, **BARE, **files})
    return load_app(
        folder / "app",
        parts=PARTS,
        cache=cache,
        platform=folder / "metadata",
        steps=STEP_KINDS,
        overlays=overlays,
        memory=memory,
    )


def faults_of(folder: Path, files: Mapping[str, str], overlays: Overlays = ()) -> list[str]:
    """Returns the faults of such an app as lines, their places relative to the folder."""
    try:
        load(folder, files, overlays=overlays)
    except DeclarationError as error:
        return [str(fault).replace(f"{folder}/", "") for fault in error.faults]
    return []
