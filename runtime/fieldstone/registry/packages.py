"""Which packages are loaded, and in which order: an app's list, each package's dependencies, the platform first."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from fieldstone.errors import Fault, Place
from fieldstone.kinds.package import PackageDeclaration
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Package, read_file
from fieldstone.registry.layout import PACKAGE_FILE, PLATFORM, find_package, shown
from fieldstone.registry.source import Source


def read_package(folder: Path, *, platform: bool = False) -> tuple[Package | None, list[Fault]]:
    """Returns the package in a folder; its name must be the folder's, but for the platform's own."""
    path = folder / PACKAGE_FILE
    declaration, source, faults = read_file(path, PackageDeclaration)
    if declaration is None or source is None:
        return None, faults
    expected = PLATFORM if platform else folder.name
    if declaration.name != expected:
        message = f"The folder is called `{expected}`, the package in it `{declaration.name}`."
        place = source.spot.find(["name"]).of_value(shown(path))
        faults.append(Fault(place, Code.NAME_MISMATCH, message, f"Say `name: {expected}`, or rename the folder."))
    return Package(folder, declaration, source), faults


def read_named(
    names: Sequence[str], folder: Path, shelves: Sequence[Path], places: Sequence[Place]
) -> tuple[list[Package], list[Fault]]:
    """Returns the packages that an app names, in its order; `places` says where each name stands."""
    packages: list[Package] = []
    faults: list[Fault] = []
    for name, place in zip(names, places, strict=True):
        found = find_package(name, folder, shelves, place)
        if isinstance(found, Fault):
            faults.append(found)
            continue
        package, more = read_package(found)
        faults += more
        if package is None:
            continue
        if any(other.folder == package.folder for other in packages):
            faults.append(Fault(place, Code.NAME_CLASH, f"The package `{name}` is named twice.", "Name it once."))
        else:
            packages.append(package)
    return packages, faults


def with_dependencies(package: Package, shelves: Sequence[Path]) -> tuple[list[Package], list[Fault]]:
    """Returns a package and all that it depends on, looked up beside it and on shelves; what is missing is a fault of `ordered`."""
    found = {package.name: package}
    waiting = [package]
    faults: list[Fault] = []
    places = [package.folder.resolve().parent, *shelves]
    while waiting:
        for name in waiting.pop().declaration.dependencies:
            folder = next((shelf / name for shelf in places if (shelf / name / PACKAGE_FILE).is_file()), None)
            if name in found or folder is None:
                continue
            other, more = read_package(folder)
            faults += more
            if other is not None:
                found[name] = other
                waiting.append(other)
    return list(found.values()), faults


def ordered(packages: Iterable[Package]) -> tuple[list[Package], list[Fault]]:
    """Returns packages so that each stands behind what it depends on; faults for what is missing, double or circular."""
    by_name: dict[str, Package] = {}
    faults: list[Fault] = []
    for package in packages:
        if package.name in by_name:
            other = shown(by_name[package.name].folder / PACKAGE_FILE)
            faults.append(
                _fault(
                    package,
                    ("name",),
                    Code.NAME_CLASH,
                    f"The package `{package.name}` is also in `{other}`.",
                    "Rename one.",
                )
            )
        else:
            by_name[package.name] = package
    done: dict[str, Package] = {}
    for package in by_name.values():
        faults += _place(package, by_name, done, [])
    return list(done.values()), faults


def _place(package: Package, known: dict[str, Package], done: dict[str, Package], above: list[str]) -> list[Fault]:
    """Puts a package into `done` behind its dependencies."""
    faults: list[Fault] = []
    if package.name in done:
        return faults
    for index, name in enumerate(package.declaration.dependencies):
        path = ("dependencies", index)
        if name in (*above, package.name):
            circle = " -> ".join([*above, package.name, name])
            faults.append(
                _fault(
                    package,
                    path,
                    Code.DEPENDENCY_CYCLE,
                    f"The packages depend on each other: {circle}.",
                    "Break the circle.",
                )
            )
        elif name in known:
            faults += _place(known[name], known, done, [*above, package.name])
        elif name != PLATFORM:
            hint = did_you_mean(name, known) or "Name it under `packages` in app.yaml."
            faults.append(
                _fault(
                    package,
                    path,
                    Code.UNKNOWN_PACKAGE,
                    f"`{package.name}` needs the package `{name}`, which is not loaded.",
                    hint,
                )
            )
    done[package.name] = package
    return faults


def _fault(package: Package, path: tuple[str | int, ...], code: Code, message: str, hint: str) -> Fault:
    source: Source = package.source
    return Fault(source.spot.find(path).of_value(shown(package.folder / PACKAGE_FILE)), code, message, hint)
