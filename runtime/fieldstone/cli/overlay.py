"""`fieldstone overlay`: moves what a deployment says differently between its database and the folder `overlay/` of its app."""

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from fieldstone.app import TOOL, Runtime, open_runtime
from fieldstone.cli.worker import open_server_log
from fieldstone.registry.layers.folder import FOLDER, read_folder, write_folder
from fieldstone.registry.layers.overlay import Overlay, Overlays, delta_text
from fieldstone.services.meta.importing import import_overlays
from fieldstone.services.meta.overlay_records import Change, read_overlays
from fieldstone.settings import read_settings


def export_folder(app: Path, /) -> None:
    """Write the overlays of the database into the folder `overlay/`, and take the files of others away.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    """
    overlays, _ = asyncio.run(_stored(app))
    write_folder(app, overlays)
    _console().print(f"Wrote {_counted(len(overlays))} to {app / FOLDER}.", markup=False)


def import_folder(app: Path, /, *, force: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Let the database say what the folder `overlay/` says; servers follow within a second.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    force
        Change although stored values are lost.
    """
    changes = asyncio.run(_imported(app, read_folder(app), force=force))
    console = _console()
    for change in changes:
        console.print(f"{change.op} {change.type} {change.name} (version {change.version})", markup=False)
    console.print(f"Changed {_counted(len(changes))}." if changes else "The database says what the folder says.")


def list_overlays(app: Path, /) -> None:
    """List the overlays of the database and of the folder, and where they differ.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    """
    stored, aside = asyncio.run(_stored(app))
    held, folder = ({overlay.key: overlay for overlay in overlays} for overlays in (stored, read_folder(app)))
    lines = []
    for key in sorted({*held, *folder}):
        kind, name = key
        version = f" (version {held[key].version})" if key in held else ""
        unfit = ", set aside: it does not fit what the packages declare" if key in aside else ""
        lines.append(f"{kind} {name}{version}: {_standing(held.get(key), folder.get(key))}{unfit}")
    _console().print("\n".join(lines) or "There are no overlays.", markup=False)


def _standing(in_database: Overlay | None, in_folder: Overlay | None) -> str:
    """Returns how an overlay of the database and one of the folder stand to each other."""
    if in_database is None:
        return "in the folder alone"
    if in_folder is None:
        return "in the database alone"
    same = delta_text(in_database.delta) == delta_text(in_folder.delta)
    return "the same in both" if same else "others in the folder"


async def _stored(app: Path) -> tuple[Overlays, frozenset[tuple[str, str]]]:
    """Returns the overlays of the database, and the kinds and names of those that are set aside."""
    async with _opened(app) as runtime:
        overlays = await read_overlays(runtime.door.execute)
        return overlays, frozenset(runtime.generations.overlays.aside)


async def _imported(app: Path, overlays: Overlays, *, force: bool) -> list[Change]:
    async with _opened(app) as runtime:
        swap, execute = runtime.generations.overlays, runtime.door.execute
        message = "From the folder `overlay`."
        return await import_overlays(swap, execute, overlays, force=force, message=message)


def _opened(app: Path) -> AbstractAsyncContextManager[Runtime]:
    settings = read_settings(os.environ)
    return open_runtime(app, settings, open_server_log(settings), TOOL)


def _counted(count: int) -> str:
    return f"{count} overlay{'' if count == 1 else 's'}"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
