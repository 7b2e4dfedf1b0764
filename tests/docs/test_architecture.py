"""`docs/architecture.md`: every name is where its link leads, and every module has its place on the map."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import ROOT, RUNTIME

PAGE = ROOT / "docs" / "architecture.md"
NAMED = re.compile(r"\[`([A-Za-z_.]+)`\]\(([^)#]+)\)")
LINKED = re.compile(r"\]\(([^)#]+\.py)\)")


def names_elsewhere(text: str) -> Iterator[str]:
    """Yields every name in code whose link leads to a file that defines no such thing."""
    for name, target in NAMED.findall(text):
        source = (PAGE.parent / target).read_text(encoding="utf-8")
        for part in name.split("."):
            if not re.search(rf"^ *(async def|def|class) {part}\b|^{part}(:.*)? = ", source, re.MULTILINE):
                yield f"{name} is not in {target}"


def test_every_name_is_where_its_link_leads() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(NAMED.findall(text)) > 40
    assert list(names_elsewhere(text)) == []


def test_a_name_that_is_elsewhere_is_found() -> None:
    text = "[`Door.execute`](../runtime/fieldstone/engine/door.py) [`Door.open`](../runtime/fieldstone/engine/door.py)"
    assert list(names_elsewhere(text)) == ["Door.open is not in ../runtime/fieldstone/engine/door.py"]


def test_every_module_is_on_the_map() -> None:
    linked = {(PAGE.parent / target).resolve() for target in LINKED.findall(PAGE.read_text(encoding="utf-8"))}
    modules = {path for path in RUNTIME.rglob("*.py") if path.name != "__init__.py"}
    assert sorted(_shown(path) for path in modules - linked) == []


def _shown(path: Path) -> str:
    return str(path.relative_to(RUNTIME))
