"""Step `wait`: for a time, for a signal, or until a record is as a condition says.

Nobody waits meanwhile: the run is a row and an instant.
"""

from datetime import timedelta
from typing import Any, Literal

import msgspec

from fieldstone.clock import instant, later, moment
from fieldstone.engine.operation import Get
from fieldstone.errors import FlowMistake
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects, Waiting
from fieldstone.flows.steps.records import record_of
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import Expression, StepOptions
from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.types import DYN
from fieldstone.query.cel.values import duration_from
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site, record_type
from fieldstone.registry.working_time import WorkingTime

MOST_LOOKS = 1000
"""How often a condition is looked at."""

LONGEST = timedelta(days=366 * 5)


class WaitStep(StepOptions, frozen=True, kw_only=True, tag="wait"):
    """Waits for one of `duration`, `until`, `signal` and `condition`."""

    duration: str | None = None
    """How long, such as `PT3S`, `P2D` or a placeholder."""
    calendar: Name | None = None
    """A calendar: `duration` counts its working time alone."""
    until: str | None = None
    """Until an instant: a placeholder, or such as `2026-07-01T12:00:00Z`."""
    signal: Name | None = None
    """Until whoever resumes the run sends this signal; what comes with it is the output. `timeoutMs` says how long at most."""
    condition: Expression | None = None
    """Until it holds; `record` is that of `object` and `id`, as it is each time that it is looked at."""
    object: str | None = None
    """The object of the record of a `condition`."""
    id: str | None = None
    """The id of the record of a `condition`."""
    every: str = "PT5M"
    """How often a `condition` is looked at."""


class WaitNode(Declared, frozen=True, kw_only=True):
    """Waits for what `eventType` says."""

    event_type: Literal["timer", "signal", "webhook", "manual", "condition"]
    """A time; a signal that whoever resumes the run sends (`signal`, `webhook`, `manual`); a condition."""
    duration: str | int | None = msgspec.field(name="timerDuration", default=None)
    """How long, such as `PT3S` or a placeholder, or a number of milliseconds."""
    calendar: Name | None = None
    """A calendar: `timerDuration` counts its working time alone."""
    until: str | None = None
    """Until an instant, in place of `timerDuration`."""
    signal: Name | None = msgspec.field(name="signalName", default=None)
    """The name of the signal."""
    condition: Expression | None = None
    """Until it holds; `record` is that of `objectName` and `recordId`, as it is each time that it is looked at."""
    object: str | None = msgspec.field(name="objectName", default=None)
    """The object of the record of a `condition`."""
    id: str | None = msgspec.field(name="recordId", default=None)
    """The id of the record of a `condition`."""
    every: str = "PT5M"
    """How often a `condition` is looked at."""


class _Timer(msgspec.Struct, frozen=True, eq=False):
    duration: Evaluate | None
    until: Evaluate | None
    working_time: WorkingTime | None


class _Signal(msgspec.Struct, frozen=True, eq=False):
    name: str


class _Watch(msgspec.Struct, frozen=True, eq=False):
    object: str
    id: Evaluate
    holds: Evaluate
    every: float


_NEEDS = {"timer": ("duration", "until"), "condition": ("condition",)}
_BESIDE = {"duration": ("calendar",), "condition": ("object", "id", "every")}


def _link(declared: WaitStep | WaitNode, site: Site) -> Linked | None:
    said = [key for key in ("duration", "until", "signal", "condition") if getattr(declared, key) is not None]
    if isinstance(declared, WaitNode):
        wanted = _NEEDS.get(declared.event_type, ("signal",))
        if declared.event_type in ("webhook", "manual") and not said:
            return Linked(_Signal(declared.event_type), DYN)
    else:
        wanted = ("duration", "until", "signal", "condition")
    if len(said) != 1 or said[0] not in wanted:
        *first, last = [f"`{site.at(key)[-1]}`" for key in wanted]
        names = f"one of {', '.join(first)} and {last}" if first else last
        site.refuse(site.path, f"A wait says {names}, and nothing else to wait for.")
        return None
    for key, others in _BESIDE.items():
        for other in others:
            blank = next(field.default for field in msgspec.structs.fields(type(declared)) if field.name == other)
            if key not in said and getattr(declared, other) != blank:
                site.refuse(site.at(other), f"It says nothing where there is no `{site.at(key)[-1]}`.", "Drop it.")
                return None
    match said[0]:
        case "signal":
            return Linked(_Signal(str(declared.signal)), DYN)
        case "condition":
            return _link_watch(declared, site)
    return _link_timer(declared, site)


