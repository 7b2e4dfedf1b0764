"""What no file of the project may hold: a registry's host, a path of somebody's machine, and marks of unfinished work."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, tracked_files

# Written with brackets, so that this file does not find itself.
HOST = r"https?://[a-z.]*(py[p]i|npm[j]s|debi[a]n|python[h]osted|crate[s]\.io)"
MACHINE_PATH = r"(?<![a-zA-Z0-9_.])/(wor[k]|roo[t]|far[m]|hom[e])/"
UNFINISHED = (
    r"\b(TO[D]O|FIX[M]E|XX[X]|Not[I]mplementedError)\b|pytest\.(ski[p]|mark\.(ski[p]|xfai[l]))|type: [i]gnore|no[q]a\b"
)
EVERYWHERE = re.compile(f"{HOST}|{MACHINE_PATH}", re.IGNORECASE)
IN_CODE = re.compile(UNFINISHED)


def text_faults(files: Iterable[Path]) -> Iterator[str]:
    """Yields one line for every place that names a host or a machine's path, or is marked as unfinished."""
    for path in files:
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if EVERYWHERE.search(line) or (path.suffix == ".py" and IN_CODE.search(line)):
                yield f"{path}:{number}: {line.strip()[:100]}"


def test_no_file_names_a_registry_or_a_machine_and_none_is_unfinished() -> None:
    assert list(text_faults(tracked_files(ROOT))) == []


@pytest.mark.parametrize(
    "line",
    [
        "index = 'https://" + "pypi.org/simple'",
        "see https://" + "registry.npmjs.org",
        "cd /wor" + "k/main",
        'path = "/hom' + 'e/tom/x"',
        "# TO" + "DO: later",
        "x = 1  # no" + "qa: E501",
        "@pytest.mark.ski" + "p",
        "raise Not" + "ImplementedError",
    ],
)
def test_such_a_line_is_found(tmp_path: Path, line: str) -> None:
    path = tmp_path / "some.py"
    path.write_text(f"fine = 1\n{line}\n", encoding="utf-8")
    assert [fault.split(":")[1] for fault in text_faults([path])] == ["2"]


@pytest.mark.parametrize("line", ["url = 'https://example.org/workbench'", "GET /api/v1/data/work/1", "skipped = 1"])
def test_a_plain_line_is_let_through(tmp_path: Path, line: str) -> None:
    path = tmp_path / "some.py"
    path.write_text(f"{line}\n", encoding="utf-8")
    assert list(text_faults([path])) == []
