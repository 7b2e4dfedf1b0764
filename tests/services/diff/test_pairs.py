"""What `fieldstone diff` tells of two versions of an app: pairs of before and after, each with all that is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.cli.check import compiled
from fieldstone.registry.catalog import Catalog
from fieldstone.services.diff.compare import compare, in_order
from fieldstone.services.diff.finding import MEANINGS

PLACE = Path(__file__).parent
PAIRS: dict[str, Any] = yaml.safe_load((PLACE / "pairs.yaml").read_text("utf-8"))
BASE: dict[str, Any] = yaml.safe_load((PLACE / "base.yaml").read_text("utf-8"))


def catalog_of(folder: Path, changes: Mapping[str, Any]) -> Catalog:
    """Returns the catalog of the base app with changes."""
    (folder / "crm").mkdir(parents=True)
    for name in {**BASE, **changes}:
        document = merged(BASE.get(name, {}), changes.get(name, {}))
        if document is not None:
            path = folder / "app.yaml" if name == "app" else folder / "crm" / f"{name}.yaml"
            path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return compiled(folder)


def merged(document: Any, change: Any) -> Any:
    """Returns a document with some keys set, at any depth."""
    if not isinstance(document, dict) or not isinstance(change, dict):
        return change
    kept = {key: value for key, value in document.items() if key not in change}
    return kept | {key: merged(document.get(key), value) for key, value in change.items() if value is not None}


def lines(old: Catalog, new: Catalog) -> list[str]:
    return [f"{found.severity}: {found.subject}: {found.told}" for found in in_order(compare(old, new))]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_of(tmp_path_factory.mktemp("base"), {})


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_pair_differs_in_what_is_said_and_in_nothing_else(base: Catalog, tmp_path: Path, name: str) -> None:
    pair = PAIRS[name]
    old = catalog_of(tmp_path / "old", pair["old"]) if "old" in pair else base
    new = catalog_of(tmp_path / "new", pair["new"])
    assert lines(old, new) == pair["found"]


def test_a_catalog_differs_in_nothing_from_itself_loaded_again(base: Catalog, tmp_path: Path) -> None:
    assert lines(base, catalog_of(tmp_path / "again", {})) == []


def test_the_pairs_show_every_severity_and_every_thing_that_is_compared() -> None:
    told = [line for pair in PAIRS.values() for line in pair["found"]]
    assert {line.split(": ")[0] for line in told} == set(MEANINGS)
    assert {line.split(": ")[1].split()[0] for line in told} >= {"object", "permission", "action", "flow", "api"}
