"""Writes the pages of `docs/reference` from the code; `make docs` runs it.

A test of the house holds the committed pages against what this makes, so that they cannot fall behind.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from docs.generator.commands import commands_page
from docs.generator.dialects import dialects_page
from docs.generator.errors import errors_page, faults_page
from docs.generator.extension_points import extension_points_page
from docs.generator.fields import fields_page
from docs.generator.functions import functions_page
from docs.generator.kinds import kinds_page
from docs.generator.objectql import objectql_page
from docs.generator.settings import settings_page
from docs.generator.steps import steps_page
from docs.generator.validations import validations_page

REFERENCE = Path(__file__).parent / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "kinds.md": kinds_page,
    "fields.md": fields_page,
    "validations.md": validations_page,
    "steps.md": steps_page,
    "objectql.md": objectql_page,
    "functions.md": functions_page,
    "dialects.md": dialects_page,
    "errors.md": errors_page,
    "faults.md": faults_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "extension-points.md": extension_points_page,
}
"""The file name of each page -> what makes it."""


def write_pages(folder: Path) -> None:
    """Writes every page into a folder and takes away what is no page of ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.md"):
        if stale.name not in PAGES:
            stale.unlink()
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(REFERENCE)
