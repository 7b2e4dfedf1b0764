"""Every case of this folder holds by every road, on both databases."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.proof.judge import judge
from tests.access.world import write_world

CASES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_case_holds_by_every_road(path: Path, database_url: str, tmp_path: Path) -> None:
    folder = write_world(path.read_text(encoding="utf-8"), tmp_path / path.stem, path.stem)
    findings = asyncio.run(judge(folder, path.stem, database_url)).findings
    assert not findings, "\n".join(map(str, findings))
