"""The desk where jobs are asked for: lists them, tells what came of their rows, cancels and undoes them.

Who may look at a job and who may steer it is the policy of `sys_import_job`; to anybody else it is absent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.door import Door
from fieldstone.engine.locate import Target, locate
from fieldstone.engine.operation import Read
from fieldstone.engine.outcome import ImportedRow, Page
from fieldstone.engine.own_rows import update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import in_one_unit, read_first, read_records
from fieldstone.engine.unit import Unit
from fieldstone.errors import InvalidState, NotFound, PayloadTooLarge
from fieldstone.query.document import QueryDocument
from fieldstone.query.names import shown
from fieldstone.services.imports.jobs.rows import ALIVE, AWAKE, JOBS, PORTIONS, unpack_results, unpack_written
from fieldstone.services.imports.jobs.undoing import Undone, as_before, undo_records
from fieldstone.services.imports.jobs.working import final, forget_portions

LISTED = (
    "id", "object_name", "status", "write_mode", "total", "done", "made", "changed", "skipped", "refused", "error", "created_at",
    "completed_at", "undone_at",
)  # fmt: skip
"""What is told of a job."""

Job = Mapping[str, Any]


class ResultPage(msgspec.Struct, frozen=True):
    """Results of rows of an object in their order; `last` is the row after which the next page begins, None at the end of what is done."""

    object: str
    rows: list[ImportedRow]
    total: int
    last: int | None


class ImportDesk:
    """Answers what is asked about jobs."""

    def __init__(self, door: Door) -> None:
        """Takes the door."""
        self.door = door

    async def read(self, caller: Caller, job_id: str) -> Job:
        """Returns a job that the caller may see; raises NotFound."""
        job = await read_first(self.door.execute, JOBS, {"id": job_id}, LISTED, caller)
        if job is None:
            raise _absent(job_id)
        return job

    async def jobs(self, caller: Caller, where: Mapping[str, Any], limit: int, cursor: str | None) -> Page:
        """Returns a page of the jobs that the caller may see, the newest first."""
        query = QueryDocument(
            where=dict(where),
            fields=list(LISTED),
            order_by="-created_at",
            limit=limit,
            cursor=msgspec.UNSET if cursor is None else cursor,
        )
        return await self.door.execute(Read(JOBS, query), caller)

    async def results(self, caller: Caller, job_id: str, action: str | None, after: int, limit: int) -> ResultPage:
        """Returns results behind a row, of one action or of all."""
        job = await self.read(caller, job_id)
        rows: list[ImportedRow] = []
        where = {"job_id": job_id, "is_done": True}
        for portion in await read_records(self.door.execute, PORTIONS, where, ("id", "first_row", "row_count")):
            if portion["first_row"] + portion["row_count"] <= after or len(rows) > limit:
                continue
            found = await read_first(self.door.execute, PORTIONS, {"id": portion["id"]}, ("results",))
            told = unpack_results(found["results"]) if found is not None else []
            rows += [row for row in told if row.row > after and action in (None, row.action)]
        return ResultPage(
            job["object_name"], rows[:limit], job["done"], rows[limit - 1].row if len(rows) > limit else None
        )

    async def cancel(self, caller: Caller, job_id: str) -> Job:
        """Ends a job before its next portion; raises InvalidState for one that is over."""

        async def cancel(door: Door, unit: Unit) -> None:
            await self._require_change(door, unit, caller, job_id)
            over = {"status": "cancelled", **final(unit.now, door.limits.run_days)}
            if not await update_own(unit, JOBS, over, AWAKE, job_id):
                raise InvalidState("The import is over already.")
            await forget_portions(unit, job_id, over["expires_at"])

        await in_one_unit(self.door.execute, cancel)
        return await self.read(caller, job_id)

    async def undo(self, caller: Caller, job_id: str) -> tuple[Job, Undone]:
        """Undoes a job that is over, as the caller; raises InvalidState, PayloadTooLarge."""

        async def require(door: Door, unit: Unit) -> None:
            await self._require_change(door, unit, caller, job_id)

        await in_one_unit(self.door.execute, require)
        job = await self.read(caller, job_id)
        self._require_undoable(job)
        where = {"job_id": job_id, "is_done": True}
        portions = await read_records(self.door.execute, PORTIONS, where, ("written",), SYSTEM)
        records = as_before(unpack_written(portion["written"]) for portion in portions)
        undone = await undo_records(self.door, caller, job["object_name"], records)

        async def mark(_door: Door, unit: Unit) -> None:
            await update_own(unit, JOBS, {"undone_at": unit.now}, ID_IS, job_id)

        await in_one_unit(self.door.execute, mark)
        return job, undone

    def _require_undoable(self, job: Job) -> None:
        if job["status"] in ALIVE:
            raise InvalidState(f"The import is {job['status']}.", hint="Cancel it first.")
        if job["undone_at"] is not None:
            raise InvalidState("The import was undone already.", details={"undoneAt": job["undone_at"]})
        if job["object_name"] not in self.door.catalog.objects:
            raise InvalidState(f"There is no `{job['object_name']}` any more.")
        most = self.door.limits.import_rows
        if job["made"] + job["changed"] > most:
            raise PayloadTooLarge(
                f"The import has written more than {most} records: too many to undo.", details={"limit": most}
            )

    async def _require_change(self, door: Door, unit: Unit, caller: Caller, job_id: str) -> None:
        """Raises NotFound for a job that the caller may not see, PermissionDenied for one that he may not steer."""
        subject = door.catalog.objects[JOBS]
        update, read = (door.policies.policy(caller, JOBS, action) for action in ("update", "read"))
        try:
            await locate(door, unit, caller, Target(subject, update, read, job_id, None))
        except NotFound:
            raise _absent(job_id) from None


def _absent(job_id: str) -> NotFound:
    return NotFound(f"No import `{shown(job_id)}`.")
