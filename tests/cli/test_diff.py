"""`fieldstone diff`: what a person and a program get to see of two versions, and how it ends."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.cli.test_test import NOTES

Command = Callable[..., Run]

SHOWN = """\
Data that is lost, or can no longer be reached (1)
  object note               `note.price`: what it holds can no longer be reached.

Breaks clients (1)
  object note               `note.price`: the field is gone.

Takes rights away (1)
  permission writer         `writer` may no longer change `note`.

Is new, or freer than it was (1)
  object note               `note.day`: the field is new.

4 differences, 3 of them break something.
"""


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A folder with a package in two versions; the later has neither a price nor whoever writes notes."""
    for version in ("old", "new"):
        write(tmp_path / version / "notes", NOTES)
    new = tmp_path / "new" / "notes"
    (new / "note.object.yaml").write_text("name: note\nfields: {title: {type: text}, day: {type: date}}\n")
    (new / "writer.permission.yaml").write_text("name: writer\nobjects: {note: {allowRead: true}}\n")
    (new / "notes.policy_test.yaml").unlink()
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_what_differs_is_told_by_how_much_it_matters(versions: Path, run: Command) -> None:
    ran = run("diff", str(versions / "old/notes"), str(versions / "new/notes"), "--no-tests")
    assert (ran.code, ran.out, ran.error) == (2, SHOWN, "")


def test_a_version_differs_in_nothing_from_itself(versions: Path, run: Command) -> None:
    folder = str(versions / "old/notes")
    assert (run("diff", folder, folder, "--no-tests")) == Run(0, "Nothing differs.\n", "")


def test_what_is_only_new_ends_well(versions: Path, run: Command) -> None:
    old, new = versions / "old/notes", versions / "new/notes"
    shutil.copy(old / "writer.permission.yaml", new)
    (new / "note.object.yaml").write_text(
        "name: note\nfields: {title: {type: text}, price: {type: number}, day: {type: date}}\n"
    )
    ran = run("diff", str(old), str(new), "--no-tests", "--json")
    assert ran.code == 0
    assert json.loads(ran.out) == [
        {"severity": "added", "subject": "object note", "told": "`note.day`: the field is new."}
    ]


def test_a_version_with_faults_ends_with_one(versions: Path, run: Command) -> None:
    (versions / "new/notes/note.object.yaml").write_text("name: note\nfields: {title: {type: txt}}\n")
    ran = run("diff", str(versions / "old/notes"), str(versions / "new/notes"))
    assert ran.code == 1
    assert "UNKNOWN_FIELD_TYPE" in ran.error


def test_sentences_of_policy_tests_that_hold_no_longer_are_told(versions: Path, run: Command) -> None:
    old, new = versions / "old/notes", versions / "new/notes"
    shutil.rmtree(new)
    shutil.copytree(old, new)
    text = (new / "writer.permission.yaml").read_text()
    (new / "writer.permission.yaml").write_text(text.replace("fields: {note.price: {readable: false}}", ""))
    ran = run("diff", str(old), str(new), "--json")
    assert ran.code == 2
    told = [(found["severity"], found["told"]) for found in json.loads(ran.out)]
    assert ("closed", "notes: cannot tom reads note.price: holds no longer.") in told
    assert ("opened", "`writer` may now read `note.price`.") in told


def test_a_folder_is_compared_with_what_it_was_at_a_revision(versions: Path, run: Command) -> None:
    def git(*arguments: str) -> None:
        name = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
        subprocess.run(["git", "-C", str(versions), *name, *arguments], check=True, capture_output=True)

    folder = versions / "old/notes"
    git("init", "--quiet")
    git("add", "old")
    git("commit", "--quiet", "--message", "Keep notes")
    for file in (versions / "new/notes").iterdir():
        shutil.copy(file, folder)
    (folder / "notes.policy_test.yaml").unlink()
    ran = run("diff", str(folder), "--git", "HEAD", "--no-tests")
    assert (ran.code, ran.out) == (2, SHOWN)
    assert "revision" in run("diff", str(folder), "--git=--upload-pack=x").error
    assert run("diff", str(versions / "new/notes"), "--git", "HEAD").code == 1
    assert run("diff", str(folder)).code == 1


def test_a_folder_that_no_git_keeps_is_told(versions: Path, run: Command) -> None:
    assert run("diff", str(versions / "old/notes"), "--git", "HEAD").code == 1
