"""What begins a flow: records that are written, and times. Refuses what would never begin it, and two ways at once."""

from typing import Any

import msgspec

from fieldstone.kinds.flow import (
    FlowDeclaration,
    RecordTrigger,
    Schedule,
    StartConfig,
    StartSchedule,
    StartSweep,
    SweepDeclaration,
)
from fieldstone.query.cel.types import optional
from fieldstone.registry.calendars import zone_fault
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Scheduled, Sweep, Trigger
from fieldstone.registry.flows.site import Path, Site, Surroundings, record_type
from fieldstone.registry.timetable import Timetable, read_cron, read_interval

_EVENTS = {
    "insert": ("create",),
    "create": ("create",),
    "update": ("update",),
    "delete": ("delete",),
    "write": ("create", "update"),
}
_BY_TIME = frozenset({"scheduled", "schedule"})
_BY_RECORDS = frozenset({"record_change"})
_BY_HAND = frozenset({"manual", "screen", "api"})

EVERY_MORNING = "0 8 * * *"
"""When a sweep runs that does not say so."""


class Said(msgspec.Struct, frozen=True, eq=False):
    """What a declaration of either dialect says of its beginning, and where."""

    trigger: RecordTrigger | StartConfig | None
    trigger_at: Path
    schedule: Schedule | StartSchedule | None
    schedule_at: Path
    sweep: SweepDeclaration | StartSweep | None
    sweep_at: Path


class Beginning(msgspec.Struct, frozen=True, eq=False):
    """What begins a flow, and the object whose record it is about."""

    subject: Object | None = None
    trigger: Trigger | None = None
    schedule: Scheduled | None = None


def link_beginning(flow: FlowDeclaration, around: Surroundings, said: Said) -> Beginning:
    """Returns what begins a flow; notes what is wrong with it."""
    check = Site(around, flow, (), {}, flow.name)
    _check(flow, check, said)
    about = said.trigger or said.sweep
    at = said.trigger_at if said.trigger is not None else said.sweep_at
    subject = None if about is None else Site(around, about, at, {}, flow.name).object(about.object or "")
    trigger = None if said.trigger is None else _trigger(said.trigger, around, at, subject)
    schedule = None
    if said.schedule is not None or said.sweep is not None:
        timetable = _timetable(said, around)
        sweep = None if said.sweep is None else _sweep(said.sweep, around, said.sweep_at, subject)
        schedule = None if timetable is None else Scheduled(timetable, sweep)
    return Beginning(subject, trigger, schedule)


def _check(flow: FlowDeclaration, site: Site, said: Said) -> None:
    """Notes where a flow's type and what begins it do not go together."""
    timed = said.schedule is not None or said.sweep is not None
    if said.trigger is not None and timed:
        site.refuse(
            said.schedule_at, "A flow is begun by records or by times, not by both.", "Make two flows.", Code.FLOW
        )
    if flow.type in _BY_TIME and not timed:
        site.refuse(("type",), "Nothing says at what times it is begun.", "Add a `schedule`.", Code.FLOW)
    if flow.type in _BY_RECORDS and said.trigger is None:
        site.refuse(("type",), "Nothing says which records begin it.", "Add a trigger.", Code.FLOW)
    if flow.type in _BY_HAND and (timed or said.trigger is not None):
        message = f"A flow of type `{flow.type}` is begun by people and programs alone."
        at = said.schedule_at if timed else said.trigger_at
        site.refuse(at, message, "Drop what begins it, or say another `type`.", Code.FLOW)


def _trigger(
    trigger: RecordTrigger | StartConfig, around: Surroundings, at: Path, subject: Object | None
) -> Trigger | None:
    if subject is None:
        return None
    record = record_type(subject)
    site = Site(around, trigger, at, {"record": record, "previous": optional(record)}, "")
    timing, _, event = str(trigger.when).removeprefix("record-").replace("-", "_").partition("_")
    text = trigger.condition
    condition = None if text is None else site.condition(text, site.at("condition"))
    return Trigger(subject.name, timing == "before", _EVENTS[event], condition)


def _sweep(
    sweep: SweepDeclaration | StartSweep, around: Surroundings, at: Path, subject: Object | None
) -> Sweep | None:
    site = Site(around, sweep, at, {}, "")
    if subject is None or not site.named_fields(subject, sweep.where, site.at("where")):
        return None
    where = site.value(sweep.where, site.at("where"))
    return None if where is None else Sweep(subject.name, where.evaluate)


def _timetable(said: Said, around: Surroundings) -> Timetable | None:
    schedule = said.schedule
    if schedule is None:
        return read_cron(EVERY_MORNING, "UTC")
    site = Site(around, schedule, said.schedule_at, {}, "")
    if unknown := zone_fault(around.document, site.at("timezone"), schedule.timezone):
        around.faults.append(unknown)
        return None
    times = _times(schedule, site, swept=said.sweep is not None)
    if times is None:
        return None
    interval, text, key = times
    try:
        return read_interval(text) if interval else read_cron(text, schedule.timezone)
    except ValueError as error:
        hint = "Write it such as `PT15M`." if interval else "Write it such as `0 8 * * MON-FRI`."
        site.refuse(site.at(key), f"{error}.", hint, Code.FLOW)
        return None


def _times(schedule: Schedule | StartSchedule, site: Site, *, swept: bool) -> tuple[bool, str, Any] | None:
    """Returns whether a schedule says an interval, its text, and the key of that; None, with a fault noted, where it says none or two."""
    if isinstance(schedule, StartSchedule):
        return schedule.type == "interval", schedule.expression, "expression"
    if schedule.cron is not None and schedule.every is not None:
        site.refuse(site.at("every"), "A schedule says `cron` or `every`, not both.", "Drop one of the two.", Code.FLOW)
        return None
    if schedule.every is not None:
        return True, schedule.every, "every"
    if schedule.cron is None and not swept:
        site.refuse(site.path, "The schedule says no times.", "Add `cron: ...` or `every: ...`.", Code.FLOW)
        return None
    return False, schedule.cron or EVERY_MORNING, "cron"
