"""Every case of this folder holds by every road, on both databases."""

import asyncio
from pathlib import Path

import pytest

from tests.access.case import read_case
from tests.access.judge import judge_case

CASES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_case_holds_by_every_road(path: Path, database_url: str, tmp_path: Path) -> None:
    findings = asyncio.run(judge_case(read_case(path), tmp_path / path.stem, database_url))
    assert not findings, "\n".join(map(str, findings))
