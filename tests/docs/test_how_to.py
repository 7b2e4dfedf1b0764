"""`docs/how-to/`: every recipe goes on from `docs/start.md` and prints what it shows."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.walk import Shell, Started, blocks_of, shell_in, walk
from tests.house.source import ROOT, RUNTIME

HOW_TO = ROOT / "docs" / "how-to"
WITH_A_SERVER = (
    "history.md",
    "validate-records.md",
    "idempotency-and-batches.md",
    "hide-a-field.md",
    "export.md",
    "import.md",
    "share-a-record.md",
    "own-records-only.md",
    "roles-and-business-units.md",
    "use-api-keys.md",
    "send-mail.md",
    "sign-up-and-passwords.md",
    "a-second-dialect.md",
    "rotate-the-secret.md",
    "test-permissions.md",
    "sessions.md",
    "verify-an-app.md",
    "why-may-i-not.md",
    "summaries-and-numbers.md",
    "organizations.md",
    "two-factor.md",
    "sign-in-with-oidc.md",
    "device-sign-in.md",
    "trigger-flows.md",
    "compute-a-field.md",
    "when-somebody-leaves.md",
    "search.md",
    "declare-an-action.md",
    "declare-a-hook.md",
    "limit-requests.md",
    "declare-a-flow.md",
    "run-flows.md",
    "views-and-apps.md",
    "backup.md",
    "migrate.md",
    "compare-versions.md",
    "reload.md",
    "change-a-running-app.md",
    "operate.md",
)


@pytest.fixture
def shell(start: Started, tmp_path: Path) -> Iterator[Shell]:
    """A shell in a copy of what is there at the end of Start, a minute later: what Start asked counts against no limit."""
    folder = tmp_path / "visits"
    shutil.copytree(start.folder, folder)
    with closing(sqlite3.connect(folder / "apps" / "visits" / "data" / "app.db")) as connection, connection:
        connection.execute("DELETE FROM sys_rate")
    with shell_in(folder) as shell:
        shell.run(start.commands)
        yield shell


@pytest.mark.parametrize("name", WITH_A_SERVER)
def test_a_recipe_does_what_it_says(shell: Shell, name: str) -> None:
    walk(shell, HOW_TO / name)


def test_an_app_moves_to_postgresql(shell: Shell, postgres_url: str) -> None:
    walk(shell, HOW_TO / "postgresql.md", {"postgresql://postgres@127.0.0.1:5432/visits": postgres_url})


def test_a_field_type_is_added(tmp_path: Path) -> None:
    module, change = (block for block in blocks_of((HOW_TO / "add-a-field-type.md").read_text()) if block.note)
    shutil.copytree(RUNTIME, tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "metadata", tmp_path / "metadata")
    (tmp_path / module.note).write_text(module.text, encoding="utf-8")
    table = tmp_path / change.note
    table.write_text(_applied(change.text, table.read_text(encoding="utf-8")), encoding="utf-8")
    (tmp_path / "package.yaml").write_text("name: paint\n", encoding="utf-8")
    (tmp_path / "can.object.yaml").write_text(
        "name: can\nfields: {tint: {type: colour, defaultValue: '#1E90FF'}, wrong: {type: colour, defaultValue: blue}}\n",
        encoding="utf-8",
    )
    with shell_in(tmp_path, PYTHONPATH=str(tmp_path / "runtime")) as shell:
        _, printed = shell.run("fieldstone check can.object.yaml")
    assert "2:93 FIELD_OPTION The default is a colour such as `#1e90ff`." in printed
    assert "1 fault in 1 file" in printed


def test_every_recipe_is_tested() -> None:
    tested = {*WITH_A_SERVER, "postgresql.md", "add-a-field-type.md"}
    assert {path.name for path in HOW_TO.glob("*")} == tested


def _applied(change: str, text: str) -> str:
    """Returns a text with every run of `-` lines replaced by the `+` lines behind it."""
    gone: list[str] = []
    come: list[str] = []
    for line in [*change.splitlines(), "-"]:
        if line.startswith("-") and come:
            old, new = "\n".join(gone), "\n".join(come)
            assert text.count(f"{old}\n") == 1
            text = text.replace(f"{old}\n", f"{new}\n")
            gone, come = [], []
        (gone if line.startswith("-") else come).append(line[1:])
    return text
