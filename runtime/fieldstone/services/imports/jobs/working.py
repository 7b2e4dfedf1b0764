"""Work on a job: portion after portion is imported as its maker, who is looked up anew for each, so that a right that he lost is missed.

A portion, its results, and the progress of its job are one Unit: whatever becomes of the process, no row is imported twice. A job that is
cancelled, or that another process has taken over, ends before its next portion; one whose import is refused as a whole is broken off, and
what it has imported stays.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.clock import later
from fieldstone.engine.door import Door, Writing
from fieldstone.engine.locate import plain
from fieldstone.engine.operation import Import, Read
from fieldstone.engine.outcome import Imported, ImportedRow
from fieldstone.engine.own_rows import update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import in_one_unit, read_first, read_records
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError, Internal, PermissionDenied, Unavailable
from fieldstone.log import Log
from fieldstone.query.document import QueryDocument
from fieldstone.services.imports.jobs.rows import (
    ALIVE,
    AT_SEGMENT,
    JOB_FIELDS,
    JOBS,
    OF_JOB,
    PORTIONS,
    WrittenRecord,
    pack_results,
    pack_written,
    portion_of,
)

Member = Callable[[str, str | None], Awaitable[Caller | None]]
"""Returns a user as he would ask in an organisation; None when he is no active member of it."""

WATCH_SECONDS = 300.0
"""After how long a job that shows no sign of life is begun again; every portion is one."""

AT_ONCE = 2
"""How many jobs one process does at the same time."""

DAY = 86_400

Row = Mapping[str, Any]


class _Ready(msgspec.Struct, frozen=True, eq=False):
    """The import of a portion, with all that is slow about it done."""

    asked: Import
    caller: Caller
    importing: Writing
    prepared: Any


class Worker:
    """Does jobs."""

    def __init__(self, door: Door, member: Member, log: Log) -> None:
        self._door = door
        self._member = member
        self.log = log
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def proceed(self, job_id: str, segment: int) -> bool:
        """Does the next portion of a job, unless it is over or at another segment; tells whether there is more. Raises Unavailable."""
        async with self._turns:
            try:
                return await self._proceed(job_id, segment)
            except (Unavailable, asyncio.CancelledError):
                raise
            except FieldstoneError as error:
                await self._end(job_id, segment, "failed", {"code": error.code, "message": error.message})
            except Exception:
                self.log.exception("import_broke", job=job_id)
                message = "A fault of ours; the log tells more."
                await self._end(job_id, segment, "failed", {"code": Internal.code, "message": message})
            return False

    async def _proceed(self, job_id: str, segment: int) -> bool:
        job = await read_first(self._door.execute, JOBS, {"id": job_id}, JOB_FIELDS)
        if job is None or job["segment"] != segment or job["status"] not in ALIVE:
            return False
        portion = await self._next(job_id)
        if portion is None:
            await self._end(job_id, segment, "succeeded", None)
            return False
        caller = await self._member(job["started_by"], job["organization_id"])
        if caller is None:
            raise PermissionDenied("Whoever asked for this import is no active member of its organisation any more.")
        asked = portion_of(job, portion["cells"])
        importing = self._door.writing(asked)
        ready = _Ready(asked, caller, importing, await importing.prepare(self._door, asked, caller, None))
        done: bool = await in_one_unit(self._door.execute, partial(self._import, job, portion, ready))
        return done

    async def _next(self, job_id: str) -> dict[str, Any] | None:
        """Returns the first portion that is left."""
        query = QueryDocument(
            where={"job_id": job_id, "is_done": False},
            fields=["id", "number", "first_row", "cells"],
            order_by="number",
            limit=1,
            count=False,
        )
        found = (await self._door.execute(Read(PORTIONS, query), SYSTEM)).records()
        return plain(found[0]) if found else None

    async def _import(self, job: Row, portion: Row, ready: _Ready, door: Door, unit: Unit) -> bool:
        """Imports a portion within a Unit; False when the job is not this segment's any more."""
        life = {"status": "running", "due_at": later(unit.now, WATCH_SECONDS)}
        if not await update_own(unit, JOBS, life, AT_SEGMENT, job["id"], job["segment"]):
            return False
        async with unit.nested():
            imported = await ready.importing.apply(door, ready.prepared, ready.caller, unit)
        if not isinstance(imported, Imported):
            raise Internal(f"An import answered with {type(imported).__name__}.")
        written = await self._written(unit, ready.asked, imported.rows)
        results = {
            "is_done": True,
            "cells": None,
            "results": pack_results(imported.rows, portion["first_row"]),
            "written": pack_written(written),
        }
        await update_own(unit, PORTIONS, results, ID_IS, portion["id"])
        await update_own(unit, JOBS, _progress(job, imported.rows), ID_IS, job["id"])
        return True

    async def _written(self, unit: Unit, asked: Import, rows: Sequence[ImportedRow]) -> list[WrittenRecord]:
        """Returns the records that rows have written, as they were before this Unit: what is committed of them is that until it ends."""
        versions = {event.record_id: event.version for event in unit.events if event.object == asked.object}
        created = [row.id for row in rows if row.action == "created" and row.id is not None]
        changed = {row.id for row in rows if row.action == "updated" and row.id in versions} - set(created)
        fields = [column.field for column in asked.columns if column.field != "id"]
        before = {}
        if changed:
            where = {"id": {"$in": sorted(filter(None, changed))}}
            found = await read_records(self._door.execute, asked.object, where, ("id", *dict.fromkeys(fields)))
            before = {record["id"]: plain(record) for record in found}
        return [
            *(WrittenRecord(record_id, versions[record_id], None) for record_id in created),
            *(
                WrittenRecord(record_id, versions[record_id], {name: record[name] for name in fields})
                for record_id, record in before.items()
            ),
        ]

    async def _end(self, job_id: str, segment: int, status: str, error: Mapping[str, Any] | None) -> None:
        async def end(door: Door, unit: Unit) -> None:
            values = {"status": status, "error": error, **final(unit.now, door.limits.run_days)}
            if await update_own(unit, JOBS, values, AT_SEGMENT, job_id, segment):
                await forget_portions(unit, job_id, values["expires_at"])

        await in_one_unit(self._door.execute, end)


def final(now: str, days: int) -> dict[str, Any]:
    """Returns what the row of a job that is over holds."""
    return {"completed_at": now, "due_at": None, "expires_at": later(now, days * DAY)}


async def forget_portions(unit: Unit, job_id: str, at: str) -> None:
    """Lets the portions of a job be forgotten when it is."""
    await update_own(unit, PORTIONS, {"expires_at": at}, OF_JOB, job_id)


def _progress(job: Row, rows: Sequence[ImportedRow]) -> dict[str, int]:
    counted = Counter(row.action for row in rows)
    return {
        "done": job["done"] + len(rows),
        "made": job["made"] + counted["created"],
        "changed": job["changed"] + counted["updated"],
        "skipped": job["skipped"] + counted["skipped"],
        "refused": job["refused"] + counted["failed"],
    }
