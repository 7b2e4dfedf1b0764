"""Starting a job: an import of many rows is judged as one of none would be, and written down, portion by portion, until its turn comes.

Refuses what an import is refused as a whole, more rows than a job may have, and what a job does not do: trying, and all or none.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.clock import later
from fieldstone.engine.door import Door, Handlers, Writing
from fieldstone.engine.operation import Import, StartImport
from fieldstone.engine.outcome import ImportJob
from fieldstone.engine.own_rows import insert_own
from fieldstone.engine.unit import Unit
from fieldstone.errors import Invalid, Unauthenticated
from fieldstone.services.imports.jobs.rows import JOBS, PORTIONS, in_portions, pack_cells, pack_plan
from fieldstone.services.imports.reading.bounds import too_many_rows

Begin = Callable[[str], None]
"""Begins a job whose row stands, soon."""

BEGIN_SECONDS = 10.0
"""After how long a job that nobody has begun is begun by whoever looks."""

FIRST_SEGMENT = 1
PENDING: Final = "pending"


class Starting:
    """How jobs are started."""

    def __init__(self, begin: Begin) -> None:
        """Takes what begins a job."""
        self._begin = begin

    @property
    def handlers(self) -> Handlers:
        """What the door does with the start of a job."""
        return {StartImport: Writing(self._prepare, self._apply)}

    async def _prepare(self, door: Door, operation: StartImport, caller: Caller, unit: Unit | None) -> Import:
        """Returns the import; raises Invalid, PermissionDenied, PayloadTooLarge."""
        asked = operation.asked
        judged = msgspec.structs.replace(asked, rows=())
        await door.writing(asked).prepare(door, judged, caller, unit)
        if caller.id is None:
            raise Unauthenticated("An import belongs to a user.")
        if len(asked.rows) > door.limits.import_job_rows:
            raise too_many_rows(door.limits.import_job_rows)
        for name, flag in (("dryRun", asked.dry_run), ("atomic", asked.atomic)):
            if flag:
                hint = "Import a part of the file without a job to try it."
                raise Invalid(f"A job knows no `{name}`.", reason="INVALID_IMPORT", path=name, hint=hint)
        return asked

    async def _apply(self, door: Door, asked: Import, caller: Caller, unit: Unit) -> ImportJob:
        """Writes the job down within a Unit."""
        job_id = door.new_id()
        row = {
            **dict.fromkeys(("done", "made", "changed", "skipped", "refused"), 0),
            "id": job_id,
            "object_name": asked.object,
            "status": PENDING,
            "write_mode": asked.write_mode,
            "total": len(asked.rows),
            "plan": pack_plan(asked),
            "started_by": caller.id,
            "organization_id": caller.organization_id,
            "segment": FIRST_SEGMENT,
            "due_at": later(unit.now, BEGIN_SECONDS),
        }
        await insert_own(door, unit, JOBS, row, caller)
        for number, (before, rows) in enumerate(in_portions(asked.rows)):
            portion = {
                "job_id": job_id,
                "number": number,
                "first_row": before,
                "row_count": len(rows),
                "cells": pack_cells(rows),
                "is_done": False,
            }
            await insert_own(door, unit, PORTIONS, portion)
        unit.committed.append(partial(self._begin, job_id))
        return ImportJob(job_id, asked.object, PENDING, len(asked.rows), unit.now)
