"""Sizes: a file that nears its limit has a seam, and a function fits on a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import FUNCTIONS, RUNTIME, modules_in

LINES_IN_A_FILE = 400
LINES_IN_A_FUNCTION = 60


def size_faults(root: Path) -> Iterator[str]:
    """Yields one line for every file and function that is too long."""
    for module in modules_in(root).values():
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        if lines > LINES_IN_A_FILE:
            yield f"{module.path}: {lines} lines, {LINES_IN_A_FILE} at most"
        for node in ast.walk(module.tree):
            if isinstance(node, FUNCTIONS) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > LINES_IN_A_FUNCTION:
                    yield f"{module.path}:{node.lineno}: {node.name} has {lines} lines, {LINES_IN_A_FUNCTION} at most"


def test_files_and_functions_are_short() -> None:
    assert list(size_faults(RUNTIME)) == []


def test_a_file_is_found_one_line_past_the_limit(tmp_path: Path) -> None:
    (tmp_path / "fits.py").write_text("x = 1\n" * LINES_IN_A_FILE)
    assert list(size_faults(tmp_path)) == []
    (tmp_path / "long.py").write_text("x = 1\n" * (LINES_IN_A_FILE + 1))
    assert [fault.split(": ")[1] for fault in size_faults(tmp_path)] == ["401 lines, 400 at most"]


def test_a_function_is_found_one_line_past_the_limit(tmp_path: Path) -> None:
    (tmp_path / "fits.py").write_text("def fits():\n" + "    x = 1\n" * (LINES_IN_A_FUNCTION - 1))
    assert list(size_faults(tmp_path)) == []
    (tmp_path / "long.py").write_text("class A:\n    async def long(self):\n" + "        x = 1\n" * LINES_IN_A_FUNCTION)
    assert [fault.split(": ")[1] for fault in size_faults(tmp_path)] == ["long has 61 lines, 60 at most"]
