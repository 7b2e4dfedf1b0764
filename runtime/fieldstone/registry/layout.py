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
from fieldstone.query.names import shown as cut
from fieldstone.registry.codes import Code

APP_FILE = "app.yaml"
PACKAGE_FILE = "package.yaml"
LONGEST_NAME = 255
"""How long the name or the path of a package may be."""

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
    text, here = str(path.absolute()), f"{Path.cwd()}{os.sep}"
    return text[len(here) :] if text.startswith(here) else text


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
    if len(name) > LONGEST_NAME or not name.isprintable():
        return Fault(
            place,
            Code.UNKNOWN_PACKAGE,
            f"`{cut(repr(name)[1:-1])}` can be no package.",
            "Name it as its folder is named.",
        )
    if "/" in name or name.startswith("."):
        path = Path(os.path.realpath(folder / name))
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
    hint = did_you_mean(name, known) or "Put it into the folder `packages/` beside the app, or name its path: `./name`."
    return Fault(place, Code.UNKNOWN_PACKAGE, f"There is no package `{name}`.", hint)


def declaration_files(folder: Path, kinds: Iterable[str]) -> tuple[list[DeclarationFile], list[Fault]]:
    """Returns a package's declaration files, ordered by path, and a fault for every file or link that is out of place."""
    files: list[DeclarationFile] = []
    faults: list[Fault] = []
    known = list(kinds)
    root = folder.resolve()
    before = shown(root / PACKAGE_FILE).removesuffix(PACKAGE_FILE)
    for relative, linked in _walk(root, faults):
        path = root / relative
        if linked and not Path(os.path.realpath(path)).is_relative_to(root):
            message = f"`{path.name}` links to something outside of the package."
            faults.append(Fault(_start(path), Code.FILE_OUTSIDE, message, "Copy it into the package."))
        elif relative.endswith(".yml"):
            message = f"`{path.name}` would not be read."
            faults.append(Fault(_start(path), Code.FILE_NAME, message, f"Name it `{path.stem}.yaml`."))
        elif relative.endswith(".yaml") and relative != PACKAGE_FILE:
            found = _declaration_file(path, relative, f"{before}{relative}", known)
            if isinstance(found, Fault):
                faults.append(found)
            else:
                files.append(found)
    return files, faults


def declaration_file(path: Path, root: Path, kinds: list[str]) -> DeclarationFile | Fault:
    """Returns what a file's name says, or why it says nothing."""
    return _declaration_file(path, path.relative_to(root).as_posix(), shown(path), kinds)


def _declaration_file(path: Path, relative: str, told: str, kinds: list[str]) -> DeclarationFile | Fault:
    matched = _FILE_NAME.fullmatch(path.name)
    if path.name == APP_FILE:
        hint = "What faces offer is declared in `<name>.app.yaml`; a deployment has a folder of its own."
        return Fault(_start(path), Code.FILE_NAME, f"`{path.name}` is a deployment, and this is a package.", hint)
    if matched is None:
        hint = f"Name it `<name>.<kind>.yaml` in lower case, with one of the kinds {', '.join(kinds)}."
        return Fault(_start(path), Code.FILE_NAME, f"`{path.name}` does not say what it declares.", hint)
    name, kind = matched["name"], matched["kind"]
    if kind not in kinds:
        hint = did_you_mean(kind, kinds) or f"The kinds are {', '.join(kinds)}."
        return Fault(_start(path), Code.UNKNOWN_KIND, f"There is no kind `{kind}`.", hint)
    return DeclarationFile(path, relative, told, name, kind)


def _start(path: Path) -> Place:
    return Place(shown(path), 1, 1)


def _walk(root: Path, faults: list[Fault], below: str = "") -> Iterator[tuple[str, bool]]:
    """Yields the files below a folder by their path from there, and whether each is a link.

    Links to folders, and folders that are called like files, count as files. What is hidden is left out, and so is a folder that is a
    package of its own. One that cannot be looked into is a fault.
    """
    folder = root / below
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        message = f"The folder cannot be read: {error.strerror}."
        faults.append(Fault(_start(folder), Code.FILE_UNREADABLE, message, "Let the server's user read it."))
        return
    if below and any(entry.name == PACKAGE_FILE and entry.is_file() for entry in found):
        return
    for entry in found:
        if entry.is_symlink() or not entry.is_dir() or entry.name.endswith(".yaml"):
            yield f"{below}{entry.name}", entry.is_symlink()
        else:
            yield from _walk(root, faults, f"{below}{entry.name}/")
