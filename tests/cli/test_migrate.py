"""`fieldstone migrate` tells and does, and ends as a pipeline needs it."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.run import run_command

APP = "name: small\npackages: [./shop]\nsurfaces: {apis: []}\n"
OBJECT = "name: thing\nownership: none\ntenancy: none\nfields: {{size: {{type: {kind}}}}}\n"


def declare(folder: Path, kind: str) -> None:
    objects = folder / "shop" / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    (folder / "app.yaml").write_text(APP)
    (folder / "shop" / "package.yaml").write_text("name: shop\n")
    (objects / "thing.object.yaml").write_text(OBJECT.format(kind=kind))


def test_it_ends_with_two_for_what_is_pending_one_for_what_is_refused_and_nought_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.db"
    monkeypatch.setenv("FIELDSTONE_DATABASE_URL", f"sqlite:///{file}")
    declare(tmp_path, "text")
    assert run_command(("migrate", str(tmp_path)), capsys).code == 2
    done = run_command(("migrate", str(tmp_path), "--apply"), capsys)
    assert (done.code, done.out.splitlines()[-1][:5]) == (0, "Done:")
    with sqlite3.connect(file) as connection:
        connection.execute(
            "INSERT INTO thing (id, created_at, updated_at, version, size) VALUES ('a', '', '', 1, 'big')"
        )
    connection.close()
    declare(tmp_path, "number")
    plan = run_command(("migrate", str(tmp_path), "--json"), capsys)
    (thing,) = json.loads(plan.out)["objects"]
    (step,) = thing["steps"]
    assert (plan.code, step["action"], step["lost"]) == (2, "convert field", {"records": 1, "ids": ["a"]})
    refused = run_command(("migrate", str(tmp_path), "--apply"), capsys)
    assert (refused.code, refused.out.splitlines()[-1][:52]) == (
        1,
        "Refused, for it loses something. Nothing was changed",
    )
    misspelt = run_command(("migrate", str(tmp_path), "--apply", "--allow-destructive", "thing.sise"), capsys)
    assert (misspelt.code, "Did you mean `thing.size`?" in misspelt.error) == (1, True)
    allowed = run_command(("migrate", str(tmp_path), "--apply", "--allow-destructive", "thing.size"), capsys)
    assert (allowed.code, "lost for good, as allowed" in allowed.out.lower()) == (0, True)
    assert run_command(("migrate", str(tmp_path)), capsys).out.startswith("Nothing to do")
