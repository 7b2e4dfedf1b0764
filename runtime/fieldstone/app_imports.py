"""How imports of many rows are put together: the desk where they are asked for, and what carries them.

A part of the composition root, which is `app.py`.
"""

from collections.abc import Mapping
from functools import partial

from fieldstone.engine.door import Door, Handlers
from fieldstone.flows.durable.carried import LongWork
from fieldstone.flows.room import FlowRoom
from fieldstone.log import Log
from fieldstone.services.imports.importing import IMPORT_HANDLERS
from fieldstone.services.imports.jobs.desk import ImportDesk
from fieldstone.services.imports.jobs.rows import JOBS
from fieldstone.services.imports.jobs.starting import Starting
from fieldstone.services.imports.jobs.working import Member, Worker
from fieldstone.surfaces.rest.handlers import bind_handlers
from fieldstone.surfaces.rest.native.import_jobs import IMPORT_JOB_HANDLERS
from fieldstone.surfaces.rest.table import Handler

WORK = "import"
"""What imports are called among the work that is carried like runs of flows."""


def import_operations(flows: FlowRoom) -> Handlers:
    """Returns what the door does with imports."""
    return {**IMPORT_HANDLERS, **Starting(partial(flows.begin_work, WORK)).handlers}


def import_handlers(door: Door) -> Mapping[str, Handler]:
    """Returns the handlers of jobs."""
    return bind_handlers(IMPORT_JOB_HANDLERS, ImportDesk(door))


def import_works(door: Door, member: Member, log: Log) -> Mapping[str, LongWork]:
    """Returns what does jobs."""
    return {WORK: LongWork(JOBS, Worker(door, member, log).proceed)}
