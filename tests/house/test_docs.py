"""The reference: every page of `docs/reference` is checked against the table of the code that it describes.

A page's names are its headings that hold nothing but code: "## `lookup`". To add a page, add a row to `PAGES`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tests.house.source import ROOT

REFERENCE = ROOT / "docs" / "reference"
HEADING = re.compile(r"^#+ +`([^`]+)`\s*$", re.MULTILINE)

# The file name of a page -> what gives the names that it must have as headings.
PAGES: Mapping[str, Callable[[], Iterable[str]]] = {}


def page_faults(folder: Path, pages: Mapping[str, Callable[[], Iterable[str]]]) -> Iterator[str]:
    """Yields one line for every name without a heading, heading without a name, and page without a row."""
    for page, names_of in pages.items():
        path = folder / page
        headings = HEADING.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
        names = set(names_of())
        yield from (f"{page}: no heading for `{name}`" for name in sorted(names.difference(headings)))
        yield from (f"{page}: `{name}` is not in the code" for name in headings if name not in names)
    yield from (
        f"{path.name}: checked against nothing" for path in sorted(folder.glob("*.md")) if path.name not in pages
    )


def test_the_reference_says_what_the_code_does() -> None:
    assert list(page_faults(REFERENCE, PAGES)) == []


def test_a_missing_heading_a_stale_one_and_an_unchecked_page_are_found(tmp_path: Path) -> None:
    (tmp_path / "kinds.md").write_text("# Kinds\n\n## `object`\n\n## `gone`\n\n## How to read this `page`\n")
    (tmp_path / "other.md").write_text("# Other\n")
    assert list(page_faults(tmp_path, {"kinds.md": lambda: ["object", "seed"], "absent.md": lambda: ["x"]})) == [
        "kinds.md: no heading for `seed`",
        "kinds.md: `gone` is not in the code",
        "absent.md: no heading for `x`",
        "other.md: checked against nothing",
    ]
