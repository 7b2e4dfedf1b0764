"""`fieldstone import`: a file becomes records as the named user, in portions, once under a key, with every failed row told."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Run

FILES = {
    "app.yaml": "name: round\npackages: [./visits]\n",
    "visits/package.yaml": "name: visits\nversion: 1.0.0\n",
    "visits/objects/visit.object.yaml": (
        "name: visit\nlabel: Visit\npluralLabel: Visits\nownership: none\nfields:\n"
        "  customer: {type: text, required: true}\n  hours: {type: number, scale: 2}\n  note: {type: text}\n"
    ),
    "visits/permissions/caller.permission.yaml": (
        "name: caller\nlabel: Caller\nobjects:\n  visit: {allowRead: true, allowCreate: true, allowEdit: true}\n"
        "fields:\n  visit.note: {readable: false}\n"
    ),
}


REFUSED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("a.csv", "customer,note\nA,x\n", (), "No field `note` on `visit`."),
    ("a.csv", "customer\nA\nB\nC\n", ("--atomic",), "An import of all rows or none takes at most 2 rows."),
    ("a.json", '{"customer": "A"}', (), "a.json is not a list of objects."),
    ("a.json", "nothing", (), "a.json is not JSON"),
    ("a.xlsx", "nothing", (), "The file is not an xlsx file"),
    ("a.csv", "customer\nA\n", ("--mapping", "a.csv"), "a.csv is not JSON"),
    ("a.csv", "customer\nA\n", ("--mapping", "none.json"), "none.json cannot be read"),
)
"""Files with what is said of them, and what they are refused with."""


@pytest.fixture
def visits(run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Runs a command about the visits of an app, as ann, who may not know of notes; two rows go in one portion."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("FIELDSTONE_ENV", "FIELDSTONE_ADMIN_EMAIL", "FIELDSTONE_ADMIN_PASSWORD", "FIELDSTONE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIELDSTONE_LIMIT_IMPORT_ROWS", "2")
    monkeypatch.chdir(tmp_path)
    made = run("user", "create", ".", "ann@x.example", "--password", "a good password", "--permission-set", "caller")
    assert made.code == 0, made.error
    return lambda command, *more: run(command, ".", "visit", *more, "--as", "ann@x.example")


def listed(visits: Callable[..., Run]) -> list[tuple[str, float | None]]:
    """Returns the visits that there are."""
    answer = json.loads(visits("query", "--json", "--order-by", "customer,hours", "--select", "customer,hours").out)
    return [(item["customer"], item["hours"]) for item in answer["items"]]


def test_a_file_goes_in_by_portions_and_failed_rows_come_back(visits: Callable[..., Run]) -> None:
    Path("visits.csv").write_bytes("Customer;hours\nBäcker;1,5\n;2\nC\x1bD;x\nE;\nF;3\n".encode("cp1252"))
    dry = visits("import", "visits.csv", "--dry-run")
    assert (dry.code, dry.error.strip()) == (1, "Would import 3 of 5 rows: 3 created, 2 failed.")
    assert listed(visits) == []
    ran = visits("import", "visits.csv", "--errors", "errors.csv")
    assert (ran.code, ran.error.strip()) == (1, "Imported 3 of 5 rows: 3 created, 2 failed.")
    assert "Customer is required" in ran.out
    assert "\x1b" not in ran.out
    assert listed(visits) == [("Bäcker", 1.5), ("E", None), ("F", 3)]
    rows = list(csv.reader(Path("errors.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["Customer", "hours", *(f"import {name}" for name in ("row", "field", "code", "error", "hint"))]
    assert [row[:5] for row in rows[1:]] == [
        ["", "2", "2", "customer", "required"],
        ["C\x1bD", "x", "3", "hours", "invalid_number"],
    ]


def test_a_key_goes_on_where_an_import_was_interrupted(visits: Callable[..., Run]) -> None:
    lines = ["customer", *(f"K{number}" for number in range(5))]
    Path("part.csv").write_text("\n".join(lines[:3]), encoding="utf-8")
    Path("whole.csv").write_text("\n".join(lines), encoding="utf-8")
    assert visits("import", "part.csv", "--key", "spring").code == 0
    for _ in range(2):
        again = visits("import", "whole.csv", "--key", "spring")
        assert again.error.strip() == "Imported 5 of 5 rows: 5 created."
    assert [name for name, _ in listed(visits)] == lines[1:]


def test_rows_are_mapped_matched_and_changed(visits: Callable[..., Run]) -> None:
    Path("rows.json").write_text('[{"Kunde": "A", "h": 1}, {"Kunde": "B", "h": "NA"}]', encoding="utf-8")
    Path("mapping.json").write_text('{"Kunde": "customer", "h": "hours"}', encoding="utf-8")
    common = ("import", "rows.json", "--mapping", "mapping.json", "--null", "NA")
    assert visits(*common).code == 0
    Path("rows.json").write_text('[{"Kunde": "A", "h": 2, "x": 1}, {"Kunde": "C", "h": 3}]', encoding="utf-8")
    ran = visits(*common, "--mode", "upsert", "--match", "customer")
    assert ran.error.splitlines() == ["Left out: `x`.", "Imported 2 of 2 rows: 1 created, 1 updated."]
    assert listed(visits) == [("A", 2), ("B", None), ("C", 3)]


def test_what_cannot_be_imported_is_refused_as_a_whole(visits: Callable[..., Run]) -> None:
    for name, content, more, message in REFUSED:
        Path(name).write_text(content, encoding="utf-8")
        ran = visits("import", name, *more)
        assert (ran.code, ran.out) == (1, "")
        assert message in ran.error
    assert listed(visits) == []
