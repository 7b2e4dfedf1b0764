"""DBOS as the carrier: each segment is one of its workflows, with an id of its own, so that beginning it twice is beginning it once.

DBOS keeps in its own database which executor is at which segment, and hands those of a dead one to another. What a segment has done is
not its business: that is in the run's journal. It is launched by the first segment, since an app without runs needs none of it; there is
one of it in a process. What of its face is private is used here alone, and held by the tests that kill.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

from fieldstone.errors import SettingsError
from fieldstone.flows.durable.carrier import AT_ONCE, Proceed
from fieldstone.log import Log
from fieldstone.store.side_file import SQLITE, prepare_side_file

NAME = "fieldstone"
SCHEMA = "fieldstone_flows"
LAYOUT = "1"
"""What the workflows take and do; a process of another layout leaves them alone."""

THREADS = 32
CONNECTIONS = 4
CLOSING_SECONDS = 5.0
FORGOTTEN_AT_ONCE = 1000

_TAKEN = threading.Lock()
"""Held by the one carrier of this process that is launched."""


class DbosCarrier:
    """Carries segments by DBOS, in the name of an executor that no other process ever has."""

    def __init__(self, url: str, executor: str, proceed: Proceed, log: Log) -> None:
        """Takes the address of its database, which is an SQLite file of its own or a PostgreSQL database that it has a schema in."""
        self._url = url.replace("postgres://", "postgresql://", 1)
        self._executor = executor
        self._proceed = proceed
        self._log = log
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._launching = asyncio.Lock()
        self._workflow: Any = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def carry(self, run_id: str, segment: int) -> None:
        """Begins a segment unless it was begun before, here or elsewhere."""
        await self._launch()
        # In a context of its own: begun within another segment it would be a part of that one.
        await asyncio.create_task(self._begin(run_id, segment), context=Context())

    async def take_over(self, executors: Sequence[str]) -> int:
        """Puts what dead executors were carrying into the queue of those that live."""
        await self._launch()
        found = await asyncio.to_thread(DBOS._recover_pending_workflows, list(executors))
        return len(found)

    async def forget(self, before: str) -> int:
        """Deletes what DBOS remembers of segments that were over before an instant, as far as it was launched at all."""
        if self._workflow is None:
            return 0
        over = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before,
            limit=FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if over:
            await DBOS.delete_workflows_async([item.workflow_id for item in over])
        return len(over)

    async def close(self) -> None:
        """Gives what is being done a while, then lets go of it: whoever takes over begins it again."""
        if self._workflow is None:
            return
        tasks = list(self._under_way)
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
        # DBOS writes down nothing of a workflow that is cancelled so: for it the executor was at it when it ended.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        self._workflow = None
        # DBOS put its own threads behind the loop's `to_thread`, and they are gone now.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        _TAKEN.release()

    async def _begin(self, run_id: str, segment: int) -> None:
        with SetWorkflowID(f"{run_id}.{segment}"):
            await DBOS.start_workflow_async(self._workflow, run_id, segment)

    async def _launch(self) -> None:
        async with self._launching:
            if self._workflow is not None:
                return
            if not _TAKEN.acquire(blocking=False):
                raise SettingsError("This process carries the flows of another app already.")
            try:
                self._workflow = await self._opened()
            except BaseException:
                DBOS.destroy(destroy_registry=True)
                _TAKEN.release()
                raise

    async def _opened(self) -> Any:
        """Returns the workflow of a DBOS that is launched; raises SettingsError."""

        # What DBOS wraps is a plain function.
        async def segment(run_id: str, number: int) -> None:
            await self._segment(run_id, number)

        try:
            await asyncio.to_thread(self._prepare)
        except Exception as error:
            raise SettingsError(
                "The database of the flows cannot be opened.",
                hint="On PostgreSQL the user must be allowed to make a schema; see FIELDSTONE_FLOWS_DATABASE_URL.",
            ) from error
        DBOS(config=self._config())
        workflow = DBOS.workflow(name="segment")(segment)
        DBOS.launch()
        return workflow

    def _prepare(self) -> None:
        """Makes the tables, away from the loop: the first time takes a while."""
        if self._url.startswith(SQLITE):
            prepare_side_file(self._url)
        _lead_log(self._log)
        DBOS.migrate(self._url, schema=SCHEMA)

    def _config(self) -> DBOSConfig:
        config = DBOSConfig(
            name=NAME,
            system_database_url=self._url,
            executor_id=self._executor,
            application_version=LAYOUT,
            sys_db_pool_size=CONNECTIONS,
            max_executor_threads=THREADS,
            use_listen_notify=False,
            enable_otlp=False,
            run_migrations=False,
            log_level="WARNING",
        )
        if not self._url.startswith(SQLITE):
            config["dbos_system_schema"] = SCHEMA
        return config

    async def _segment(self, run_id: str, segment: int) -> None:
        """The workflow."""
        task = asyncio.current_task()
        if task is not None:
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        async with self._turns:
            await self._proceed(run_id, segment)


class _Leading(logging.Handler):
    """Leads what DBOS has to say into the server's log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._told = log

    def emit(self, record: logging.LogRecord) -> None:
        self._told.warning("flows_engine", said=record.getMessage())


def _lead_log(log: Log) -> None:
    logger = logging.getLogger("dbos")
    logger.handlers = [_Leading(log)]
    logger.propagate = False
