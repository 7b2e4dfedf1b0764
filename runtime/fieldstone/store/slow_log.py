"""The slow-query log: which statements take long, as what text, and how the database runs them. No value of a request is in it.

A statement is told from whichever thread it ran in, and written down on the loop beside the requests. How it is run is asked for a text
once in a while, for asking costs a statement itself.
"""

import asyncio
import re
from collections import deque
from time import monotonic
from typing import Any, Final

from fieldstone.errors import FieldstoneError
from fieldstone.log import Log
from fieldstone.store.database import Database
from fieldstone.store.explain import explain_text
from fieldstone.store.use import SlowRun

MOST_WAITING: Final = 1000
"""So many that are not yet written down are kept; then the oldest are dropped."""

MOST_TEXTS: Final = 1000
"""For so many texts it is known when their plan was asked for."""

PLAN_SECONDS: Final = 600.0
"""How long the plan of a text is not asked for again."""

LONGEST_TEXT: Final = 4000
_WITHIN = re.compile(r"\([^()]*\)")
_TABLE = re.compile(r'\bFROM\s+"?([A-Za-z_][\w.]*)')
_WRITTEN = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?([A-Za-z_][\w.]*)')
_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
_PLANNED = ("SELECT", *_WRITES)


class SlowLog:
    """Writes down slow statements."""

    def __init__(self, database: Database, log: Log, *, seconds: float) -> None:
        """Takes the database, which tells of statements from now on, and from how many seconds on one is slow."""
        self._database = database
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._writing = asyncio.Lock()
        self._runs: deque[SlowRun] = deque(maxlen=MOST_WAITING)
        self._planned: dict[str, float] = {}
        database.watch.after = seconds
        database.watch.tell = self._tell

    async def write_for_ever(self) -> None:
        """Writes down what is told until it is cancelled."""
        while True:
            await self._told.wait()
            await self.write()

    async def write(self) -> None:
        """Returns when everything that was told is written down."""
        async with self._writing:
            self._told.clear()
            while self._runs:
                await self._write(self._runs.popleft())

    async def _write(self, run: SlowRun) -> None:
        values: dict[str, Any] = {} if run.request is None else {"id": run.request}
        plan = await self._plan(run.text)
        if plan is not None:
            values["plan"] = plan
        self._log.warning(
            "slow_statement",
            object=object_of(run.text),
            ms=round(run.seconds * 1000, 2),
            rows=run.rows,
            sql=run.text[:LONGEST_TEXT],
            **values,
        )

    def _tell(self, run: SlowRun) -> None:
        self._runs.append(run)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)

    async def _plan(self, text: str) -> Any:
        """Returns how a text is run; None for one that has no plan, or whose plan was told a while ago."""
        now = monotonic()
        if not text.startswith(_PLANNED) or now - self._planned.get(text, -PLAN_SECONDS) < PLAN_SECONDS:
            return None
        if len(self._planned) >= MOST_TEXTS:
            self._planned.clear()
        self._planned[text] = now
        try:
            return await explain_text(self._database, text)
        except FieldstoneError as error:
            return error.message


def object_of(text: str) -> str | None:
    """Returns the table that a statement is about: the first that it writes, else the first that it names outside of parentheses."""
    written = _WRITTEN.search(text) if text.startswith(_WRITES) else None
    if written is not None:
        return written[1]
    outside, more = text, 1
    while more:
        outside, more = _WITHIN.subn("", outside)
    found = _TABLE.search(outside)
    return None if found is None else found[1]
