"""Loading: from folders of YAML to a Catalog, in the order find, read, link. Every fault of every file comes at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from fieldstone.errors import DeclarationError, Fault, Place
from fieldstone.garbage import without_collection
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.table import KINDS
from fieldstone.registry.api_operations import DialectParts
from fieldstone.registry.app_faults import app_faults
from fieldstone.registry.cache import Cache
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Package, PackagedFile, read_documents, read_file
from fieldstone.registry.flows.graph import StepKinds
from fieldstone.registry.handlers import handler_sources, load_handlers
from fieldstone.registry.layers.folder import read_folder
from fieldstone.registry.layers.overlaid import overlaid_version, overlay_reading
from fieldstone.registry.layers.overlay import Overlays
from fieldstone.registry.layout import (
    APP_FILE,
    PACKAGE_FILE,
    declaration_file,
    declaration_files,
    package_shelves,
    shown,
)
from fieldstone.registry.link import link
from fieldstone.registry.memory import Handled, Memory
from fieldstone.registry.packages import ordered, read_named, read_package, with_dependencies
from fieldstone.registry.source import Source

NO_STEPS: StepKinds = {}
"""What is there where no flows are run."""


def load_app(
    folder: Path,
    *,
    parts: DialectParts,
    cache: Path | None,
    platform: Path,
    steps: StepKinds = NO_STEPS,
    overlays: Overlays = (),
    memory: Memory | None = None,
) -> Catalog:
    """Returns the catalog of the app in a folder, with overlays over what its packages declare.

    `parts` are the names of the tables that a dialect may use, `steps` the kinds of steps that flows may take, `cache`
    the folder that keeps what was parsed, `platform` the folder of the platform's own package, `memory` what was found
    out the last time. Raises DeclarationError with every fault of every file.
    """
    memory = memory or Memory()
    with memory.turn, without_collection():
        path = folder / APP_FILE
        app, source, faults = read_file(path, AppDeclaration)
        if source is None:
            raise DeclarationError(faults)
        app = app or _what_can_be_read(source)
        spot = source.spot
        places = [spot.find(("packages", number)).of_value(shown(path)) for number in range(len(app.packages))]
        packages, more = read_named(app.packages, folder, package_shelves(folder), places)
        means = _Means(parts, platform, steps, memory, Cache(cache) if cache else None, overlays)
        catalog = _load(app, packages, [], [*faults, *more], means)
        if wrong := app_faults(app, source.spot, shown(path), catalog):
            raise DeclarationError(wrong)
        memory.settle()
        return catalog


def read_app(folder: Path) -> AppDeclaration | None:
    """Returns what an app says of itself; None where something is wrong with that, which `load_app` tells."""
    app, _, faults = read_file(folder / APP_FILE, AppDeclaration)
    return None if faults else app


def load_path(path: Path, *, parts: DialectParts, platform: Path, steps: StepKinds = NO_STEPS) -> Catalog:
    """Returns the catalog of an app's folder with its overlays, of a package's with what it depends on, or of one file with its package.

    Raises DeclarationError; for one file with its own faults alone, or, when it has none, with those around it.
    """
    app = path if path.name == APP_FILE else path / APP_FILE
    if app.is_file():
        overlays = read_folder(app.parent)
        return load_app(app.parent, parts=parts, cache=None, platform=platform, steps=steps, overlays=overlays)
    package = path if path.name == PACKAGE_FILE else path / PACKAGE_FILE
    means = _Means(parts, platform, steps, Memory())
    with without_collection():
        if package.is_file():
            return _load_package(package.parent, means)
        return _load_file(path, means)


class _Means(msgspec.Struct, frozen=True):
    """What everything is loaded with: see `load_app`."""

    parts: DialectParts
    platform: Path
    steps: StepKinds
    memory: Memory
    cache: Cache | None = None
    overlays: Overlays = ()


def _load_package(folder: Path, means: _Means) -> Catalog:
    if folder.resolve() == means.platform.resolve():
        return _load(_nameless(), [], [], [], means)
    package, faults = read_package(folder)
    if package is None:
        raise DeclarationError(faults)
    packages, more = with_dependencies(package, package_shelves(folder))
    return _load(_nameless(), packages, [], [*faults, *more], means)


def _load_file(path: Path, means: _Means) -> Catalog:
    if not path.is_file():
        message = f"`{shown(path)}` is neither an app, nor a package, nor a declaration."
        hint = f"An app's folder has a file `{APP_FILE}`, a package's `{PACKAGE_FILE}`."
        raise DeclarationError([Fault(Place(shown(path), 1, 1), Code.FILE_UNREADABLE, message, hint)])
    found = declaration_file(path, path.parent, list(KINDS))
    if isinstance(found, Fault):
        raise DeclarationError([found])
    home = next((folder for folder in path.resolve().parents if (folder / PACKAGE_FILE).is_file()), None)
    if home is None:
        return _load(_nameless(), [], [PackagedFile("", found)], [], means)
    try:
        return _load_package(home, means)
    except DeclarationError as error:
        own = [fault for fault in error.faults if Path(fault.place.file).resolve() == path.resolve()]
        raise DeclarationError(own or error.faults) from None


def _load(
    app: AppDeclaration,
    packages: Sequence[Package],
    loose: Sequence[PackagedFile],
    faults: list[Fault],
    means: _Means,
) -> Catalog:
    """Reads and links packages behind the platform's, with overlays over them; `faults` are those of finding them."""
    base, more = read_package(means.platform, platform=True)
    sequence, wrong = ordered([*([base] if base else []), *packages])
    faults = [*faults, *more, *wrong]
    files: list[PackagedFile] = []
    for package in sequence:
        found, misplaced = declaration_files(package.folder, KINDS)
        files += [PackagedFile(package.name, file) for file in found]
        faults += misplaced
    files += loose
    folders = {package.name: package.folder for package in sequence}
    handled, broken = _handled(folders, means.memory)
    faults += broken
    heads = [msgspec.json.encode(app), *(msgspec.json.encode(package.declaration) for package in sequence)]
    reading = read_documents(files, b"".join([*heads, handled.source]), means.cache, means.memory.documents)
    means.memory.documents = {document.file: document for document in reading.documents if not reading.faults}
    reading, layered = overlay_reading(reading, means.overlays)
    faults += reading.faults
    if any(fault.code == Code.UNKNOWN_PACKAGE for fault in faults):
        raise DeclarationError(faults)
    handlers = handled.handlers
    catalog = link(app, sequence, reading, faults, means.parts, means.steps, handlers, means.memory)
    return msgspec.structs.replace(catalog, version=overlaid_version(catalog.version, means.overlays), layered=layered)


def _handled(folders: Mapping[str, Path], memory: Memory) -> tuple[Handled, list[Fault]]:
    """Returns the code of packages, run unless it is the same as the last time."""
    source = handler_sources(folders.values())
    if memory.handled is not None and memory.handled.source == source:
        return memory.handled, []
    handlers, faults = load_handlers(folders)
    handled = Handled(source, handlers)
    memory.handled = None if faults else handled
    return handled, faults


def _what_can_be_read(source: Source) -> AppDeclaration:
    """Returns an app with the packages of one that has faults, so that theirs are found, too."""
    named = source.value.get("packages") if isinstance(source.value, dict) else None
    packages = tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()
    return msgspec.structs.replace(_nameless(), packages=packages)


def _nameless() -> AppDeclaration:
    """Returns the app that stands in where a package is loaded by itself."""
    return AppDeclaration(name="check", packages=())
