"""The handlers of `/flows`: runs are started, looked at, listed, cancelled, resumed and done again (contract 7.5)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.clock import moment
from fieldstone.engine.operation import ResumeRun
from fieldstone.engine.outcome import RunState, RunStep
from fieldstone.errors import Invalid
from fieldstone.flows.desk import FlowDesk, RunFilter
from fieldstone.flows.runs import ALIVE
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.parameters import whole_number
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.table import Call, HandlerPart, ParameterNote


class FlowInput(msgspec.Struct):
    """The inputs that the flow declares, by name."""


class RunAnswer(msgspec.Struct, rename="camel", omit_defaults=True):
    """How a run stands: `output` once it has completed, `error` once it has failed, `waiting` and perhaps a `screen` while it sleeps."""

    run_id: str
    flow: str
    status: str
    started_at: str
    completed_at: str | None = None
    output: Any = None
    error: Any = None
    waiting: list[Any] = []
    screen: Any = None


class RunStepDocument(msgspec.Struct, rename="camel"):
    """A step of a run: what it was given, what came of it; `iteration` counts the rounds of the loop around it, `parentNodeId`."""

    key: str
    node_id: str
    node_type: str
    node_label: str
    status: str
    started_at: str
    completed_at: str | None
    duration_ms: int | None
    input: Any
    output: Any
    error: Any
    retry_attempt: int
    iteration: int | None
    parent_node_id: str | None


class RunDocument(msgspec.Struct, rename="camel"):
    """A run in full."""

    id: str
    flow_name: str
    flow_version: int
    status: str
    trigger: Any
    input: Any
    output: Any
    variables: Any
    error: Any
    waiting: list[Any]
    steps: list[RunStepDocument]
    summary: Mapping[str, int]
    started_at: str
    completed_at: str | None
    duration_ms: int | None
    replay_of: str | None


class ListedRun(msgspec.Struct, rename="camel"):
    """A run as a list tells of it."""

    id: str
    flow_name: str
    flow_version: int
    status: str
    trigger_type: str
    started_by: str | None
    started_at: str
    completed_at: str | None
    parent_run: str | None
    replay_of: str | None


class RunList(msgspec.Struct, rename="camel"):
    """A page of runs, the newest first."""

    items: list[ListedRun]
    total: int | None
    next_cursor: str | None


class ScreenAnswer(msgspec.Struct, rename="camel"):
    """The screen that a run waits for to be filled in, and the step to which it belongs."""

    run_id: str
    step: str
    node_id: str
    screen: Any


class ResumeBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a run waits for: the `inputs` of a screen, or what comes with a signal, or its `output`; `step` where several steps wait."""

    inputs: dict[str, Any] = {}
    step: str | None = None
    output: Any = None


class ReplayBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The key of the step to begin with, as the run tells it; everything is done again without."""

    step: str | None = None


async def _start(service: FlowDesk, call: Call) -> Response:
    inputs = {} if call.body is None else call.body
    if not isinstance(inputs, dict):
        raise Invalid("The body is not a JSON object.", reason="INVALID_JSON")
    return _answer(await service.start(call.caller, call.path["flow"], inputs))


async def _run(service: FlowDesk, call: Call) -> Response:
    return json_answer(_document(await service.read(call.caller, *_named(call))))


async def _cancel(service: FlowDesk, call: Call) -> Response:
    return json_answer(_document(await service.cancel(call.caller, *_named(call))))


async def _resume(service: FlowDesk, call: Call) -> Response:
    body = convert_body(call.body, ResumeBody)
    flow, run_id = _named(call)
    return _answer(await service.resume(call.caller, ResumeRun(flow, run_id, body.inputs, body.step, body.output)))


async def _replay(service: FlowDesk, call: Call) -> Response:
    body = convert_body(call.body, ReplayBody)
    return _answer(await service.replay(call.caller, *_named(call), body.step))


async def _screen(service: FlowDesk, call: Call) -> Response:
    flow, run_id = _named(call)
    waiting = await service.screen(call.caller, flow, run_id)
    return json_answer(ScreenAnswer(run_id, waiting["step"], waiting["nodeId"], waiting["screen"]))


async def _runs(service: FlowDesk, call: Call) -> Response:
    sent = call.parameters
    limit = sent.get("limit")
    chosen = RunFilter(
        status=sent.get("status"),
        trigger=sent.get("trigger"),
        started_by=sent.get("startedBy"),
        started_after=sent.get("startedAfter"),
        started_before=sent.get("startedBefore"),
        cursor=sent.get("cursor"),
        **({} if limit is None else {"limit": whole_number("limit", limit)}),
    )
    page = await service.runs(call.caller, call.path["flow"], chosen)
    items = [ListedRun(**row) for row in page.records()]
    return json_answer(RunList(items, page.total, page.cursor))


def _named(call: Call) -> tuple[str, str]:
    return call.path["flow"], call.path["run_id"]


def _answer(run: RunState) -> Response:
    """Returns how a run stands: 200 where it is over, 202 where it goes on."""
    screen = next((each["screen"] for each in run.waiting if each["kind"] == "screen"), None)
    answer = RunAnswer(
        run_id=run.id,
        flow=run.flow,
        status=run.status,
        started_at=run.started_at,
        completed_at=run.completed_at,
        output=run.output,
        error=run.error,
        waiting=list(run.waiting),
        screen=screen,
    )
    return json_answer(answer, status=202 if run.status in ALIVE else 200)


def _document(run: RunState) -> RunDocument:
    steps = [_step(step) for step in run.steps]
    counted = {"succeeded": "success", "failed": "failure", "skipped": "skipped", "waiting": "waiting"}
    return RunDocument(
        id=run.id,
        flow_name=run.flow,
        flow_version=run.version,
        status=run.status,
        trigger={**run.trigger, "userId": run.started_by},
        input=run.input,
        output=run.output,
        variables=run.variables,
        error=run.error,
        waiting=list(run.waiting),
        steps=steps,
        summary={name: sum(step.status == status for step in steps) for name, status in counted.items()},
        started_at=run.started_at,
        completed_at=run.completed_at,
        duration_ms=_between(run.started_at, run.completed_at),
        replay_of=run.replay_of,
    )


def _step(step: RunStep) -> RunStepDocument:
    around = step.key.rpartition(".")[0].rpartition(".")[2]
    parent, _, round_of = around.partition("[")
    return RunStepDocument(
        key=step.key,
        node_id=step.node_id,
        node_type=step.node_type,
        node_label=step.label,
        status=step.status,
        started_at=step.started_at,
        completed_at=step.completed_at,
        duration_ms=_between(step.started_at, step.completed_at),
        input=step.input,
        output=step.output,
        error=step.error,
        retry_attempt=step.attempt - 1,
        iteration=int(round_of.rstrip("]")) if round_of else None,
        parent_node_id=parent or None,
    )


def _between(began: str, ended: str | None) -> int | None:
    return None if ended is None else round((moment(ended) - moment(began)).total_seconds() * 1000)


_FILTERS = (
    ParameterNote("status", "The runs in this state alone."),
    ParameterNote(
        "trigger", "Those that were begun so: `api`, `record_change`, `schedule`, `action`, `flow` or `replay`."
    ),
    ParameterNote("startedBy", "Those of this user, by his id."),
    ParameterNote("startedAfter", "Those that were begun at this instant or later."),
    ParameterNote("startedBefore", "Those that were begun before this instant."),
    ParameterNote("limit", "The most runs to answer; 50 unless given, and 200 at the most.", {"type": "integer"}),
    ParameterNote("cursor", "The `nextCursor` of the page before."),
)

FLOW_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "flows.start": HandlerPart(_start, "Start a run of a flow", FlowInput, RunAnswer, refusals=(409, 422)),
    "flows.runs": HandlerPart(_runs, "List the runs of a flow", answer=RunList, parameters=_FILTERS),
    "flows.run": HandlerPart(_run, "Look at a run", answer=RunDocument),
    "flows.cancel": HandlerPart(_cancel, "Cancel a run", answer=RunDocument, refusals=(409,)),
    "flows.resume": HandlerPart(_resume, "Answer what a run waits for", ResumeBody, RunAnswer, refusals=(409,)),
    "flows.screen": HandlerPart(_screen, "Get the screen that a run waits for", answer=ScreenAnswer, refusals=(409,)),
    "flows.replay": HandlerPart(_replay, "Do a run again from a step on", ReplayBody, RunAnswer, refusals=(409, 422)),
}
"""Handlers over a `FlowDesk`."""
