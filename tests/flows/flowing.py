"""Runs of flows for tests: a flow from its text, and a journal in memory that can begin with what another one has."""

import textwrap
from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.clock import later
from fieldstone.engine.activation import activation_of
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.errors import FieldstoneError
from fieldstone.flows.interpreter import Run
from fieldstone.flows.journal import Entry, Paused, Step, Waiting, Work, error_of
from fieldstone.flows.scope import first_scope
from fieldstone.flows.steps.table import RUNNERS, STEP_KINDS
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.flows.graph import Graph
from fieldstone.registry.flows.inputs import read_inputs
from fieldstone.registry.flows.version import flow_of_text
from tests.engine.office import Office

NOON = "2026-03-06T12:00:00.000Z"


def flow(catalog: Catalog, text: str) -> Graph:
    """Returns the flow `work` of a text without its name."""
    content = "name: work\n" + textwrap.dedent(text)
    return flow_of_text(content.encode(), "work.flow.yaml", catalog, STEP_KINDS)


class Stopped(BaseException):
    """The process ends here."""


class Effects:
    """Effects over the door of an office, each operation in a Unit of its own."""

    def __init__(self, office: Office, caller: Caller, now: str) -> None:
        self.caller = caller
        self.now = now
        self.key = "run:step"
        self._office = office

    async def execute(self, operation: Operation) -> Outcome:
        return await self._office.door.execute(operation, self.caller)


class Memory:
    """A journal in memory. `waits` are those that are on, by key; `acted` the keys that were done here and not taken,
    `skipped` those that were passed over, `ends_after` how many are done until the process ends."""

    def __init__(
        self, office: Office, caller: Caller, entries: Mapping[str, Entry] = {}, *, concurrent: bool = True
    ) -> None:
        self.concurrent = concurrent
        self.entries = dict(entries)
        self.waits: dict[str, Waiting] = {}
        self.calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.acted: list[str] = []
        self.skipped: list[str] = []
        self.ends_after: int | None = None
        self.inputs: dict[str, Any] = {}
        self._effects = (office, caller)

    async def act(self, step: Step, work: Work, /) -> Entry:
        if step.key not in self.entries:
            if len(self.acted) == self.ends_after:
                raise Stopped
            at = later(NOON, len(self.entries))
            self.acted.append(step.key)
            self.inputs[step.key] = step.input
            try:
                entry = Entry(output=await work(Effects(*self._effects, at)), at=at)
            except FieldstoneError as error:
                entry = Entry(error=error_of(error), at=at)
            self.entries[step.key] = entry
        return self.entries[step.key]

    async def reach_out(self, step: Step, work: Work, /) -> Entry:
        return await self.act(step, work)

    async def wait(self, step: Step, waiting: Waiting, /) -> Entry:
        if step.key not in self.entries:
            self.waits[step.key] = waiting
            raise Paused
        return self.entries[step.key]

    async def call(self, step: Step, flow: str, inputs: Mapping[str, Any], /) -> Entry:
        if step.key not in self.entries:
            self.calls[step.key] = (flow, inputs)
            raise Paused
        return self.entries[step.key]

    def passed(self, step: Step, _output: Any, /, *, skipped: bool = False) -> None:
        if skipped:
            self.skipped.append(step.key)


async def run(
    graph: Graph, journal: Memory, caller: Caller, record: Mapping[str, Any] | None = None, **inputs: Any
) -> Any:
    """Runs a flow from its start to its end, or to where it waits, and returns its outputs."""
    surroundings = {
        **activation_of(caller, NOON),
        "org": activation_of(caller, NOON)["os"]["org"],
        "record": record,
        "previous": None,
    }
    return await Run(graph, journal, RUNNERS).finish(
        first_scope(graph, surroundings, read_inputs(graph.inputs, inputs))
    )
