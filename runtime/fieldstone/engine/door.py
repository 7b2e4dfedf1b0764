"""The door: the one way to the data. Executes an Operation for a Caller, by the handler of its type.

A read goes straight to the store. A write is prepared first (rights, body, hashing: nothing that needs the database locked),
then applied within a Unit, which the door opens at the outermost write and commits, rolls back or tries again as a whole. A dry
run is the same, rolled back at its end.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, overload

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.clock import Clock
from fieldstone.engine.asked import Lists
from fieldstone.engine.budget import Budgets
from fieldstone.engine.hooks import Event, Hook
from fieldstone.engine.journal import write_journal
from fieldstone.engine.operation import (
    Across,
    Aggregate,
    Batch,
    CancelRun,
    Clone,
    Create,
    Delete,
    Export,
    Get,
    Import,
    Invoke,
    Once,
    Operation,
    Read,
    ReadHistory,
    ReadRun,
    ReadShares,
    ReplayRun,
    Restore,
    ResumeRun,
    Search,
    SendMail,
    ShareRecord,
    StartFlow,
    StartImport,
    Together,
    UnshareRecord,
    Update,
    Work,
)
from fieldstone.engine.outcome import (
    AcrossResult,
    BatchResult,
    Deleted,
    Done,
    Exported,
    Found,
    Groups,
    History,
    Imported,
    ImportJob,
    Invoked,
    Kept,
    Outcome,
    Page,
    Record,
    RunState,
    Worked,
    Written,
)
from fieldstone.engine.plans import Plans
from fieldstone.engine.unit import Fetch, Preparer, Ready, ReadyValues, Undone, Unit, Unprepared, fetcher
from fieldstone.errors import Internal, SerializationFailure
from fieldstone.ids import NewId
from fieldstone.keyring import Keyring
from fieldstone.settings import Settings
from fieldstone.store.interface import Store

PAUSES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.5, 0.5)
"""The longest wait, in seconds, before each new try of a Unit that the database refused to serialise."""

MOST_PREPARED = 200
"""How many values an operation may ask to be prepared for it while its Unit is open; each asking costs a new try."""


class Reading(msgspec.Struct, frozen=True, eq=False):
    """How an operation that changes nothing is answered."""

    answer: Callable[["Door", Any, Caller, Unit | None], Coroutine[Any, Any, Outcome]]


class Writing(msgspec.Struct, frozen=True, eq=False):
    """How an operation that writes is done: `prepare` before its Unit opens, `apply` within it, once more when it is tried again.

    `prepare` is given the Unit that the operation joins, None when it is to have one of its own. What it returns is given to `apply`,
    which must leave it as it is. `apply` may raise `Undone`; a `whole` one does nothing after its write that could fail.
    """

    prepare: Callable[["Door", Any, Caller, Unit | None], Awaitable[Any]]
    apply: Callable[["Door", Any, Caller, Unit], Awaitable[Outcome]]
    whole: bool = False


Handlers = Mapping[type, Reading | Writing]


class Door:
    """Executes operations. What it holds is for its handlers; other rooms call `execute` alone, and read `catalog` and `policies`."""

    def __init__(
        self,
        store: Store,
        handlers: Handlers,
        settings: Settings,
        *,
        hooks: Sequence[Hook],
        preparers: Mapping[str, Preparer],
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """Takes the table of handlers, the hooks in their order, and a preparer for each field type that needs one."""
        self.store = store
        self.catalog = store.catalog
        self.policies = Policies(store.catalog)
        self.plans = Plans(store)
        self.budgets = Budgets(store)
        self.limits = settings.limits
        self.lists = Lists(self.plans, self.limits)
        self.cursor_keys = Keyring(settings.secret, settings.secret_old).keys("cursors")
        self.clock = clock
        self.new_id = new_id
        self._handlers = handlers
        self._preparers = preparers
        self._hooks: dict[tuple[str, Event], tuple[Hook, ...]] = {}
        for hook in hooks:
            key = (hook.object, hook.event)
            self._hooks[key] = (*self._hooks.get(key, ()), hook)

    @overload
    async def execute(
        self, operation: Read | ReadShares, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Page: ...
    @overload
    async def execute(
        self, operation: Aggregate, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Groups: ...
    @overload
    async def execute(
        self, operation: Search, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Found: ...
    @overload
    async def execute(
        self, operation: Export, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Exported: ...
    @overload
    async def execute(
        self, operation: Get, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Record: ...
    @overload
    async def execute(
        self, operation: ReadHistory, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> History: ...
    @overload
    async def execute(
        self,
        operation: Create | Update | Restore | Clone | SendMail | ShareRecord,
        caller: Caller,
        *,
        unit: Unit | None = None,
        dry: bool = False,
    ) -> Written: ...
    @overload
    async def execute(
        self, operation: Delete | UnshareRecord, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Deleted: ...
    @overload
    async def execute(
        self, operation: Batch, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> BatchResult: ...
    @overload
    async def execute(
        self, operation: Across, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> AcrossResult: ...
    @overload
    async def execute(
        self, operation: Import, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Imported: ...
    @overload
    async def execute(
        self, operation: StartImport, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> ImportJob: ...
    @overload
    async def execute(
        self, operation: Once, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Kept: ...
    @overload
    async def execute(
        self, operation: Invoke, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Invoked: ...
    @overload
    async def execute(
        self, operation: Together, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Done: ...
    @overload
    async def execute(
        self,
        operation: StartFlow | ReadRun | CancelRun | ResumeRun | ReplayRun,
        caller: Caller,
        *,
        unit: Unit | None = None,
        dry: bool = False,
    ) -> RunState: ...
    @overload
    async def execute(
        self, operation: Work, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Worked: ...
    @overload
    async def execute(
        self, operation: Operation, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Outcome: ...

    def execute(
        self, operation: Operation, caller: Caller, *, unit: Unit | None = None, dry: bool = False
    ) -> Coroutine[Any, Any, Any]:
        """Does what is asked, in a Unit that is open already or in one of its own, and returns what came of it.

        A dry one is done and undone.
        """
        handler = self._handlers[type(operation)]
        if isinstance(handler, Reading):
            return handler.answer(self, operation, caller, unit)
        return self._write(handler, operation, caller, unit, dry=dry)

    async def _write(
        self, handler: Writing, operation: Operation, caller: Caller, unit: Unit | None, *, dry: bool
    ) -> Outcome:
        prepared = await handler.prepare(self, operation, caller, unit)
        if unit is None:
            return await self._in_own_unit(handler, prepared, caller, dry=dry)
        try:
            async with unit.nested():
                return _settled(await handler.apply(self, prepared, caller, unit), dry=dry)
        except Undone as undone:
            return undone.outcome

    def writing(self, operation: Operation) -> Writing:
        """Returns how an operation that writes is done, for one that wraps it."""
        handler = self._handlers[type(operation)]
        if isinstance(handler, Reading):
            raise Internal(f"{type(operation).__name__} writes nothing.")
        return handler

    def fetcher(self, unit: Unit | None) -> Fetch:
        """Returns how to read: within the Unit when there is one, so that its own writes are seen."""
        return fetcher(self.store, unit)

    def preparers(self, unit: Unit | None) -> Mapping[str, Preparer]:
        """Returns the preparer of each field type that has one; within a Unit they wait for nothing."""
        return self._preparers if unit is None else ReadyValues(self._preparers, unit.ready)

    def hooks(self, object_name: str, event: Event) -> tuple[Hook, ...]:
        """Returns the hooks of an object and event, in the order of the table."""
        return self._hooks.get((object_name, event), ())

    async def _in_own_unit(self, handler: Writing, prepared: Any, caller: Caller, *, dry: bool) -> Outcome:
        """Tries until the database and the preparers are content; each new try begins from nothing."""
        ready: Ready = {}
        pauses = iter(PAUSES)
        while True:
            try:
                return await self._once(handler, prepared, caller, ready, dry=dry)
            except Unprepared as wanted:
                if len(ready) >= MOST_PREPARED:
                    raise Internal("An operation never comes to an end of what it wants prepared.") from None
                ready[wanted.type_name, wanted.value] = await self._preparers[wanted.type_name](wanted.value)
            except SerializationFailure:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await asyncio.sleep(random.uniform(0, pause))

    async def _once(self, handler: Writing, prepared: Any, caller: Caller, ready: Ready, *, dry: bool) -> Outcome:
        try:
            async with self.store.transaction() as transaction:
                whole = handler.whole and not dry
                unit = Unit(transaction, self.clock(), self.limits.operation_depth, ready, whole=whole)
                outcome = await handler.apply(self, prepared, caller, unit)
                await transaction.settle()
                _settled(outcome, dry=dry)
                await write_journal(unit, self.catalog)
                if unit.feeds_policy:
                    await transaction.raise_epoch()
        except Undone as undone:
            return undone.outcome
        for call in unit.committed:
            call()
        return outcome


def _settled(outcome: Outcome, *, dry: bool) -> Outcome:
    """Returns the outcome of what is to stay; raises Undone with that of a dry run."""
    if dry:
        raise Undone(outcome)
    return outcome
