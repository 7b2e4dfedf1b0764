"""Serving processes under a parent that holds the socket: several at once, or one that starts anew after every change.

The parent answers nothing itself. While no child listens, connections wait in the socket's queue.
"""

import multiprocessing
import multiprocessing.process
import signal
import socket
import threading
import time
from multiprocessing.connection import wait
from pathlib import Path

from rich.console import Console
from watchfiles import Change, watch

from fieldstone.app_catalog import load_catalog
from fieldstone.cli.report import report_faults
from fieldstone.cli.worker import serve_app
from fieldstone.errors import DeclarationError
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings

YOUNG_SECONDS = 5.0
WATCHED = frozenset({".yaml", ".py"})

Child = multiprocessing.process.BaseProcess


class Children:
    """The serving processes of one parent; SIGTERM and SIGINT stop them, and with them the parent."""

    def __init__(self, folder: Path, settings: Settings, listener: socket.socket) -> None:
        """Takes what every child serves."""
        self.stopping = threading.Event()
        self._arguments = (folder, settings, listener)
        self._running: dict[Child, float] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stopping.set())

    def start(self) -> None:
        """Starts one more child."""
        child = multiprocessing.get_context("spawn").Process(target=_serve_child, args=self._arguments)
        child.start()
        self._running[child] = time.monotonic()

    def stop(self) -> None:
        """Ends every child, after what it is answering."""
        for child in self._running:
            child.terminate()
        for child in self._running:
            child.join()
        self._running.clear()

    def ended(self, seconds: float) -> list[bool]:
        """Waits for children to end by themselves; tells of each of those whether it had failed to start."""
        ready = wait([child.sentinel for child in self._running], seconds)
        failed = []
        for child in [child for child in self._running if child.sentinel in ready]:
            child.join()
            age = time.monotonic() - self._running.pop(child)
            failed.append(age < YOUNG_SECONDS and (child.exitcode or 0) > 0)
        return failed


def serve_in_workers(folder: Path, settings: Settings, listener: socket.socket, workers: int) -> int:
    """Serves in several processes until told to stop; returns the exit code, 1 when one could not even start.

    A process that ends by itself is replaced.
    """
    children = Children(folder, settings, listener)
    try:
        for _ in range(workers):
            children.start()
        while not children.stopping.is_set():
            for failed in children.ended(0.2):
                if children.stopping.is_set():
                    return 0
                if failed:
                    return 1
                children.start()
        return 0
    finally:
        children.stop()


def serve_and_reload(folder: Path, settings: Settings, listener: socket.socket, catalog: Catalog) -> None:
    """Serves in one process that is started anew after each change; declarations with faults leave the old one running."""
    children = Children(folder, settings, listener)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        children.start()
        for _ in watch(
            *_folders(folder, catalog),
            watch_filter=_is_source,
            stop_event=children.stopping,
            raise_interrupt=False,
        ):
            try:
                load_catalog(folder)
            except DeclarationError as error:
                report_faults(error.faults, console)
                console.print("What was there before is still served.")
                continue
            console.print("The declarations have changed: starting again.")
            children.stop()
            children.start()
    finally:
        children.stop()


def _serve_child(folder: Path, settings: Settings, listener: socket.socket) -> None:
    serve_app(folder, settings, listener, lambda: None)


def _folders(folder: Path, catalog: Catalog) -> set[Path]:
    """Returns the folders in which the app's declarations lie."""
    files = (Path(item.place.file) for items in catalog.items.values() for item in items.values())
    return {folder, *(file.parent for file in files)}


def _is_source(_change: Change, path: str) -> bool:
    return Path(path).suffix in WATCHED
