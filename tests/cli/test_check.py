"""`fieldstone check`: what a person and a program get to see, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldstone.registry.layout import checkout
from tests.cli.run import Run
from tests.registry.declared import write

FAULTY = {
    "apps/shop/app.yaml": "name: shop\npackages: [shop]\n",
    "packages/shop/package.yaml": "name: shop\n",
    "packages/shop/product.object.yaml": """\
        name: product
        fields:
          title: {type: text, requird: true}
          "preis €": {type: curency}
        """,
    "packages/shop/seller.permission.yaml": """\
        name: seller
        objects: {produkt: {allowRead: true}}
        rowLevelSecurity:
          - name: long
            object: sys_user
            using: |
              email == "x" &&
              \tnam == "y"
        """,
}

SHOWN = """\
packages/shop/product.object.yaml:3:23 UNKNOWN_KEY `requird` is not a key of a field of type `text`.
  |
3 |   title: {type: text, requird: true}
  |                       ^^^^^^^
  = Did you mean `required`?

packages/shop/product.object.yaml:4:3 WRONG_VALUE `preis €` is not acceptable here.
  |
4 |   "preis €": {type: curency}
  |   ^^^^^^^^^
  = A name is made of lower-case letters, digits and `_`, and does not begin with a digit.

packages/shop/product.object.yaml:4:21 UNKNOWN_FIELD_TYPE There is no field type `curency`.
  |
4 |   "preis €": {type: curency}
  |                     ^^^^^^^
  = Did you mean `currency`?

packages/shop/seller.permission.yaml:8:8 EXPRESSION There is no `nam` here.
  |
8 |        nam == "y"
  |        ^^^
  = Did you mean `name`?

4 faults in 2 files
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with an app that has faults in it."""
    write(tmp_path, FAULTY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_fault_is_shown_with_its_line_and_a_caret_and_counted(shop: Path, run: Callable[..., Run]) -> None:
    (shop / "packages/shop/seller.permission.yaml").write_text(
        (shop / "packages/shop/seller.permission.yaml")
        .read_text()
        .replace("objects: {produkt: {allowRead: true}}\n", "label: Seller\n")
    )
    done = run("check", "apps/shop")
    assert (done.code, done.out) == (1, SHOWN)


def test_a_program_gets_a_list(shop: Path, run: Callable[..., Run]) -> None:
    done = run("check", "packages/shop", "--format", "json")
    faults = json.loads(done.out)
    assert done.code == 1
    assert len(faults) == 5
    assert faults[0] == {
        "file": "packages/shop/product.object.yaml",
        "line": 3,
        "column": 23,
        "code": "UNKNOWN_KEY",
        "message": "`requird` is not a key of a field of type `text`.",
        "hint": "Did you mean `required`?",
    }


def test_one_file_is_checked_by_itself(shop: Path, run: Callable[..., Run]) -> None:
    done = run("check", "packages/shop/seller.permission.yaml", "--format", "json")
    assert {fault["file"] for fault in json.loads(done.out)} == {"packages/shop/seller.permission.yaml"}


def test_no_fault_is_said_and_ends_well(shop: Path, run: Callable[..., Run]) -> None:
    write(shop, {"packages/shop/product.object.yaml": "name: product\nfields: {}\n"})
    (shop / "packages/shop/seller.permission.yaml").unlink()
    done = run("check", "apps/shop")
    assert done.code == 0
    assert done.out.startswith("No faults: ")
    assert run("check", "apps/shop", "--format", "json").out == "[]\n"


NOTES = {
    "packages/shop/package.yaml": "name: shop\n",
    "packages/shop/note.object.yaml": """\
        name: note
        label: Note
        fields:
          title: {type: text, label: Title}
          body: {type: text}
          state: {type: select, options: [{value: new, label: New}, {value: old, label: Old}]}
        """,
    "packages/shop/all.view.yaml": "name: all\nlabel: All\nobject: note\ncolumns: [title]\n",
    "packages/shop/german.translation.yaml": """\
        name: german
        language: de
        objects: {note: {label: Notiz, fields: {state: {options: {new: Neu}}}}}
        """,
    "packages/shop/austrian.translation.yaml": "name: austrian\nlanguage: de-at\nobjects: {note: Zettel}\n",
    "packages/shop/british.translation.yaml": "name: british\nlanguage: en-gb\nobjects: {note: Memo}\n",
}
LACKING = [
    ("packages/shop/all.view.yaml", 2, 8, "Say `views.note.all.label` in a translation."),
    ("packages/shop/note.object.yaml", 4, 30, "Say `objects.note.fields.title.label` in a translation."),
    ("packages/shop/note.object.yaml", 6, 81, "Say `objects.note.fields.state.options.old.label` in a translation."),
]


def test_texts_that_a_language_lacks_are_faults_where_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Run]
) -> None:
    write(tmp_path, NOTES)
    monkeypatch.chdir(tmp_path)
    assert run("check", "packages/shop").code == 0
    done = run("check", "packages/shop", "--translations", "--format", "json")
    told = [(fault["file"], fault["line"], fault["column"], fault["hint"]) for fault in json.loads(done.out)]
    assert (done.code, told) == (1, LACKING)
    rest = "name: rest\nlanguage: de\nobjects: {note: {fields: {title: Titel, state: {options: {old: Alt}}}}}\nviews: {note.all: Alle}\n"
    write(tmp_path, {"packages/shop/rest.translation.yaml": rest})
    whole = run("check", "packages/shop", "--translations")
    assert (whole.code, whole.out.split(":")[0]) == (0, "No faults")


def test_a_surface_that_cannot_be_bound_is_a_fault(shop: Path, run: Callable[..., Run]) -> None:
    write(
        shop,
        {
            "apps/shop/app.yaml": "name: shop\npackages: [shop]\nsurfaces: {apis: [shop]}\n",
            "packages/shop/product.object.yaml": "name: product\nfields: {}\n",
            "packages/shop/shop.api.yaml": """\
                name: shop
                basePath: /shop
                auth: [{scheme: api_key_header}]
                envelope: objectos
                errors: objectos
                operations: [{id: list, method: GET, path: /products, operation: list, object: product}]
                """,
        },
    )
    (shop / "packages/shop/seller.permission.yaml").unlink()
    done = run("check", "apps/shop")
    assert done.code == 1
    assert "`api_key_header` needs a `header`" in done.out


def test_a_path_that_is_nothing_is_a_fault(shop: Path, run: Callable[..., Run]) -> None:
    done = run("check", "nothing")
    assert done.code == 1
    assert "nothing:1:1 FILE_UNREADABLE" in done.out


def test_what_this_checkout_holds_has_no_fault(run: Callable[..., Run]) -> None:
    root = checkout()
    assert root is not None
    paths = [path.parent for name in ("app.yaml", "package.yaml") for path in sorted(root.glob(f"*/*/{name}"))]
    assert {path.name for path in paths} >= {"demo", "desk", "flights"}
    for path in [*paths, root / "metadata"]:
        done = run("check", str(path))
        assert (done.code, done.out.partition(":")[0]) == (0, "No faults"), done.out
