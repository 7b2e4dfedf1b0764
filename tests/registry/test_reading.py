"""Which files are read, from which folders, and what is refused before it is read."""

from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.layout import declaration_files, platform_folder
from fieldstone.registry.load import load_app, load_path
from fieldstone.registry.source import MAX_BYTES
from tests.registry.declared import BARE, PARTS, PLATFORM, faults_of, load, write

PRODUCT = "name: product\nfields: {title: {type: text}}\n"


def test_declarations_are_found_anywhere_in_a_package(tmp_path: Path) -> None:
    other = PRODUCT.replace("product", "other")
    catalog = load(tmp_path, {"shop/product.object.yaml": PRODUCT, "shop/deep/er/other.object.yaml": other})
    assert list(catalog.objects) == ["sys_user", "other", "product"]
    assert catalog.objects["other"].package == "shop"


def test_what_is_hidden_what_is_no_yaml_and_a_package_within_are_left_alone(tmp_path: Path) -> None:
    files = {
        "shop/.old/a.object.yaml": "no",
        "shop/.b.object.yaml": "no",
        "shop/README.md": "no",
        "shop/inner/package.yaml": "name: inner\n",
        "shop/inner/c.object.yaml": "no",
    }
    assert list(load(tmp_path, files).objects) == ["sys_user"]


def test_a_link_out_of_the_package_is_refused_and_one_within_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"outside/secret.object.yaml": PRODUCT, "shop/.data/product.object.yaml": PRODUCT})
    (tmp_path / "shop/product.object.yaml").symlink_to(tmp_path / "shop/.data/product.object.yaml")
    assert list(load(tmp_path, {}).objects) == ["sys_user", "product"]
    (tmp_path / "shop/secret.object.yaml").symlink_to(tmp_path / "outside/secret.object.yaml")
    (tmp_path / "shop/folder").symlink_to(tmp_path / "outside")
    assert [line.split(" ", 1)[0] for line in faults_of(tmp_path, {})] == [
        "shop/folder:1:1",
        "shop/secret.object.yaml:1:1",
    ]
    assert {line.split()[1] for line in faults_of(tmp_path, {})} == {"FILE_OUTSIDE"}


def test_a_link_to_nothing_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, BARE)
    (tmp_path / "shop/product.object.yaml").symlink_to(tmp_path / "shop/nothing.object.yaml")
    [line] = faults_of(tmp_path, {})
    assert line.split()[:2] == ["shop/product.object.yaml:1:1", "FILE_UNREADABLE"]


def test_a_file_of_other_bytes_or_too_many_is_refused(tmp_path: Path) -> None:
    write(tmp_path, BARE)
    (tmp_path / "shop/a.object.yaml").write_bytes(b"name: a\nlabel: \xe9\n")
    (tmp_path / "shop/b.object.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    assert [line.split()[:2] for line in faults_of(tmp_path, {})] == [
        ["shop/a.object.yaml:2:8", "FILE_UNREADABLE"],
        ["shop/b.object.yaml:1:1", "FILE_TOO_LARGE"],
    ]


def test_an_app_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"app\.yaml:1:1 FILE_UNREADABLE"):
        load_app(tmp_path, parts=PARTS, cache=None, platform=platform_folder())


def test_packages_are_found_by_name_in_the_working_directory_and_beside_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        **PLATFORM,
        "here/packages/one/package.yaml": "name: one\n",
        "there/packages/two/package.yaml": "name: two\n",
        "there/apps/app/app.yaml": "name: app\npackages: [one, two, ./own]\nsurfaces: {apis: []}\n",
        "there/apps/app/own/package.yaml": "name: own\n",
    }
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path / "here")
    folder = tmp_path / "there/apps/app"
    catalog = load_app(folder, parts=PARTS, cache=None, platform=tmp_path / "metadata")
    assert list(catalog.packages) == ["platform", "one", "two", "own"]


def test_packages_stand_behind_what_they_depend_on(tmp_path: Path) -> None:
    files = {
        "app/app.yaml": "name: app\npackages: [../shop, ../mail]\nsurfaces: {apis: []}\n",
        "shop/package.yaml": "name: shop\ndependencies: [mail, platform]\n",
        "mail/package.yaml": "name: mail\n",
    }
    assert list(load(tmp_path, files).packages) == ["platform", "mail", "shop"]


def test_places_are_relative_to_the_working_directory_and_absolute_outside_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"shop/product.object.yaml": PRODUCT})
    monkeypatch.chdir(tmp_path / "shop")
    [file] = declaration_files(tmp_path / "shop", ["object"])[0]
    assert file.shown == "product.object.yaml"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    [file] = declaration_files(tmp_path / "shop", ["object"])[0]
    assert file.shown == str(tmp_path / "shop/product.object.yaml")


def test_a_package_is_checked_by_itself_with_what_it_depends_on(tmp_path: Path) -> None:
    files = {
        **PLATFORM,
        **BARE,
        "shop/package.yaml": "name: shop\ndependencies: [base]\n",
        "shop/product.object.yaml": "name: product\nfields: {maker: {type: lookup, reference: maker}}\n",
        "base/package.yaml": "name: base\n",
        "base/maker.object.yaml": "name: maker\nfields: {}\n",
    }
    write(tmp_path, files)
    catalog = load_path(tmp_path / "shop", parts=PARTS, platform=tmp_path / "metadata")
    assert list(catalog.objects) == ["sys_user", "maker", "product"]


def test_one_file_is_checked_with_its_package_and_only_its_own_faults_are_told(tmp_path: Path) -> None:
    files = {
        **PLATFORM,
        **BARE,
        "shop/a.object.yaml": "name: a\nfields: {b: {type: lookup, reference: b}, x: {type: lookup, reference: nothing}}\n",
        "shop/b.object.yaml": "name: b\nfields: {}\n",
        "shop/c.object.yaml": "name: d\nfields: {}\n",
    }
    write(tmp_path, files)
    with pytest.raises(DeclarationError) as caught:
        load_path(tmp_path / "shop/a.object.yaml", parts=PARTS, platform=tmp_path / "metadata")
    assert [fault.code for fault in caught.value.faults] == ["UNKNOWN_OBJECT"]


def test_one_file_without_a_fault_is_not_right_while_those_around_it_are_wrong(tmp_path: Path) -> None:
    files = {"shop/a.object.yaml": "name: a\nfields: {}\n", "shop/b.object.yaml": "name: c\nfields: {}\n"}
    write(tmp_path, {**PLATFORM, **BARE, **files})
    with pytest.raises(DeclarationError) as caught:
        load_path(tmp_path / "shop/a.object.yaml", parts=PARTS, platform=tmp_path / "metadata")
    assert [fault.code for fault in caught.value.faults] == ["NAME_MISMATCH"]
    (tmp_path / "shop/b.object.yaml").unlink()
    assert "a" in load_path(tmp_path / "shop/a.object.yaml", parts=PARTS, platform=tmp_path / "metadata").objects


def test_a_file_in_no_package_is_checked_beside_the_platform(tmp_path: Path) -> None:
    write(tmp_path, {**PLATFORM, "a.object.yaml": "name: a\nfields: {by: {type: user}}\n", "b.object.yaml": "no: [\n"})
    catalog = load_path(tmp_path / "a.object.yaml", parts=PARTS, platform=tmp_path / "metadata")
    assert list(catalog.objects) == ["sys_user", "a"]


def test_a_path_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="neither an app, nor a package, nor a declaration"):
        load_path(tmp_path / "nothing", parts=PARTS, platform=platform_folder())
