"""The floors of the house: imports go down only, and rooms on one floor never import each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import RUNTIME, imports_of, late_imports, modules_in

PACKAGE = "fieldstone"
FLOORS = (
    ("errors",),
    ("ids", "clock", "settings", "keyring", "log", "metrics", "trace", "late", "garbage"),
    ("query",),
    ("kinds",),
    ("registry",),
    ("store", "access"),
    ("engine",),
    ("identity", "flows", "services"),
    ("surfaces",),
    ("app_catalog", "app_flows", "app_imports", "app_generation"),
    ("app_process", "app_database"),
    ("app_metrics",),
    ("app_compose", "app_migration", "app_overlays"),
    ("app_generations",),
    ("app",),
    ("proof",),
    ("cli",),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

# What the faces of `surfaces` share; everything else in there stays within its own face.
SHARED_BY_SURFACES = ("fieldstone.surfaces.http", "fieldstone.surfaces.rest.table")


def floor_faults(root: Path) -> Iterator[str]:
    """Yields one line for every import that does not go down."""
    known = modules_in(root)
    for module in known.values():
        for line in late_imports(module):
            yield f"{module.path}:{line}: an import inside a function"
        if (room := _part(module.name, 1)) and room not in LEVEL:
            yield f"{module.path}:1: `{room}` stands on no floor"
            continue
        for found in imports_of(module, known):
            if found.target.split(".")[0] == PACKAGE and not _allowed(module.name, found.target):
                yield f"{module.path}:{found.line}: {module.name} imports {found.target}"


def _allowed(importer: str, target: str) -> bool:
    room, other = _part(importer, 1), _part(target, 1)
    if not other:
        return True
    if room != other:
        return LEVEL.get(other, len(FLOORS)) < LEVEL.get(room, 0)
    if room != "surfaces" or _part(importer, 2) == _part(target, 2):
        return True
    shared = any(target == name or target.startswith(f"{name}.") for name in SHARED_BY_SURFACES)
    return shared and _part(importer, 2) != "http"


def _part(name: str, index: int) -> str:
    parts = name.split(".")
    return parts[index] if len(parts) > index else ""


def test_imports_go_down_only() -> None:
    assert list(floor_faults(RUNTIME)) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("engine/door.py", "from fieldstone.surfaces import rest"),
        ("engine/door.py", "import fieldstone.app"),
        ("engine/door.py", "from fieldstone import cli"),
        ("store/select.py", "from fieldstone.access import policy"),
        ("services/search.py", "from fieldstone.flows.graph import Graph"),
        ("ids.py", "from fieldstone.clock import Clock"),
        ("errors.py", "from fieldstone.ids import Ids"),
        ("query/parse.py", "from ..kinds.fields import table"),
        ("query/parse.py", "def late():\n    from fieldstone.kinds import table"),
        ("query/parse.py", "def late():\n    import json"),
        ("query/parse.py", "if TYPE_CHECKING:\n    from fieldstone.registry.catalog import Catalog"),
        ("query/parse.py", "importlib.import_module('fieldstone.engine.door')"),
        ("surfaces/graphql/schema.py", "from fieldstone.surfaces.rest import mount"),
        ("surfaces/http/caller.py", "from fieldstone.surfaces.rest import table"),
        ("helpers/text.py", "import json"),
        ("query/parse.py", "from fieldstone.helpers import text"),
    ],
)
def test_an_import_that_does_not_go_down_is_found(tmp_path: Path, module: str, line: str) -> None:
    _write(tmp_path, module, line)
    assert list(floor_faults(tmp_path)) != []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("cli/serve.py", "from fieldstone.app import build"),
        ("query/parse.py", "from fieldstone.errors import QueryError"),
        ("query/parse.py", "from fieldstone.query.ast import Filter"),
        ("kinds/object.py", "from fieldstone.kinds.fields.table import FIELD_TYPES"),
        ("surfaces/openapi/document.py", "from fieldstone.surfaces.rest.table import Route"),
        ("surfaces/openapi/document.py", "from fieldstone.surfaces.rest import table"),
        ("surfaces/rest/mount.py", "from fieldstone.surfaces.http import caller"),
        ("store/select.py", "import sqlalchemy"),
    ],
)
def test_an_import_that_goes_down_is_let_through(tmp_path: Path, module: str, line: str) -> None:
    _write(tmp_path, module, line)
    _write(tmp_path, "surfaces/rest/table.py", "")
    assert list(floor_faults(tmp_path)) == []


def _write(root: Path, module: str, text: str) -> None:
    path = root / PACKAGE / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
