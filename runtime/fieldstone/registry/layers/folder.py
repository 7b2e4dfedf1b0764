"""The folder `overlay/` of an app: overlays as files `<name>.<type>.yaml`, one delta each, written alike every time.

Refuses what is no such file, with its place.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from fieldstone.errors import DeclarationError, Fault, Place
from fieldstone.kinds.table import KINDS
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.layers.overlay import Overlay, Overlays, in_order
from fieldstone.registry.layers.text import yaml_text
from fieldstone.registry.layout import shown
from fieldstone.registry.source import decode_text, parse

FOLDER = "overlay"

_FILE_NAME = re.compile(r"(?P<name>[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?)\.(?P<type>[a-z_]+)\.yaml")


def read_folder(app: Path) -> Overlays:
    """Returns the overlays in the folder of an app, none where it has no such folder; raises DeclarationError."""
    overlays: list[Overlay] = []
    faults: list[Fault] = []
    for path in _files(app):
        found = _overlay(path)
        if isinstance(found, Overlay):
            overlays.append(found)
        else:
            faults += found
    if faults:
        raise DeclarationError(faults)
    return in_order(overlays)


def write_folder(app: Path, overlays: Overlays) -> None:
    """Writes overlays into the folder of an app, and takes the files of others away."""
    texts = {f"{overlay.name}.{overlay.type}.yaml": yaml_text(overlay.delta) for overlay in overlays}
    for path in _files(app):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = app / FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def _files(app: Path) -> Iterator[Path]:
    folder = app / FOLDER
    return (path for path in sorted(folder.iterdir()) if path.suffix == ".yaml") if folder.is_dir() else iter(())


def _overlay(path: Path) -> Overlay | list[Fault]:
    file = shown(path)
    start = Place(file, 1, 1)
    matched = _FILE_NAME.fullmatch(path.name)
    if matched is None:
        hint = "Name it `<name>.<type>.yaml`; an action's name has that of its object before it, with a point."
        return [Fault(start, Code.FILE_NAME, f"`{path.name}` does not say what it lies over.", hint)]
    if matched["type"] not in KINDS:
        return [Fault(start, Code.UNKNOWN_KIND, f"There is no kind `{matched['type']}`.", _meant(matched["type"]))]
    try:
        content = path.read_bytes()
    except OSError as error:
        return [Fault(start, Code.FILE_UNREADABLE, f"The file cannot be read: {error.strerror}.")]
    text, faults = decode_text(content, file)
    if text is None:
        return faults
    source, faults = parse(text, file)
    if source is None or faults:
        return faults
    if not isinstance(source.value, dict):
        return [Fault(start, Code.WRONG_TYPE, "An overlay is a mapping: what is different, by its keys.")]
    return Overlay(matched["type"], matched["name"], source.value)


def _meant(kind: str) -> str:
    return did_you_mean(kind, KINDS) or f"The kinds are {', '.join(KINDS)}."
