"""`fieldstone new`: what it writes passes `check`, and it never writes over anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> dict[str, str]:
    """Returns every file below a folder with its text."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_package_an_object_and_an_app_pass_the_check(folder: Path, run: Callable[..., Run]) -> None:
    for arguments in (("package", "shop"), ("object", "product"), ("app", "shop")):
        assert run("new", *arguments).code == 0
        assert run("check", "packages/shop").code == 0
    assert list(files(folder)) == [
        "apps/shop/app.yaml",
        "packages/shop/objects/product.object.yaml",
        "packages/shop/package.yaml",
    ]
    done = run("check", "apps/shop")
    assert done.code == 0, done.out
    assert "packages: [shop]" in files(folder)["apps/shop/app.yaml"]


def test_an_app_without_a_package_passes_the_check(run: Callable[..., Run]) -> None:
    assert run("new", "app", "empty").code == 0
    assert run("check", "apps/empty").code == 0


def test_it_says_what_it_wrote_and_what_comes_next(run: Callable[..., Run]) -> None:
    assert run("new", "package", "shop").out.splitlines()[0] == "Wrote packages/shop/package.yaml"
    assert run("new", "object", "product").out == (
        "Wrote packages/shop/objects/product.object.yaml\n"
        "Next: grant it in a permission set, then: fieldstone check packages/shop\n"
    )


def test_an_object_goes_into_the_package_that_is_named_or_is_here(
    folder: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("new", "package", "shop")
    run("new", "package", "mail")
    done = run("new", "object", "product")
    assert done.code == 1
    assert done.error == "It could go into any of `mail`, `shop`.\nSay which with `--package`.\n"
    assert run("new", "object", "product", "--package", "shop").code == 0
    assert run("new", "object", "letter", "--package", "packages/mail").code == 0
    monkeypatch.chdir(folder / "packages/mail")
    assert run("new", "object", "stamp").code == 0
    assert [name for name in files(folder) if name.endswith(".object.yaml")] == [
        "packages/mail/objects/letter.object.yaml",
        "packages/mail/objects/stamp.object.yaml",
        "packages/shop/objects/product.object.yaml",
    ]


@pytest.mark.parametrize("what", ["app", "package", "object"])
def test_nothing_is_written_over(folder: Path, run: Callable[..., Run], what: str) -> None:
    run("new", "package", "other")
    run("new", what, "shop")
    before = files(folder)
    done = run("new", what, "shop", *(("--package", "other") if what == "object" else ()))
    assert done.code == 1
    assert "exists already" in done.error
    assert files(folder) == before


@pytest.mark.parametrize("name", ["Shop", "1shop", "my-shop", "../shop", "a/b", "", "x" * 64, "shöp"])
@pytest.mark.parametrize("what", ["app", "package", "object"])
def test_what_cannot_be_a_name_is_refused(folder: Path, run: Callable[..., Run], what: str, name: str) -> None:
    done = run("new", what, "--", name)
    assert done.code == 1
    assert "cannot be a name" in done.error
    assert files(folder) == {}


def test_an_object_needs_a_package(run: Callable[..., Run]) -> None:
    assert run("new", "object", "product").error == (
        "There is no package to put it into.\nMake one with `fieldstone new package NAME`.\n"
    )
    assert "There is no package `shop`" in run("new", "object", "product", "--package", "shop").error