def _link_timer(declared: WaitStep | WaitNode, site: Site) -> Linked | None:
    key = "duration" if declared.duration is not None else "until"
    raw = declared.duration if declared.duration is not None else declared.until
    value = site.value(f"{raw}ms" if isinstance(raw, int) else raw, site.at(key))
    if value is None:
        return None
    if isinstance(value.constant, str):
        try:
            duration_from(value.constant) if key == "duration" else moment(value.constant)
        except (Failure, ValueError):
            hint = "Write it such as `PT3S`." if key == "duration" else "Write it such as `2026-07-01T12:00:00Z`."
            site.refuse(
                site.at(key), f"`{value.constant}` is no {'duration' if key == 'duration' else 'instant'}.", hint
            )
            return None
    working_time = None
    if declared.calendar is not None:
        working_time = site.calendar(declared.calendar, site.at("calendar"))
        if working_time is None:
            return None
    if key == "duration":
        return Linked(_Timer(value.evaluate, None, working_time))
    return Linked(_Timer(None, value.evaluate, None))


def _link_watch(declared: WaitStep | WaitNode, site: Site) -> Linked | None:
    if declared.object is None or declared.id is None:
        keys = " and ".join(f"`{site.at(key)[-1]}`" for key in ("object", "id"))
        site.refuse(site.at("condition"), "Nothing says which record is looked at.", f"Add {keys}.", Code.MISSING_KEY)
        return None
    subject = site.object(declared.object)
    record_id = site.value(declared.id, site.at("id"))
    if subject is None or record_id is None:
        return None
    within = site.with_roots({"record": record_type(subject)})
    holds = within.condition(str(declared.condition), site.at("condition"))
    try:
        every = duration_from(declared.every).total_seconds()
    except Failure:
        every = 0.0
    if every < 1:
        site.refuse(
            site.at("every"), f"`{declared.every}` is no duration of a second or more.", "Write it such as `PT5M`."
        )
        return None
    return None if holds is None else Linked(_Watch(subject.name, record_id.evaluate, holds, every))


async def _run(turn: Turn) -> Result:
    match turn.config:
        case _Timer() as timer:
            due = _due(turn, timer)
            return await turn.wait(Waiting("timer", due), {"until": due})
        case _Signal(name=name):
            return await turn.wait(Waiting("signal", turn.limit(), signal=name), {"signal": name})
        case _Watch() as watch:
            return await _look(turn, watch)
    raise TypeError(f"{turn.config!r} is nothing to wait for")


def _due(turn: Turn, timer: _Timer) -> str:
    try:
        if timer.until is not None:
            return instant(moment(str(turn.value(timer.until))))
        evaluate = timer.duration
        duration = duration_from(str(turn.value(evaluate))) if evaluate is not None else timedelta()
        if duration > LONGEST:
            raise FlowMistake(f"The wait of `{turn.node.id}` is longer than five years.")
        now = turn.scope.now
        return (
            later(now, duration.total_seconds())
            if timer.working_time is None
            else timer.working_time.after(now, duration)
        )
    except (Failure, ValueError, OverflowError) as error:
        raise FlowMistake(f"What `{turn.node.id}` waits for is no time: {error}.") from error


async def _look(turn: Turn, watch: _Watch) -> Result:
    """Reads the record and looks at it, again after a while as long as the condition does not hold."""
    record_id = str(turn.value(watch.id))
    given = {"object": watch.object, "id": record_id}

    async def read(effects: Effects) -> Any:
        return record_of(await effects.execute(Get(watch.object, record_id)))

    end = turn.limit()
    for look in range(1, MOST_LOOKS + 1):
        found = await turn.act(given, read, look)
        scope = found.scope or turn.scope
        if turn.decide(watch.holds, {**turn.names, "record": found.output, "now": scope.now}):
            return Result(output=found.output, scope=scope)
        if end is not None and scope.now >= end:
            raise turn.timed_out()
        await turn.pause(Waiting("condition", later(scope.now, watch.every)), look)
    raise FlowMistake(f"`{turn.node.id}` has looked {MOST_LOOKS:,} times.")


WAIT = StepType(StepKind("wait", _link, WaitStep, WaitNode, inline=False, tried=False), _run)
