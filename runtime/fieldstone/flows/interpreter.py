"""The interpreter: runs a Graph from its start, every time anew; what is in the journal is taken from it.

It decides nothing by itself but the way: what a step does is its kind's, when something happens again is the journal's. The same
journal and the same inputs lead the same way, whatever the clock and the database say meanwhile.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fieldstone.clock import later
from fieldstone.errors import FlowMistake, Timeout
from fieldstone.flows.journal import Effects, Entry, Journal, Paused, Step, Waiting, Work, error_of
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.scope import Scope
from fieldstone.kinds.step import Retry
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.registry.flows.graph import Edge, Evaluate, Graph, Names, Node, Region

MOST_ROUNDS = 1000
"""How often one node of a Region may be come to, over edges that lead back."""


class Result(msgspec.Struct, frozen=True, eq=False):
    """What came of a step: its output, the variables it sets, the label of the edge to take, and the scope, where Regions changed it."""

    output: Any = None
    variables: Names = {}
    label: str | None = None
    scope: Scope | None = None


class StepFailure(Exception):
    """A step that failed, on its way to whoever takes care of it: a fault edge, a `try` around it, or the end of the run."""

    def __init__(self, node: Node, key: str, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("message")))
        self.node = node
        self.key = key
        self.error = error
        self.routable = error.get("code") != FlowMistake.code


class Turn:
    """What the work of a kind has to go by: the node, its configuration, the values at this point, and the ways to act."""

    def __init__(self, run: "Run", node: Node, key: str, scope: Scope) -> None:
        self.node = node
        self.config = node.config
        self.key = key
        self.scope = scope
        self.names = scope.names
        self.journaled = False
        self._run = run

    def value(self, evaluate: Evaluate, names: Names | None = None) -> Any:
        """Returns a value of the configuration."""
        return evaluate(self.names if names is None else names)

    @property
    def outbound(self) -> Outbound:
        """The way to the outside; raises FlowMistake where there is none."""
        if self._run.outbound is None:
            raise FlowMistake(f"`{self.node.id}` reaches out, and nothing here does.")
        return self._run.outbound

    def decide(self, condition: Evaluate, names: Names | None = None) -> bool:
        """Returns what a condition says; one that says nothing fails the run."""
        return self._run.decided(self.node, condition, self.names if names is None else names, self.key)

    def limit(self) -> str | None:
        """Returns the instant at which a wait that begins now has taken too long."""
        limit = self.node.timeout_ms
        return None if limit is None else later(self.scope.now, limit / 1000)

    def timed_out(self) -> StepFailure:
        """Returns the failure of a step that took too long."""
        return StepFailure(self.node, self.key, error_of(_too_long(self.node)))

    async def act(self, given: Any, work: Work, place: int | None = None) -> Result:
        """Does work on records, once; `given` is what people read as the input of the step, `place` counts what one step does."""
        timed = _timed(self.node, work)
        return await self._run.tried(self, lambda step: self._run.journal.act(step, timed), given, place)

    async def reach_out(self, given: Any, work: Work) -> Result:
        """Does work outside, at least once."""
        timed = _timed(self.node, work)
        return await self._run.tried(self, lambda step: self._run.journal.reach_out(step, timed), given)

    async def wait(self, waiting: Waiting, given: Any = None) -> Result:
        """Waits, without anybody waiting; a signal or a screen that is due has taken too long."""
        step = self._run.step(self, given)
        result = self._run.settled(self, step, await self._run.journal.wait(step, waiting))
        if waiting.kind in ("signal", "screen") and result.output is None:
            raise self.timed_out()
        return result

    async def pause(self, waiting: Waiting, place: int) -> None:
        """Waits between two things that one step does."""
        step = self._run.step(self, None, place)
        await self._run.journal.wait(msgspec.structs.replace(step, key=f"{step.key}~wait"), waiting)

    async def call(self, flow: str, inputs: Names, place: int | None = None) -> Result:
        """Runs another flow; `place` counts the calls of one step."""
        step = self._run.step(self, dict(inputs), place)
        return self._run.settled(self, step, await self._run.journal.call(step, flow, inputs))

    async def inside(self, name: str, bound: Names, scope: Scope | None = None, place: int | None = None) -> Scope:
        """Runs one of the node's Regions; `place` counts its rounds. Returns the scope behind it."""
        region = self.node.regions[name]
        key = f"{self.key}.{name}" if place is None else f"{self.key}[{place}]"
        before = scope or self.scope
        after = await self._run.region(region, before.inside(bound), key)
        return before.after(after, region.lasting)

    async def branches(self, works: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
        """Runs branches beside each other, where that can be; returns what came of each."""
        return await self._run.beside(works)


Runner = Callable[[Turn], Awaitable[Result]]
"""The work of a kind of step."""


class Run:
    """One run of a Graph over its journal."""

    def __init__(
        self, graph: Graph, journal: Journal, runners: Mapping[str, Runner], outbound: Outbound | None = None
    ) -> None:
        self.graph = graph
        self.journal = journal
        self.outbound = outbound
        self._runners = runners

    async def finish(self, scope: Scope) -> dict[str, Any]:
        """Runs the graph to its end and returns its outputs; raises Paused where it waits, StepFailure where it fails."""
        behind = await self.region(self.graph.body, scope, "")
        names = behind.names
        return {name: evaluate(names) for name, evaluate in self.graph.outputs.items()}

    async def region(self, region: Region, scope: Scope, prefix: str) -> Scope:
        """Runs a Region from its start to its end."""
        rounds: dict[str, int] = {}
        return await self._follow(region, region.start, None, scope, prefix, rounds)

    async def _follow(
        self, region: Region, start: str, stop: str | None, scope: Scope, prefix: str, rounds: dict[str, int]
    ) -> Scope:
        """Goes from a node along the edges until there are none, or up to the node where branches meet."""
        at: str | None = start
        while at is not None and at != stop:
            node = region.nodes[at]
            scope, ways = await self._step(node, scope, self._key(node, prefix, rounds))
            if len(ways) < 2:
                at = ways[0] if ways else None
                continue
            branch = partial(self._follow, region, stop=node.join, scope=scope, prefix=prefix, rounds=rounds)
            scope = scope.joined(await self.beside([partial(branch, way) for way in ways]))
            at = node.join
        return scope

    def _key(self, node: Node, prefix: str, rounds: dict[str, int]) -> str:
        rounds[node.id] = count = rounds.get(node.id, 0) + 1
        key = f"{prefix}.{node.id}" if prefix else node.id
        if count > MOST_ROUNDS:
            error = FlowMistake(
                f"`{node.id}` was come to more than {MOST_ROUNDS:,} times.", hint="Does the way back ever end?"
            )
            raise StepFailure(node, key, error_of(error))
        return key if count == 1 else f"{key}#{count}"

    async def _step(self, node: Node, scope: Scope, key: str) -> tuple[Scope, list[str]]:
        """Does one step; returns the scope behind it and the nodes to go on with."""
        turn = Turn(self, node, key, scope)
        if node.when is not None and not self.decided(node, node.when, scope.names, key):
            self.journal.passed(self.step(turn, None), None, skipped=True)
            return scope, self._ways(node, None, scope, key)
        try:
            result = await self._runners[node.kind](turn)
        except (EvaluationError, FlowMistake) as error:
            failure = StepFailure(node, key, error_of(error))
            return self._caught(failure, node, scope)
        except StepFailure as failure:
            return self._caught(failure, node, scope)
        if not turn.journaled:
            self.journal.passed(self.step(turn, None), result.output)
        behind = (result.scope or scope).set(result.variables).done(node, result.output)
        return behind, self._ways(node, result.label, behind, key)

    def _caught(self, failure: StepFailure, node: Node, scope: Scope) -> tuple[Scope, list[str]]:
        """Goes where a failed step leads: along its fault edge, or on behind it; else the failure goes further up."""
        if not failure.routable or (node.fault is None and not node.goes_on):
            raise failure
        error = {**failure.error, "nodeId": failure.node.id}
        behind = scope.done(node, None, error)
        if node.fault is not None:
            return behind.inside({"error": error, node.id: {"error": error}}), [node.fault]
        return behind, self._ways(node, None, behind, failure.key)

    def _ways(self, node: Node, label: str | None, scope: Scope, key: str) -> list[str]:
        names = scope.names
        taken = [edge.target for edge in node.edges if not edge.default and self._open(node, edge, label, names, key)]
        return taken or [edge.target for edge in node.edges if edge.default]

    def _open(self, node: Node, edge: Edge, label: str | None, names: Names, key: str) -> bool:
        if edge.label is not None and label is not None and edge.label != label:
            return False
        return edge.condition is None or self.decided(node, edge.condition, names, key)

    def decided(self, node: Node, condition: Evaluate, names: Names, key: str) -> bool:
        """Returns what a condition says; one that says nothing fails the run, whoever else would catch a failure."""
        try:
            return condition(names) is True
        except EvaluationError as error:
            mistake = FlowMistake(f"A condition of `{node.id}` has no answer: {error.message}.", details=error.details)
            raise StepFailure(node, key, error_of(mistake)) from error

    async def beside(self, works: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
        """Runs branches beside each other, one after the other where the journal has one Unit; all of them come to their end or a pause.

        The first that failed, in their order, fails them all.
        """
        if self.journal.concurrent:
            found = await asyncio.gather(*(work() for work in works), return_exceptions=True)
        else:
            found = [await _outcome(work) for work in works]
        errors = [each for each in found if isinstance(each, BaseException)]
        for error in sorted(errors, key=lambda each: isinstance(each, Paused)):
            raise error
        return found

    def step(self, turn: Turn, given: Any, place: int | None = None, attempt: int = 1) -> Step:
        """Returns the step of a turn, for the journal."""
        key = turn.key if place is None else f"{turn.key}[{place}]"
        key = key if attempt == 1 else f"{key}~{attempt}"
        return Step(key, turn.node.id, turn.node.kind, turn.node.label, attempt, given)

    def settled(self, turn: Turn, step: Step, entry: Entry) -> Result:
        """Returns what the journal has of a step; raises StepFailure for one that failed."""
        turn.journaled = True
        scope = turn.scope.at(entry.at)
        if entry.error is not None:
            raise StepFailure(turn.node, step.key, entry.error)
        return Result(output=entry.output, scope=scope)

    async def tried(
        self, turn: Turn, act: Callable[[Step], Awaitable[Entry]], given: Any, place: int | None = None
    ) -> Result:
        """Does a step, again after a pause as long as it fails and may be tried again."""
        retry = turn.node.retry
        attempt = 1
        while True:
            step = self.step(turn, given, place, attempt)
            entry = await act(step)
            if entry.error is None or retry is None or attempt >= retry.attempts or not _worthwhile(entry.error):
                return self.settled(turn, step, entry)
            due = later(entry.at, _pause(retry, attempt, step.key))
            await self.journal.wait(msgspec.structs.replace(step, key=f"{step.key}~wait"), Waiting("retry", due))
            attempt += 1


def _timed(node: Node, work: Work) -> Work:
    """Returns work that fails when it takes longer than its node allows."""
    limit = node.timeout_ms
    if limit is None:
        return work

    async def timed(effects: Effects) -> Any:
        try:
            async with asyncio.timeout(limit / 1000):
                return await work(effects)
        except TimeoutError:
            raise _too_long(node) from None

    return timed


def _too_long(node: Node) -> Timeout:
    return Timeout(f"`{node.id}` took longer than {node.timeout_ms:,} ms.")


async def _outcome(work: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await work()
    except (Paused, StepFailure) as error:
        return error


def _pause(retry: Retry, attempt: int, key: str) -> float:
    """Returns the seconds to wait behind a try that failed; the part that is taken off with `jitter` is the key's own."""
    span = min(retry.backoff_ms * retry.multiplier ** (attempt - 1), retry.max_delay_ms) / 1000
    return span * (1 - zlib.crc32(key.encode()) / 2**33) if retry.jitter else span


def _worthwhile(error: Mapping[str, Any]) -> bool:
    return error.get("code") != FlowMistake.code
