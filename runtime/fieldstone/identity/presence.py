"""Presence: when a session or a key was last used, noted by requests and written down beside them.

No request waits for it. Somebody who is there all the time is written down once in a quarter of an hour, and one statement writes down
everybody who was noted since the last. What is lost with a process, or cannot be written, is noted again at the next turn.
"""

import asyncio
from collections.abc import Mapping

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Batch
from fieldstone.engine.records import Execute
from fieldstone.errors import FieldstoneError
from fieldstone.log import Log

EVERY = 15 * 60
"""After how many seconds a use is noted again."""

SECONDS_BETWEEN = 30.0
AT_ONCE = 500

FIELDS: Mapping[str, str] = {"sys_session": "last_seen_at", "sys_api_key": "last_used_at"}
"""Where the instant is kept."""


class Presence:
    """Holds what was noted until it is written."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._noted: dict[str, dict[str, str]] = {name: {} for name in FIELDS}

    def note(self, object_name: str, record_id: str, at: str) -> None:
        """Notes that a session or key was used at an instant."""
        self._noted[object_name][record_id] = at

    async def write(self) -> None:
        """Writes down what is noted; what is gone in the meantime is left out."""
        for object_name, field in FIELDS.items():
            noted = list(self._noted[object_name].items())
            self._noted[object_name] = {}
            for first in range(0, len(noted), AT_ONCE):
                some = noted[first : first + AT_ONCE]
                records = tuple({"id": record_id, "data": {field: at}} for record_id, at in some)
                await self._execute(Batch(object_name, "update", records), SYSTEM)

    async def write_for_ever(self, log: Log, seconds: float = SECONDS_BETWEEN) -> None:
        """Writes now and then until it is cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.write()
            except FieldstoneError:
                log.exception("presence not written")
