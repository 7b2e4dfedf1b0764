"""A part of the benchmark: what it is called, the rows that it measures, and the sections of the report that it makes of them.

To add a part: a module that returns Sections, and a line in `PARTS` of `bench/run.py`. What its figures are held to stands in
`bench/targets.py`.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console

from bench.measure import Plan
from bench.server import Stand, stand


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the report under a title; the first `names` columns are texts, all others numbers.

    `note` says under which conditions it was measured, `missed` holds a line for each target that was missed, `charts` holds
    pictures of the figures as SVG by the names of their files.
    """

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    names: int = 1
    note: str = ""
    missed: list[str] = []
    charts: dict[str, str] = {}


class Bench:
    """What the parts of one run share: how to measure, on which database, and the two servers, started when first asked for."""

    def __init__(self, plan: Plan, rows: int, folder: Path, console: Console, *, postgres: bool) -> None:
        """Takes a folder that is empty and its own."""
        self.plan, self.rows, self.folder, self.console, self.postgres = plan, rows, folder, console, postgres
        self.database = "PostgreSQL" if postgres else "SQLite"
        self._stack = ExitStack()
        self._stand: Stand | None = None

    def stand(self) -> Stand:
        """Returns the servers with their data; the first call starts and loads them."""
        if self._stand is None:
            ready = stand(self.rows, self.folder, self.console, postgres=self.postgres)
            self._stand = self._stack.enter_context(ready)
        return self._stand

    @property
    def standing(self) -> Stand | None:
        """The servers, if they were started by now."""
        return self._stand

    def __enter__(self) -> Self:
        """Begins a run."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stops all servers."""
        self._stack.__exit__(kind, error, at)


class Part(msgspec.Struct, frozen=True):
    """A part: `measure` is given the names of the rows that are wanted, all or some of `rows`."""

    name: str
    rows: Sequence[str]
    measure: Callable[[Bench, Sequence[str]], list[Section]]

    def chosen(self, only: Sequence[str]) -> list[str]:
        """Returns the rows whose names, or whose part's, hold one of the texts; all where there is no text."""
        if not only or any(text in self.name for text in only):
            return list(self.rows)
        return [row for row in self.rows if any(text in row for text in only)]
