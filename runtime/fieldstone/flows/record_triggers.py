"""Record triggers: flows that are begun by records that are written, as hooks of the door.

A flow for what comes after is started in the Unit of the write, where its condition is decided on the record as it is then and as it was
before; it begins once the Unit stands, and is gone with one that does not. A run for what its own flow did is over at once, with an error
that says so. A flow before a write runs within it, as a hook does (`hooks`).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller, administrator_in, system_in
from fieldstone.engine.door import Door
from fieldstone.engine.hooks import Change, Context, Event, Hook
from fieldstone.engine.masks import masked_record
from fieldstone.engine.operation import Get, StartFlow, Work
from fieldstone.engine.unit import Unit
from fieldstone.errors import FlowMistake, NotFound
from fieldstone.flows.chain import chain_of, loop_error
from fieldstone.flows.hooks import EVENTS, run_hook
from fieldstone.flows.journal import error_of
from fieldstone.flows.starting import surroundings_of
from fieldstone.kinds.hook import HookDeclaration, HookEvent
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.registry.catalog import Catalog, DeclaredHook, Object
from fieldstone.registry.flows.graph import Graph, Trigger
from fieldstone.registry.validations.link import formulas_in

_EVENTS: Mapping[str, tuple[HookEvent, Event]] = {
    "create": ("beforeInsert", "after_create"),
    "update": ("beforeUpdate", "after_update"),
    "delete": ("beforeDelete", "after_delete"),
}
"""What declarations of hooks call it before a write, and the door after it."""

Stored = dict[str, Any]


def record_triggers(catalog: Catalog, is_quiet: Callable[[], bool]) -> Iterator[Hook]:
    """Yields the hooks of every active flow that is begun by records, in the order of the flows' names.

    While it is quiet nothing is started; what runs before a write does so all the same.
    """
    for name, flow in sorted(catalog.flows.items()):
        trigger = flow.trigger
        if trigger is None or not flow.active:
            continue
        for action in trigger.events:
            before, after = _EVENTS[action]
            if trigger.before:
                yield _within(flow, trigger, before, catalog.objects[trigger.object])
            else:
                yield Hook(f"flow {name}", trigger.object, after, partial(_start, flow, action, is_quiet))


def _within(flow: Graph, trigger: Trigger, event: HookEvent, subject: Object) -> Hook:
    """Returns a flow that runs before a write as the hook that it is."""
    name = f"flow {flow.name}"
    declared = DeclaredHook(
        name=name,
        declaration=HookDeclaration(
            name=name, object=subject.name, events=(event,), run_as="system" if flow.system else "user"
        ),
        object=subject.name,
        condition=trigger.condition,
        handler=None,
        steps=flow,
        formulas=formulas_in(subject, [frozenset(subject.fields)]),
        place=flow.place,
        package=subject.package,
    )
    return Hook(name, subject.name, EVENTS[event], partial(run_hook, declared, subject, event))


async def _start(flow: Graph, action: str, is_quiet: Callable[[], bool], context: Context, change: Change) -> None:
    """Starts a flow for a record that was written, unless its condition says no."""
    if is_quiet():
        return

    async def start(door: Door, unit: Unit) -> None:
        caller = context.caller
        written = Written(door, unit, change, action)
        overseer = _overseer(caller, change)
        error = None
        try:
            if not await written.satisfies(flow.trigger, caller, overseer):
                return
        except EvaluationError as failure:
            error = FlowMistake(f"The condition of its trigger has no answer: {failure.message}.")
        chain = await chain_of(door, unit)
        refused = error or loop_error(chain, flow.name, change.id)
        cause = {"object": change.object, "recordId": change.id, "event": action, "chain": chain}
        record, previous = await written.images(overseer if flow.system or caller.system else caller)
        await door.execute(
            StartFlow(
                flow.name,
                {},
                trigger="record_change",
                cause=cause,
                bound={"record": record, "previous": previous},
                error=None if refused is None else error_of(refused),
            ),
            _starter(flow, caller, overseer),
            unit=unit,
        )

    await context.execute(Work(start), SYSTEM)


class Written:
    """A record that was just written, as somebody may see it, and as it was before."""

    def __init__(self, door: Door, unit: Unit, change: Change, action: str) -> None:
        self._door = door
        self._unit = unit
        self._change = change
        self._gone = action == "delete"

    async def satisfies(self, trigger: Trigger | None, caller: Caller, overseer: Caller) -> bool:
        """Decides the condition of a trigger on all that an overseer sees; raises EvaluationError where it has no answer."""
        if trigger is None or trigger.condition is None:
            return True
        record, previous = await self.images(overseer)
        names = surroundings_of(caller, self._unit.now) | {"record": record, "previous": previous}
        return trigger.condition(names) is True

    async def images(self, caller: Caller) -> tuple[Stored, Stored | None]:
        """Returns the record as a caller sees it now, no more than its id where he does not, and as it was."""
        before = self._change.previous
        previous = None if before is None else self._seen(caller, before)
        if self._gone:
            return previous or {"id": self._change.id}, previous
        try:
            found = await self._door.execute(Get(self._change.object, self._change.id), caller, unit=self._unit)
        except NotFound:
            return {"id": self._change.id}, None
        return dict(zip(found.columns, found.row, strict=True)), previous

    def _seen(self, caller: Caller, stored: Mapping[str, Any]) -> Stored:
        read = self._door.policies.policy(caller, self._change.object, "read")
        return masked_record(read, {name: value for name, value in stored.items() if name in read.readable})


def _overseer(caller: Caller, change: Change) -> Caller:
    """Returns who sees all of a record that anybody may see: an administrator of its organisation, or the system where it has none."""
    stored = change.previous or change.values
    organization_id = stored.get("organization_id") or caller.organization_id
    return SYSTEM if organization_id is None else administrator_in(organization_id, caller.values)


def _starter(flow: Graph, caller: Caller, overseer: Caller) -> Caller:
    """Returns for whom a flow is started: for whoever wrote the record, unless it acts as the system and may show what he may not see."""
    if overseer.organization_id is not None and (flow.system or caller.id is None):
        return system_in(overseer.organization_id)
    return caller
