"""Segments: a run from where its journal ends to its own end, or to where all of it waits.

The interpreter is begun anew each time and takes from the journal what was done. Whatever a segment comes to is one Unit; a process that
dies before it leaves a run that is begun again.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from fieldstone.clock import Clock
from fieldstone.engine.records import Execute
from fieldstone.errors import DeclarationError, Internal, SettingsError, Timeout, Unavailable
from fieldstone.flows.acting import Authority
from fieldstone.flows.endings import Endings
from fieldstone.flows.hiding import hiding, secret_inputs
from fieldstone.flows.interpreter import Run, Runner, StepFailure
from fieldstone.flows.journal import Paused, error_of
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.run_journal import RunJournal, Segment
from fieldstone.flows.runs import UNDER_WAY, Row, Superseded, as_kept, read_run, read_steps, told
from fieldstone.flows.scope import first_scope
from fieldstone.flows.versions import Versions
from fieldstone.ids import NewId
from fieldstone.log import Log
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.registry.flows.graph import Graph


class Workshop(msgspec.Struct, frozen=True, eq=False):
    """What a segment is done with; `opened` is how a sealed input is read."""

    execute: Execute
    versions: Versions
    authority: Authority
    endings: Endings
    runners: Mapping[str, Runner]
    opened: Callable[[str], str]
    clock: Clock
    new_id: NewId
    log: Log
    outbound: Outbound


class Segments:
    """Does segments of runs."""

    def __init__(self, workshop: Workshop) -> None:
        self._with = workshop

    async def proceed(self, run_id: str, number: int) -> None:
        """Does a segment, unless the run is over or at another one; done twice, it acts once. Raises Unavailable."""
        with suppress(Superseded):
            await self._proceed(run_id, number)

    async def _proceed(self, run_id: str, number: int) -> None:
        run = await read_run(self._with.execute, run_id)
        if run is None or run["segment"] != number or run["status"] not in UNDER_WAY:
            return
        try:
            graph = await self._with.versions.graph_of(self._with.execute, run["version_id"])
            inputs = self._inputs(graph, run)
        except (DeclarationError, SettingsError) as error:
            failed = {
                "status": "failed",
                "error": {"code": error.code, "message": str(error), "details": error.details},
            }
            await self._with.endings.over(self._with.execute, run, number, failed)
            return
        await self._interpret(graph, run, number, inputs)

    async def _interpret(self, graph: Graph, run: Row, number: int, inputs: Mapping[str, Any]) -> None:
        segment = Segment(
            run=run,
            number=number,
            execute=self._with.execute,
            acting=self._with.authority.of(run, system=graph.system),
            clock=self._with.clock,
            new_id=self._with.new_id,
            hide=hiding(inputs[name] for name in secret_inputs(graph)),
        )
        journal = RunJournal(segment, await read_steps(self._with.execute, run["id"]))
        scope = first_scope(graph, run["surroundings"], inputs)
        endings = self._with.endings
        try:
            behind = await Run(graph, journal, self._with.runners, self._with.outbound).region(graph.body, scope, "")
            output = as_kept({name: evaluate(behind.names) for name, evaluate in graph.outputs.items()})
        except Paused:
            await endings.asleep(self._with.execute, run, number, journal.asleep, _come_by(journal))
        except StepFailure as failure:
            error = told(failure.error, failure.node.id, failure.key)
            await self._fail(run, number, journal, error)
        except EvaluationError as error:
            await self._fail(
                run, number, journal, {"code": "FLOW_MISTAKE", "message": f"An output has no value: {error}"}
            )
        except (Superseded, Unavailable, asyncio.CancelledError):
            raise
        except Exception:
            self._with.log.exception("flow_broke", run=run["id"], flow=graph.name)
            await self._fail(run, number, journal, error_of(Internal("A fault of ours; the log tells more.")))
        else:
            values = {"status": "completed", "output": output, "variables": as_kept(dict(behind.variables))}
            await endings.over(self._with.execute, run, number, values | _come_by(journal))

    async def _fail(self, run: Row, number: int, journal: RunJournal, error: Mapping[str, Any]) -> None:
        """Ends a run that failed: its error tells which step, why, and what was done before."""
        status = "timed_out" if error.get("code") == Timeout.code else "failed"
        values = {"status": status, "error": as_kept({**error, "done": journal.done})}
        await self._with.endings.over(self._with.execute, run, number, values | _come_by(journal))

    def _inputs(self, graph: Graph, run: Row) -> dict[str, Any]:
        """Returns the inputs with what is secret opened."""
        inputs = dict(run["input"])
        for name in secret_inputs(graph):
            if inputs.get(name) is not None:
                inputs[name] = self._with.opened(inputs[name])
        return inputs


def _come_by(journal: RunJournal) -> dict[str, Any]:
    """Returns what is kept of the pure steps."""
    return {"passed": as_kept(list(journal.passed_by.values()))}
