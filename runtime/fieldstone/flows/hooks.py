"""Declared hooks at work: each as a `Hook` of the door, run within the write where its condition holds, for no longer than it may take.

What one before a write sets is read as if it had been sent; whatever goes wrong in it undoes the write.
"""

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from fieldstone.access.caller import Caller, system_for
from fieldstone.engine.activation import activation_of
from fieldstone.engine.body import invalid, read_value
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.errors import FieldFault, Internal, Invalid, Timeout
from fieldstone.flows.at_once import run_at_once
from fieldstone.kinds.hook import HookEvent
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.formula import completed
from fieldstone.registry.catalog import Catalog, DeclaredHook, Object

EVENTS: Mapping[HookEvent, Event] = {
    "beforeInsert": "before_create",
    "afterInsert": "after_create",
    "beforeUpdate": "before_update",
    "afterUpdate": "after_update",
    "beforeDelete": "before_delete",
    "afterDelete": "after_delete",
}
"""What the door calls the events of declarations."""

RECORD = "record"


class ActingContext:
    """The context of a hook that acts as somebody else than the writer."""

    def __init__(self, context: Context, caller: Caller) -> None:
        self.caller = caller
        self.now = context.now
        self._context = context

    async def execute(self, operation: Operation, caller: Caller | None = None) -> Outcome:
        """Runs a further operation in the same Unit."""
        return await self._context.execute(operation, caller or self.caller)

    async def take_turn(self) -> None:
        """Waits until every other Unit that has taken its turn has ended."""
        await self._context.take_turn()


def declared_hooks(catalog: Catalog) -> Iterator[Hook]:
    """Yields the declared hooks, those of one event in the order in which they run."""
    for declared in catalog.hooks:
        subject = catalog.objects[declared.object]
        for event in declared.declaration.events:
            yield Hook(declared.name, declared.object, EVENTS[event], partial(run_hook, declared, subject, event))


async def run_hook(declared: DeclaredHook, subject: Object, event: HookEvent, context: Context, change: Change) -> None:
    """Runs a hook within a write, where its condition holds; raises what refuses the write."""
    activation = _activation(declared, context, change)
    if not _holds(declared, activation):
        return
    acting = context
    if declared.declaration.run_as == "system":
        acting = ActingContext(context, system_for(context.caller))
    limit = declared.declaration.timeout
    before = dict(change.values)
    try:
        async with asyncio.timeout(limit / 1000):
            if declared.handler is not None:
                await declared.handler(acting, change)
            elif declared.steps is not None:
                await _take_steps(declared, acting, change, activation)
    except TimeoutError:
        message = f"The hook `{declared.name}` took longer than {limit} ms."
        raise Timeout(message, details={"hook": declared.name}) from None
    if event.startswith("before") and change.values != before:
        _read_again(declared, subject, change, before)


def _activation(declared: DeclaredHook, context: Context, change: Change) -> dict[str, Any]:
    """Returns what the condition and the steps of a hook know: the record as it will be, and as it was."""
    known = activation_of(context.caller, context.now)
    record = completed({**(change.previous or {}), **change.values, "id": change.id}, declared.formulas, known)
    previous = None if change.previous is None else completed(change.previous, declared.formulas, known)
    return {**known, RECORD: record, "previous": previous}


def _holds(declared: DeclaredHook, activation: Mapping[str, Any]) -> bool:
    try:
        return declared.condition is None or declared.condition(activation)
    except EvaluationError as error:
        message = f"Whether the hook `{declared.name}` is to run cannot be told on this record: {error.message}."
        raise Invalid(message, details={"hook": declared.name}) from error


async def _take_steps(declared: DeclaredHook, context: Context, change: Change, activation: Mapping[str, Any]) -> None:
    """Runs the steps of a hook, and puts into the change what they have set."""
    if declared.steps is None:
        return
    names = {name: value for name, value in activation.items() if name != RECORD}
    record = activation[RECORD]
    behind = await run_at_once(declared.steps, context, names, {}, {RECORD: record})
    amended = behind.variables[RECORD]
    change.values.update({name: value for name, value in amended.items() if value is not record.get(name)})


def _read_again(declared: DeclaredHook, subject: Object, change: Change, before: Mapping[str, Any]) -> None:
    """Brings what a hook has set to wire form; raises Invalid for what a field does not take, Internal for what is no field."""
    faults: list[FieldFault] = []
    for name, value in list(change.values.items()):
        if name in before and value is before[name]:
            continue
        field = subject.fields.get(name)
        if field is None or field.type.computed:
            raise Internal(f"The hook `{declared.name}` sets `{name}`, which nobody can set on `{subject.name}`.")
        faults += read_value(field, value, change.values)
    if faults:
        raise invalid(
            msgspec.structs.replace(fault, message=f"{fault.message} (hook `{declared.name}`)") for fault in faults
        )
