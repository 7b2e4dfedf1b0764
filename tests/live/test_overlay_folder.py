"""The folder `overlay/`: written from a database byte for byte alike, begun with in a new one, brought in by one command."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.cli import build_app
from fieldstone.errors import DeclarationError, DestructiveChange
from tests.live.living import ADMIN, PASSWORD, SECRET, Files, living

NOTE = "/meta/object/note"
FOLDER_TEXT = """\
label: Remark
fields:
  size:
    type: number
  title:
    description: |
      What it is about,
      in a few words.
"""
VIEW_TEXT = "name: all\nobject: note\ncolumns:\n  - title\n"


class App:
    """An app with a database of its own, and the command line."""

    def __init__(self, folder: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.files = Files(folder)
        self.address = address
        self._capsys = capsys

    def write(self, name: str, text: str) -> None:
        """Writes a file of the folder."""
        path = self.files.folder / "overlay" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def overlays(self) -> dict[str, str]:
        """Returns the files of the folder."""
        return {path.name: path.read_text() for path in (self.files.folder / "overlay").iterdir()}

    def run(self, *arguments: str) -> str:
        """Runs `fieldstone overlay` on the app, and returns what it said."""
        command, *rest = arguments
        build_app()(["overlay", command, str(self.files.folder), *rest], result_action="return_value")
        return self._capsys.readouterr().out


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> App:
    settings = {
        "DATABASE_URL": sqlite_url,
        "SECRET": SECRET,
        "ADMIN_EMAIL": ADMIN,
        "ADMIN_PASSWORD": PASSWORD,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"FIELDSTONE_{name}", value)
    return App(tmp_path / "app", sqlite_url, capsys)


def test_a_new_database_begins_with_the_folder_and_what_is_written_from_it_is_the_same(
    app: App, tmp_path: Path
) -> None:
    app.write("note.object.yaml", FOLDER_TEXT)
    app.write("note.all.view.yaml", VIEW_TEXT)
    before = app.overlays()
    assert app.run("list").splitlines() == [
        "object note (version 1): the same in both",
        "view note.all (version 1): the same in both",
    ]
    assert "Wrote 2 overlays" in app.run("export")
    assert app.overlays() == before


def test_what_differs_is_listed_and_brought_in_together_by_one_command(app: App) -> None:
    assert app.run("list") == "There are no overlays.\n"
    app.write("note.object.yaml", FOLDER_TEXT)
    app.write("note.all.view.yaml", VIEW_TEXT + "  - size\n")
    assert "object note: in the folder alone" in app.run("list")
    assert app.run("import").splitlines() == [
        "create object note (version 1)",
        "create view note.all (version 1)",
        "Changed 2 overlays.",
    ]
    assert app.run("import") == "The database says what the folder says.\n"
    app.write("note.object.yaml", FOLDER_TEXT.replace("Remark", "Hint"))
    assert "object note (version 1): others in the folder" in app.run("list")
    assert "update object note (version 2)" in app.run("import")


def test_what_does_not_compile_or_would_lose_values_is_not_brought_in(app: App) -> None:
    app.write("note.object.yaml", FOLDER_TEXT)
    app.run("import")
    app.write("note.object.yaml", "labell: Remark\n")
    with pytest.raises(DeclarationError, match="overlay of object note: labell UNKNOWN_KEY"):
        app.run("import")
    app.write("note.object.yaml", "label: Remark\n")
    with pytest.raises(DestructiveChange, match="The field `size` goes"):
        app.run("import")
    assert "version 2" in app.run("import", "--force")


def test_check_compiles_the_folder_on_top(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    app.write("note.object.yaml", "labell: Remark\n")
    with pytest.raises(SystemExit):
        build_app()(["check", str(app.files.folder)])
    assert "overlay of object note: labell UNKNOWN_KEY" in capsys.readouterr().out


async def test_a_folder_that_says_something_else_is_told_in_the_log_and_changes_nothing(app: App) -> None:
    async with living(app.files.folder, app.address) as live:
        assert live.runtime.catalog.overlays == ()
    app.write("note.object.yaml", FOLDER_TEXT)
    async with living(app.files.folder, app.address) as live:
        told = [line["overlays"] for line in live.log if line["event"] == "overlay_folder_differs"]
        assert told == [["object note"]]
        assert live.runtime.catalog.objects["note"].label == "Note 0"


async def test_an_overlay_that_no_longer_fits_is_set_aside_told_by_ready_and_can_be_taken_away(app: App) -> None:
    app.write("gone.object.yaml", "name: gone\nfields:\n  note:\n    type: lookup\n    reference: note\n")
    app.write("note.object.yaml", "fields:\n  mark_0:\n    label: Mark\n")
    async with living(app.files.folder, app.address) as live:
        assert (await live.client.get("/ready")).json() == {"status": "ready"}
        app.files.write("note.object", "name: remark\n")
        (app.files.folder / "notes" / "note.object.yaml").rename(app.files.folder / "notes" / "remark.object.yaml")
        app.files.write("remark.object", "name: remark\nfields: {title: {type: text}}\n")
        await live.runtime.generations.reload()
        assert (await live.client.get("/ready")).json() == {"status": "ready", "overlaysSetAside": 2}
        told = [(line["type"], line["name"]) for line in live.log if line["event"] == "overlay_set_aside"]
        assert set(told) == {("object", "gone"), ("object", "note")}
        assert "object note (version 1): the same in both, set aside" in await asyncio.to_thread(app.run, "list")
        removed = await live.ask("DELETE", f"{NOTE}?force=true")
        assert removed.json() == {"type": "object", "name": "note", "deleted": True, "reset": False, "version": 2}
        assert (await live.client.get("/ready")).json()["overlaysSetAside"] == 1
