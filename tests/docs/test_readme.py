"""`README.md`: its tour of the demo, run as it is written, prints what it shows."""

import shutil
from pathlib import Path

from tests.docs.walk import shell_in, walk
from tests.house.source import ROOT


def test_the_tour_of_the_demo_is_true(tmp_path: Path) -> None:
    for folder in ("apps", "packages"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".fieldstone", "__pycache__"))
    with shell_in(tmp_path) as shell:
        walk(shell, ROOT / "README.md")
