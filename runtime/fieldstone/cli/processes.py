"""Serving processes, several at once, under a parent that holds the socket.

The parent answers nothing itself. While no child listens, connections wait in the socket's queue.
"""

import multiprocessing
import multiprocessing.process
import signal
import socket
import threading
import time
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path

from fieldstone.cli.worker import serve_app
from fieldstone.settings import Settings

YOUNG_SECONDS = 5.0

Child = multiprocessing.process.BaseProcess


class Children:
    """The serving processes of one parent; SIGTERM and SIGINT stop them, and with them the parent."""

    def __init__(self, folder: Path, settings: Settings, listener: socket.socket) -> None:
        """Takes what every child serves."""
        self.stopping = threading.Event()
        self._arguments = (folder, settings, listener)
        self._listener = listener
        self._running: dict[Child, tuple[int, float]] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stopping.set())

    def start(self) -> None:
        """Starts one more child, under the lowest number that is free."""
        taken = {number for number, _ in self._running.values()}
        number = next(number for number in count(1) if number not in taken)
        child = multiprocessing.get_context("spawn").Process(target=_serve_child, args=(*self._arguments, number))
        child.start()
        self._running[child] = (number, time.monotonic())

    def stop(self) -> None:
        """Ends every child, after what it is answering; once they do not listen any more, nobody does."""
        for child in self._running:
            child.terminate()
        self._listener.close()
        for child in self._running:
            child.join()
        self._running.clear()

    def ended(self, seconds: float) -> list[bool]:
        """Waits for children to end by themselves; tells of each of those whether it had failed to start."""
        ready = wait([child.sentinel for child in self._running], seconds)
        failed = []
        for child in [child for child in self._running if child.sentinel in ready]:
            child.join()
            age = time.monotonic() - self._running.pop(child)[1]
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


def _serve_child(folder: Path, settings: Settings, listener: socket.socket, number: int) -> None:
    serve_app(folder, settings, listener, lambda _catalog: None, worker=number)
