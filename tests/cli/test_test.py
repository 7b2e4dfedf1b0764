"""`fieldstone test`: what holds, what does not, and which rules no test misses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldstone.registry.layout import checkout
from tests.cli.run import Run

NOTES = {
    "package.yaml": "name: notes\n",
    "note.object.yaml": "name: note\nfields: {title: {type: text}, price: {type: number}}\n",
    "writer.permission.yaml": """\
name: writer
objects: {note: {allowRead: true, allowEdit: true}}
fields: {note.price: {readable: false}}
""",
    "overseer.permission.yaml": "name: overseer\nobjects: {note: {allowEdit: true, modifyAllRecords: true}}\n",
    "notes.policy_test.yaml": """\
name: notes
users: {tom: [writer], eva: [overseer]}
rows: {a: {object: note, owner: tom, title: a title, price: 7123456}}
can: [tom reads a, eva updates a, eva reads note.price]
cannot: [tom reads note.price]
""",
}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The folder of a small package with a policy test."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def said(folder: Path, old: str, new: str) -> None:
    path = folder / "notes.policy_test.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_desk_keeps_what_its_test_says_and_needs_each_of_its_rules(run: Callable[..., Run]) -> None:
    root = checkout()
    assert root is not None
    done = run("test", str(root / "packages" / "desk"))
    assert (done.code, done.out.splitlines()[-1].split(" rules ")[1]) == (0, "is missed when it is taken away.")


def test_a_rule_that_no_test_misses_is_told_with_its_place(notes: Path, run: Callable[..., Run]) -> None:
    done = run("test", str(notes))
    lines = done.out.splitlines()
    assert done.code == 1
    assert lines[0].endswith("all hold.")
    assert [line.partition("notes/")[2] for line in lines if ".yaml:" in line] == [
        "writer.permission.yaml:2:46 writer: note: allowEdit: true"
    ]
    assert lines[-2:] == [
        "1 of 5 rules can be taken away and no test misses them.",
        "Say in a sentence what each is there for, or drop it.",
    ]


def test_a_rule_is_missed_once_a_sentence_says_what_it_is_there_for(notes: Path, run: Callable[..., Run]) -> None:
    said(notes, "can: [", "can: [tom updates a, ")
    done = run("test", str(notes))
    assert (done.code, done.out.splitlines()[-1]) == (0, "Each of 5 rules is missed when it is taken away.")


def test_a_sentence_that_does_not_hold_is_told_with_the_roads_that_tell_so(
    notes: Path, run: Callable[..., Run]
) -> None:
    said(notes, "cannot: [", "cannot: [eva reads a, ")
    done = run("test", str(notes))
    assert done.code == 1
    assert "notes.policy_test.yaml: cannot eva reads a" in done.out
    assert any(line.startswith("    GET /api/v1/data/{object} listed: ") for line in done.out.splitlines())
    assert "rules" not in done.out


def test_one_test_is_run_without_taking_rules_away(notes: Path, run: Callable[..., Run]) -> None:
    done = run("test", str(notes), "--only", "notes")
    assert (done.code, len(done.out.splitlines())) == (0, 1)
    assert "Did you mean `notes`?" in run("test", str(notes), "--only", "note").error


def test_a_row_that_cannot_be_made_is_told_with_its_place(notes: Path, run: Callable[..., Run]) -> None:
    said(notes, "price: 7123456", "price: seven")
    done = run("test", str(notes))
    assert done.code == 1
    assert "notes.policy_test.yaml:3:11 POLICY_TEST The row `a` cannot be made: " in done.error


def test_a_package_without_a_test_is_told_how_to_write_one(notes: Path, run: Callable[..., Run]) -> None:
    (notes / "notes.policy_test.yaml").unlink()
    done = run("test", str(notes))
    assert done.code == 1
    assert "There is no policy test here." in done.error
