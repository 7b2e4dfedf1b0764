"""Watching the files of an app that is served: after each change they are read again, and requests are answered all the while."""

from pathlib import Path

from rich.console import Console
from watchfiles import Change, awatch

from fieldstone.app import Runtime
from fieldstone.cli.report import report_error
from fieldstone.errors import FieldstoneError
from fieldstone.registry.catalog import Catalog
from fieldstone.services.meta.reloading import ChangedItem, changed_items

WATCHED = frozenset({".yaml", ".py"})
MOST_TOLD = 5


async def reload_on_change(folder: Path, runtime: Runtime) -> None:
    """Reloads an app whenever its files change, until it is cancelled; faults are printed as `check` prints them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    while True:
        folders = _folders(folder, runtime.catalog)
        async for _ in awatch(*folders, watch_filter=_is_source):
            await _reload(runtime, console)
            if _folders(folder, runtime.catalog) != folders:
                break


async def _reload(runtime: Runtime, console: Console) -> None:
    before = runtime.catalog
    try:
        after = await runtime.generations.reload()
    except FieldstoneError as error:
        report_error(error)
        console.print("What was there before is still served.")
        return
    if after is not before:
        console.print(f"Reloaded: {_told(changed_items(before, after))}.")


def _told(changed: list[ChangedItem]) -> str:
    told = [f"{item.type} {item.name}" for item in changed[:MOST_TOLD]]
    more = len(changed) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "") if changed else "the app"


def _folders(folder: Path, catalog: Catalog) -> set[Path]:
    """Returns the folders in which the app's declarations lie."""
    files = (Path(item.place.file) for items in catalog.items.values() for item in items.values() if item.place.line)
    return {folder, *(file.parent for file in files)}


def _is_source(_change: Change, path: str) -> bool:
    return Path(path).suffix in WATCHED
