"""The door: the one way to the data. Executes an Operation for a Caller, by the handler of its type.

A read goes straight to the store. A write is prepared first (rights, body, hashing: nothing that needs the database locked),
then applied within a Unit, which the door opens at the outermost write and commits, rolls back or tries again as a whole.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, overload

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.clock import Clock
from fieldstone.engine.hooks import Event, Hook
from fieldstone.engine.operation import Batch, Create, Delete, Get, Operation, Read, Update
from fieldstone.engine.outcome import BatchResult, Deleted, Outcome, Page, Record, Written
from fieldstone.engine.plans import Plans
from fieldstone.engine.unit import Fetch, Undone, Unit, fetcher
from fieldstone.errors import SerializationFailure
from fieldstone.ids import NewId
from fieldstone.settings import Settings
from fieldstone.store.interface import Store

PAUSES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.5, 0.5)
"""The longest wait, in seconds, before each new try of a Unit that the database refused to serialise."""

Preparer = Callable[[Any], Awaitable[Any]]
"""Turns a value that was read into the one that is stored, before the Unit opens: hashes a password."""


class Reading(msgspec.Struct, frozen=True, eq=False):
    """How an operation that changes nothing is answered."""

    answer: Callable[["Door", Any, Caller, Unit | None], Awaitable[Outcome]]


class Writing(msgspec.Struct, frozen=True, eq=False):
    """How an operation that writes is done: `prepare` before its Unit opens, `apply` within it, once more when it is tried again.

    `prepare` reads by the `Fetch` that it is given; what it returns is given to `apply`, which must leave it as it is. `apply`
    may raise `Undone`.
    """

    prepare: Callable[["Door", Any, Caller, Fetch], Awaitable[Any]]
    apply: Callable[["Door", Any, Caller, Unit], Awaitable[Outcome]]


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
        self.limits = settings.limits
        self.secret = settings.secret.encode()
        self.preparers = preparers
        self.clock = clock
        self.new_id = new_id
        self._handlers = handlers
        self._hooks: dict[tuple[str, Event], tuple[Hook, ...]] = {}
        for hook in hooks:
            key = (hook.object, hook.event)
            self._hooks[key] = (*self._hooks.get(key, ()), hook)

    @overload
    async def execute(self, operation: Read, caller: Caller, *, unit: Unit | None = None) -> Page: ...
    @overload
    async def execute(self, operation: Get, caller: Caller, *, unit: Unit | None = None) -> Record: ...
    @overload
    async def execute(self, operation: Create | Update, caller: Caller, *, unit: Unit | None = None) -> Written: ...
    @overload
    async def execute(self, operation: Delete, caller: Caller, *, unit: Unit | None = None) -> Deleted: ...
    @overload
    async def execute(self, operation: Batch, caller: Caller, *, unit: Unit | None = None) -> BatchResult: ...
    @overload
    async def execute(self, operation: Operation, caller: Caller, *, unit: Unit | None = None) -> Outcome: ...

    async def execute(self, operation: Operation, caller: Caller, *, unit: Unit | None = None) -> Any:
        """Does what is asked, in a Unit that is open already or in one of its own, and returns what came of it."""
        handler = self._handlers[type(operation)]
        if isinstance(handler, Reading):
            return await handler.answer(self, operation, caller, unit)
        prepared = await handler.prepare(self, operation, caller, fetcher(self.store, unit))
        if unit is None:
            return await self._in_own_unit(handler, prepared, caller)
        try:
            async with unit.nested():
                return await handler.apply(self, prepared, caller, unit)
        except Undone as undone:
            return undone.outcome

    def hooks(self, object_name: str, event: Event) -> tuple[Hook, ...]:
        """Returns the hooks of an object and event, in the order of the table."""
        return self._hooks.get((object_name, event), ())

    async def _in_own_unit(self, handler: Writing, prepared: Any, caller: Caller) -> Outcome:
        for pause in PAUSES:
            try:
                return await self._once(handler, prepared, caller)
            except SerializationFailure:
                await asyncio.sleep(random.uniform(0, pause))
        return await self._once(handler, prepared, caller)

    async def _once(self, handler: Writing, prepared: Any, caller: Caller) -> Outcome:
        try:
            async with self.store.transaction() as transaction:
                unit = Unit(transaction, self.clock(), self.limits.operation_depth)
                outcome = await handler.apply(self, prepared, caller, unit)
                if unit.feeds_policy:
                    await transaction.raise_epoch()
                return outcome
        except Undone as undone:
            return undone.outcome
