"""The moment: what is read on the event loop's own thread within one turn of the loop is read as of one moment.

Each statement by itself locks the file, looks whether anything was written, and lets go: a third of a quick read's cost, in system calls.
So the second one of a turn opens a transaction, which those behind it find open, until the turn is over. Nobody misses what he may have
heard of: a request that is begun in a turn had come before the moment, and what is begun later runs behind its end, for the loop keeps
the order of its callbacks. Our own commits end it at once. See `docs/decisions/0023-one-moment-a-turn.md`.
"""

import asyncio

from fieldstone.store.sqlite_connection import SqliteConnection


class Moment:
    """Whether something was read in this turn of the loop, and whether the rest of it is of one moment."""

    def __init__(self, reader: SqliteConnection) -> None:
        """Takes the connection that reads on the loop's own thread, in tasks."""
        self._reader = reader
        self._begun = False
        self._shared = False

    def read(self) -> None:
        """Is told that a statement is about to be run."""
        if self._shared:
            return
        if self._begun:
            self._reader.hold()
            self._shared = True
        else:
            self._begun = True
            asyncio.get_running_loop().call_soon(self._turn_over)

    def end(self) -> None:
        """Lets what is read next see all that was committed."""
        if self._shared:
            self._reader.let_go()
            self._shared = False

    def _turn_over(self) -> None:
        self._begun = False
        self.end()
