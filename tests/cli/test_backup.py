"""`fieldstone backup` and `fieldstone restore` refuse what would lose something, and leave what is there as it was."""

import asyncio
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fieldstone.cli import main
from tests.cli.run import Run
from tests.databases import PostgresServer, sqlite_address
from tests.faults.look import rows_of
from tests.identity.house import write_app

SETTINGS = ("ENV", "DATABASE_URL", "FLOWS_DATABASE_URL", "SECRET", "SECRET_OLD")
Command = Callable[..., Run]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app, its database, in which something is kept, and a file of the engine of flows."""
    folder = tmp_path_factory.mktemp("made")
    write_app(folder / "small")
    with pytest.MonkeyPatch.context() as patch, suppress(SystemExit):
        patch.setenv("FIELDSTONE_DATABASE_URL", sqlite_address(folder / "app.db"))
        main(["user", "create", str(folder / "small"), "ann@example.org", "--password", "a good password"])
    keep(folder / "app.db", "then")
    keep(folder / "app.flows.db", "then")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, in which commands run."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    for name in SETTINGS:
        monkeypatch.delenv(f"FIELDSTONE_{name}", raising=False)
    monkeypatch.setenv("FIELDSTONE_DATABASE_URL", sqlite_address(tmp_path / "app.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def saved(place: Path, run: Command) -> Path:
    """A folder with a backup, after which something else was kept."""
    assert run("backup", "small", "--out", "a.zip").code == 0
    for name in ("app.db", "app.flows.db"):
        keep(place / name, "now")
    return place


def keep(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text TEXT)")
        connection.execute(f"INSERT INTO kept VALUES ('{text}')")


def kept(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM kept")]


def rewritten(file: Path, **changes: Any) -> None:
    """Changes what the manifest of a backup says."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json")) | changes
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest))


def test_a_restore_brings_back_what_was_there_and_no_more(saved: Path, run: Command) -> None:
    ran = run("restore", "small", "a.zip", "--replace")
    assert (ran.code, ran.error) == (0, "")
    assert kept(saved / "app.db") == kept(saved / "app.flows.db") == ["then"]
    assert (saved / "a.zip").stat().st_mode & 0o077 == 0
    assert not list(saved.glob(".*"))


def test_what_the_engine_of_flows_has_come_to_since_goes_where_the_backup_has_nothing_of_it(
    place: Path, run: Command
) -> None:
    (place / "app.flows.db").unlink()
    run("backup", "small", "--out", "a.zip")
    keep(place / "app.flows.db", "now")
    assert run("restore", "small", "a.zip", "--replace").code == 0
    assert not (place / "app.flows.db").exists()


def test_what_is_there_is_replaced_only_when_that_is_said(saved: Path, run: Command) -> None:
    assert "--replace" in run("restore", "small", "a.zip").error
    assert "there already" in run("backup", "small", "--out", "a.zip").error
    assert kept(saved / "app.db") == ["then", "now"]


def test_a_file_that_somebody_has_open_is_left_alone(saved: Path, run: Command) -> None:
    with closing(sqlite3.connect(saved / "app.db")) as connection:
        connection.execute("SELECT * FROM kept").fetchall()
        ran = run("restore", "small", "a.zip", "--replace")
    assert ran.code == 1
    assert "in use" in ran.error
    assert kept(saved / "app.db") == ["then", "now"]


def test_the_database_that_is_damaged_gives_way(saved: Path, run: Command) -> None:
    (saved / "app.db").write_bytes(b"no database at all" * 1000)
    assert "cannot be" in run("backup", "small", "--out", "b.zip").error
    assert run("restore", "small", "a.zip", "--replace").code == 0
    assert kept(saved / "app.db") == ["then"]


def test_another_secret_is_told_and_the_one_before_is_enough(
    saved: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = saved / "small/.fieldstone/secret"
    then = secret.read_text()
    secret.unlink()
    assert "FIELDSTONE_SECRET" in run("restore", "small", "a.zip", "--replace").error
    monkeypatch.setenv("FIELDSTONE_SECRET", "another one")
    assert "--without-secret" in run("restore", "small", "a.zip", "--replace").error
    assert kept(saved / "app.db") == ["then", "now"]
    assert run("restore", "small", "a.zip", "--replace", "--without-secret").code == 0
    monkeypatch.setenv("FIELDSTONE_SECRET_OLD", then)
    assert run("restore", "small", "a.zip", "--replace").code == 0
    assert then not in (saved / "a.zip").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"app": "large"}, "of the app `large`"),
        ({"format": 2}, "of the format 2"),
        ({"members": {}}, "no backup"),
        ({"more": 1}, "no backup"),
        ({"members": {"records": {"database": "postgresql", "version": "18", "bytes": 1, "sha256": ""}}}, "postgresql"),
        ({"members": {"records": {"database": "sqlite", "version": "3", "bytes": 1, "sha256": ""}}}, "damaged"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(saved: Path, run: Command, changes: dict[str, Any], told: str) -> None:
    rewritten(saved / "a.zip", **changes)
    ran = run("restore", "small", "a.zip", "--replace")
    assert ran.code == 1
    assert told in ran.error
    assert kept(saved / "app.db") == kept(saved / "app.flows.db") == ["then", "now"]
    assert not list(saved.glob(".restore-*"))


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_file_that_is_cut_off_or_changed_is_refused(saved: Path, run: Command, part: float) -> None:
    content = (saved / "a.zip").read_bytes()
    place = int(len(content) * part)
    (saved / "cut.zip").write_bytes(content[:place])
    (saved / "changed.zip").write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
    for name in ("cut.zip", "changed.zip"):
        assert run("restore", "small", name, "--replace").code == 1
    assert kept(saved / "app.db") == ["then", "now"]


def test_without_a_database_there_is_nothing_to_back_up(place: Path, run: Command) -> None:
    (place / "app.db").unlink()
    ran = run("backup", "small", "--out", "a.zip")
    assert (ran.code, (place / "a.zip").exists()) == (1, False)
    assert "nothing to back up" in ran.error


async def test_postgresql_is_copied_by_its_own_programs_and_put_back_where_nobody_is_connected(
    place: Path, run: Command, postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say(*arguments: str) -> Run:
        return await asyncio.to_thread(run, *arguments)

    monkeypatch.setenv("FIELDSTONE_DATABASE_URL", postgres_url)
    assert (await say("user", "create", "small", "ann@example.org", "--password", "a good password")).code == 0
    monkeypatch.setenv("PATH", str(place))
    ran = await say("backup", "small", "--out", "a.zip")
    assert ran.error.startswith("`pg_dump` is not there.\n")
    assert not (place / "a.zip").exists()
    monkeypatch.setenv("PATH", str(postgres.programs))
    assert (await say("backup", "small", "--out", "a.zip")).code == 0
    assert (await say("user", "create", "small", "tom@example.org", "--password", "a good password")).code == 0
    connection = await asyncpg.connect(postgres_url)
    assert "in use" in (await say("restore", "small", "a.zip", "--replace")).error
    assert await connection.fetchval("SELECT count(*) FROM sys_user") == 2
    await connection.close()
    assert (await say("restore", "small", "a.zip", "--replace")).code == 0
    assert await rows_of(postgres_url, "SELECT email FROM sys_user") == [("ann@example.org",)]
    name = postgres_url.rpartition("/")[2]
    left = await rows_of(postgres_url, f"SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_%'")
    assert left == []
