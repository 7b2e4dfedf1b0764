"""The wheel: what is built from a checkout works without it, in an environment where nothing points back to the sources."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.source import ROOT

PLATFORM = "fieldstone/_metadata/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with the tools that are here."""
    return _build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that has the wheel, and the libraries of this one, but not this checkout.

    A folder named in a `.pth` file is put on the path without the `.pth` files inside it, the editable install's among them.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    commands = folder / "bin"
    python = str(commands / "python")
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return commands


def test_the_wheel_carries_the_platforms_declarations(wheel: Path) -> None:
    assert _missing_declarations(ROOT, wheel) == set()


def test_a_wheel_without_the_platforms_declarations_is_found(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "x.yaml").touch()
    (tmp_path / "runtime" / "fieldstone").mkdir(parents=True)
    (tmp_path / "runtime" / "fieldstone" / "__init__.py").touch()
    (tmp_path / "README.md").touch()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    assert _missing_declarations(tmp_path, _build(tmp_path, tmp_path / "whole")) == set()
    (tmp_path / "pyproject.toml").write_text(project.replace('"metadata" =', '"README.md" ='), encoding="utf-8")
    assert _missing_declarations(tmp_path, _build(tmp_path, tmp_path / "without")) == {"x.yaml"}


def test_the_wheel_is_typed_and_holds_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "fieldstone/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"fieldstone"}


def test_the_package_comes_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    said = _run(str(environment / "python"), "-c", "import fieldstone; print(fieldstone.__file__)", folder=tmp_path)
    assert Path(said.strip()).is_relative_to(environment.parent)


def test_the_command_works_from_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    said = _run(str(environment / "fieldstone"), "--help", folder=tmp_path)
    assert "serve" in said


def _build(checkout: Path, folder: Path) -> Path:
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), folder=checkout)
    [built] = folder.glob("*.whl")
    return built


def _missing_declarations(checkout: Path, wheel: Path) -> set[str]:
    packed = {name.removeprefix(PLATFORM) for name in zipfile.ZipFile(wheel).namelist() if name.startswith(PLATFORM)}
    metadata = checkout / "metadata"
    return {str(path.relative_to(metadata)) for path in metadata.rglob("*") if path.is_file()} - packed


def _run(*command: str, folder: Path | None = None) -> str:
    """Runs a command without this process's Python settings and returns what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
