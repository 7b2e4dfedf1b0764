"""Golden faults: what each mistake in a declaration is answered with. Read them aloud: each must say what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.registry.codes import EXPLANATIONS, Code
from fieldstone.registry.layers.overlay import Overlay, Overlays, in_order
from tests.registry.declared import faults_of

CASES = Path(__file__).parent / "faults"
OF_FILES = {Code.FILE_UNREADABLE, Code.FILE_TOO_LARGE, Code.FILE_OUTSIDE}
"""What cannot be written in a golden file; `test_printed.py` has it."""
OF_THE_DATABASE = {Code.NEEDS_MIGRATION}
"""What shows only beside stored records; `test_printed.py` has it."""


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every case with its name."""
    for file in sorted(CASES.glob("*.yaml")):
        for name, case in yaml.safe_load(file.read_text("utf-8")).items():
            yield f"{file.stem}: {name}", case


def overlays_of(case: dict[str, Any]) -> Overlays:
    """Returns what a case lays over its files."""
    laid = [(*what.split(), delta) for what, delta in case.get("overlays", {}).items()]
    return in_order(Overlay(kind, name, delta) for kind, name, delta in laid)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases()])
def test_a_mistake_is_answered_with_its_place_and_a_way_out(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert faults_of(tmp_path, case["files"], overlays_of(case)) == case["faults"].splitlines()


def test_every_code_has_a_mistake_that_it_answers() -> None:
    words = {word for _, case in cases() for line in case["faults"].splitlines() for word in line.split()}
    answered = words & set(Code)
    assert answered | OF_FILES | OF_THE_DATABASE == set(Code)


def test_every_code_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Code)
    assert all(text.endswith(".") for text in EXPLANATIONS.values())
