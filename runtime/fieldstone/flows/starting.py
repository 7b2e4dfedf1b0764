"""Starting a run: its inputs are checked, its row is written, and its first segment begins once the Unit stands.

Refuses with NotFound, FlowDisabled and FlowNoStart a flow that cannot be started so, with PermissionDenied whoever lacks a capability
that it asks for, and with Invalid inputs that it does not take.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.access.actions import lacking
from fieldstone.access.caller import Caller
from fieldstone.access.capabilities import missing
from fieldstone.clock import later
from fieldstone.engine.activation import activation_of
from fieldstone.engine.door import Door
from fieldstone.engine.operation import StartFlow
from fieldstone.engine.outcome import RunState
from fieldstone.engine.own_rows import insert_own
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import FlowDisabled, FlowNoStart, SerializationFailure, UniqueViolation
from fieldstone.flows.hiding import hiding, secret_inputs
from fieldstone.flows.runs import BEGIN_SECONDS, RUN_FIELDS, RUNS, Row, as_kept, read_run
from fieldstone.flows.telling import state_of
from fieldstone.flows.versions import Versions
from fieldstone.registry.flows.graph import Graph
from fieldstone.registry.flows.inputs import read_inputs

Begin = Callable[[str, int], None]
"""Begins a segment of a run, soon."""

Final = Callable[[str], Mapping[str, Any]]
"""Returns what the row of a run that is over at an instant holds."""

FIRST_SEGMENT = 1
BY_HAND = "api"


class PreparedStart(msgspec.Struct, frozen=True, eq=False):
    """A run that may begin: its flow and its inputs, secret ones sealed."""

    operation: StartFlow
    graph: Graph
    inputs: dict[str, Any]


class Starting:
    """How runs are started."""

    def __init__(self, versions: Versions, begin: Begin, final: Final) -> None:
        """Takes what begins a segment, and what the row of a run that is over holds."""
        self._versions = versions
        self._final = final
        self._begin = begin

    async def prepare(self, door: Door, operation: StartFlow, caller: Caller, unit: Unit | None) -> PreparedStart:
        """Returns the run ready to begin."""
        graph = self._versions.find(operation.flow)
        if operation.trigger == BY_HAND and graph.declaration is not None:
            capability = lacking(door.catalog, caller, graph.declaration.required_permissions)
            if capability is not None:
                raise missing(capability, caller)
        if not graph.active:
            raise FlowDisabled(f"The flow `{graph.name}` is not active.")
        if (
            operation.trigger == BY_HAND
            and not caller.system
            and (graph.trigger is not None or graph.schedule is not None)
        ):
            by = "when a record is written" if graph.trigger is not None else "at its times"
            raise FlowNoStart(f"The flow `{graph.name}` begins {by}, and is not started by hand.")
        inputs = read_inputs(graph.inputs, operation.input)
        seal = door.preparers(unit).get("secret")
        for name in secret_inputs(graph):
            if inputs[name] is not None and seal is not None:
                inputs[name] = await seal(inputs[name])
        return PreparedStart(operation, graph, inputs)

    async def apply(self, door: Door, prepared: PreparedStart, caller: Caller, unit: Unit) -> RunState:
        """Writes the run within a Unit."""
        operation, graph = prepared.operation, prepared.graph
        if operation.run_id is not None:
            there = await read_run(within(door, unit), operation.run_id)
            if there is not None:
                return state_of(there, hiding(()))
        version = graph.declaration.version if graph.declaration is not None else 1
        row = {
            "id": operation.run_id or door.new_id(),
            "flow_name": graph.name,
            "flow_version": version,
            "version_id": await self._versions.keep(door, unit, graph),
            "trigger_type": operation.trigger,
            "cause": dict(operation.cause),
            "surroundings": {**surroundings_of(caller, unit.now), **operation.bound},
            "input": prepared.inputs,
        }
        if operation.trigger == "flow":
            row |= {"parent_run": operation.cause["runId"], "parent_key": operation.cause["step"]}
        if operation.error is not None:
            row |= {"status": "failed", "error": as_kept(operation.error), **self._final(unit.now)}
        written = await write_run(door, unit, row, caller)
        if operation.error is None:
            self.begin_after(unit, written["id"])
        return state_of(written, hiding(prepared.inputs[name] for name in secret_inputs(graph)))

    def begin_after(self, unit: Unit, run_id: str) -> None:
        """Begins the first segment of a run once its Unit stands."""
        unit.committed.append(lambda: self._begin(run_id, FIRST_SEGMENT))


def surroundings_of(caller: Caller, now: str) -> dict[str, Any]:
    """Returns what the expressions of a run know of its starter, for as long as it lives; the clock goes on by the journal."""
    known = activation_of(caller, now)
    return {**known, "org": known["os"]["org"]}


async def write_run(door: Door, unit: Unit, values: Mapping[str, Any], caller: Caller) -> Row:
    """Writes a run that is about to begin, and returns its row."""
    row = {
        **dict.fromkeys(RUN_FIELDS),
        "status": "pending",
        "segment": FIRST_SEGMENT,
        "started_by": caller.id,
        "organization_id": caller.organization_id,
        "started_at": unit.now,
        "due_at": later(unit.now, BEGIN_SECONDS),
        **values,
    }
    try:
        await insert_own(door, unit, RUNS, row, caller)
    except UniqueViolation:
        raise SerializationFailure("The same run was begun in between.") from None
    return row
