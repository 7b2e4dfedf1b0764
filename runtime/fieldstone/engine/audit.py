"""The audit log: one entry for each deed that somebody may have to account for, in the Unit of that deed where there is one.

An entry names who, whom it concerns and what, and holds no secret. It is written by the system and changed by nobody.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import Caller, system_in
from fieldstone.clock import later
from fieldstone.engine.records import Execute, create_records
from fieldstone.trace import TRACE

AUDIT = "sys_audit_log"
KEPT_DAYS = 400
"""So long entries are kept: a year, and time to look back at it."""

_SECONDS = 24 * 60 * 60


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One deed; `concerned` is the user whom it concerns, `details` what was given, asked for or changed."""

    action: str
    outcome: str = "done"
    concerned: str | None = None
    object_name: str | None = None
    record_id: str | None = None
    details: dict[str, Any] | None = None


async def write_entry(execute: Execute, caller: Caller, organization_id: str | None, now: str, entry: Entry) -> None:
    """Writes an entry into the log of an organisation; what belongs to none is seen by nobody but the system."""
    trace = TRACE.get()
    row = {name: value for name, value in msgspec.structs.asdict(entry).items() if value is not None}
    row |= {"expires_at": later(now, KEPT_DAYS * _SECONDS)}
    row |= {} if caller.id is None else {"actor": caller.id}
    row |= {} if caller.key is None else {"api_key": caller.key}
    row |= {} if trace is None else {"address": trace.address[:100], "request": trace.request}
    place = Caller(sets=frozenset(), values={}, system=True) if organization_id is None else system_in(organization_id)
    await create_records(execute, AUDIT, [row], place)
