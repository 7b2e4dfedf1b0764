"""Denials: who was refused what only administrators do, written into the audit log, each at most once a minute for a user and a route.

Whoever is refused again and again fills neither the log nor the disk.
"""

from collections import OrderedDict

from fieldstone.access.caller import Caller
from fieldstone.clock import Clock, later
from fieldstone.engine.audit import Entry, write_entry
from fieldstone.engine.records import Execute

_PAUSE = 60
_KEPT = 10_000


class Denials:
    """Writes refusals down, one process's at a time."""

    def __init__(self, execute: Execute, clock: Clock) -> None:
        self._execute = execute
        self._clock = clock
        self._told: OrderedDict[tuple[str | None, str], str] = OrderedDict()

    async def note(self, caller: Caller, route: str, permission: str | None) -> None:
        """Writes down that a caller was refused at a route, for want of a permission where that is known."""
        now = self._clock()
        key = (caller.id, route)
        if caller.organization_id is None or self._told.get(key, "") > now:
            return
        self._told[key] = later(now, _PAUSE)
        self._told.move_to_end(key)
        while len(self._told) > _KEPT:
            self._told.popitem(last=False)
        details = {"route": route} | ({} if permission is None else {"permission": permission})
        entry = Entry(action="access.denied", outcome="denied", concerned=caller.id, details=details)
        await write_entry(self._execute, caller, caller.organization_id, now, entry)
