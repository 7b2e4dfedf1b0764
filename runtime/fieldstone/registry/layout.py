"""Where declarations lie: apps, packages and their files on disk. Reads folders, not the declarations in them.

An app names its packages: by name, found in a folder `packages/`, or by a path relative to `app.yaml`. A package is a folder with
`package.yaml`; its declarations are the files `<name>.<kind>.yaml` anywhere below it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

import fieldstone
from fieldstone.errors import Fault, Place
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code

APP_FILE = "app.yaml"
PACKAGE_FILE = "package.yaml"
PLATFORM = "platform"
"""The name of the package that holds the platform's own declarations, whatever its folder is called."""

_FILE_NAME = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\.(?P<kind>[a-z_]+)\.yaml")


class DeclarationFile(msgspec.Struct, frozen=True):
    """A file that holds a declaration; `relative` is its path within the package, `shown` its path in messages."""

    path: Path
    relative: str
    shown: str
    name: str
    kind: str


def shown(path: Path) -> str:
    """Returns a path as a person would write it: relative to the working directory where it lies below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def checkout() -> Path | None:
    """Returns the root of the source checkout that this runs from; None when installed from a wheel."""
    root = Path(fieldstone.__file__).resolve().parents[2]
    return root if (root / "metadata" / PACKAGE_FILE).is_file() else None


def platform_folder() -> Path:
    """Returns the folder of the platform's own declarations."""
    root = checkout()
    return root / "metadata" if root else Path(fieldstone.__file__).resolve().parent / "_metadata"


def package_shelves(folder: Path) -> list[Path]:
    """Returns the folders in which the packages of an app are looked up by name, first match first."""
    beside = folder.resolve().parent
    found = [Path.cwd() / "packages", beside / "packages", beside.parent / "packages"]
    root = checkout()
    if root:
        found.append(root / "packages")
    return [shelf for shelf in dict.fromkeys(found) if shelf.is_dir()]


def find_package(name: str, folder: Path, shelves: Iterable[Path], place: Place) -> Path | Fault:
    """Returns the folder of a package that is named in `folder`, or why there is none."""
    if "/" in name or name.startswith("."):
        path = (folder / name).resolve()
        if (path / PACKAGE_FILE).is_file():
            return path
        return Fault(
            place, Code.UNKNOWN_PACKAGE, f"`{name}` is no package: `{shown(path / PACKAGE_FILE)}` does not exist."
        )
    known: list[str] = []
    for shelf in shelves:
        if (shelf / name / PACKAGE_FILE).is_file():
            return (shelf / name).resolve()
        known += sorted(path.parent.name for path in shelf.glob(f"*/{PACKAGE_FILE}"))
    looked = ", ".join(f"`{shown(shelf)}`" for shelf in shelves) or "no folder `packages` found"
    message = f"There is no package `{name}` (looked in {looked})."
    return Fault(place, Code.UNKNOWN_PACKAGE, message, did_you_mean(name, known))


def declaration_files(folder: Path, kinds: Iterable[str]) -> tuple[list[DeclarationFile], list[Fault]]:
    """Returns a package's declaration files, ordered by path, and a fault for every file or link that is out of place."""
    files: list[DeclarationFile] = []
    faults: list[Fault] = []
    known = list(kinds)
    root = folder.resolve()
    for path in _walk(root):
        place = Place(shown(path), 1, 1)
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            faults.append(
                Fault(
                    place,
                    Code.FILE_OUTSIDE,
                    f"`{path.name}` links to something outside of the package.",
                    "Copy it into the package.",
                )
            )
        elif path.suffix == ".yml":
            faults.append(
                Fault(place, Code.FILE_NAME, f"`{path.name}` would not be read.", f"Name it `{path.stem}.yaml`.")
            )
        elif path.suffix == ".yaml" and path != root / PACKAGE_FILE:
            found = declaration_file(path, root, known)
            if isinstance(found, Fault):
                faults.append(found)
            else:
                files.append(found)
    return files, faults


def declaration_file(path: Path, root: Path, kinds: list[str]) -> DeclarationFile | Fault:
    """Returns what a file's name says, or why it says nothing."""
    place = Place(shown(path), 1, 1)
    matched = _FILE_NAME.fullmatch(path.name)
    if matched is None:
        hint = f"Name it `<name>.<kind>.yaml` in lower case, with one of the kinds {', '.join(kinds)}."
        return Fault(place, Code.FILE_NAME, f"`{path.name}` does not say what it declares.", hint)
    name, kind = matched["name"], matched["kind"]
    if kind not in kinds:
        hint = did_you_mean(kind, kinds) or f"The kinds are {', '.join(kinds)}."
        return Fault(place, Code.UNKNOWN_KIND, f"There is no kind `{kind}`.", hint)
    return DeclarationFile(path, path.relative_to(root).as_posix(), place.file, name, kind)


def _walk(root: Path) -> Iterator[Path]:
    """Yields the files below a folder, and the links to folders; what is hidden or a package of its own is left out."""
    for parent, folders, names in os.walk(root):
        here = Path(parent)
        kept = []
        for name in sorted(folders):
            if (here / name).is_symlink():
                yield here / name
            elif not name.startswith(".") and not (here / name / PACKAGE_FILE).is_file():
                kept.append(name)
        folders[:] = kept
        for name in sorted(names):
            if not name.startswith("."):
                yield here / name
