"""Kind `flow`: a process in steps, declared as a list of steps or as a graph of nodes and edges (contract 7.1)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name
from fieldstone.kinds.fields.table import AnyField
from fieldstone.kinds.step import Expression, Milliseconds, Steps

NodeId = Annotated[
    str,
    msgspec.Meta(
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        max_length=63,
        description="The id of a node is made of letters, digits and `_`, and does not begin with a digit.",
    ),
]
RecordEvent = Literal[
    "before_insert",
    "before_update",
    "before_delete",
    "before_write",
    "after_insert",
    "after_update",
    "after_delete",
    "after_write",
]
TriggerType = Literal[
    "record-before-create",
    "record-before-update",
    "record-before-delete",
    "record-before-write",
    "record-after-create",
    "record-after-update",
    "record-after-delete",
    "record-after-write",
]


class RecordTrigger(Declared, frozen=True, kw_only=True):
    """Runs the flow for each record that is written."""

    object: str
    """The object of the records."""
    when: RecordEvent
    """`before_*` runs within the write, and may change or refuse it; `after_*` runs once it stands."""
    condition: Expression | None = None
    """A CEL expression over `record` and `previous`; the flow runs only where it holds."""


class SweepDeclaration(Declared, frozen=True, kw_only=True):
    """One run for each record that satisfies a condition."""

    object: str
    """The object of the records."""
    where: dict[str, Any]
    """A condition of the query language; `record` is one that satisfies it."""


class Schedule(Declared, frozen=True, kw_only=True):
    """Runs the flow at times: `cron` or `every`, one of the two; a sweep that says neither is at eight every day."""

    cron: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """Five fields: minute, hour, day of the month, month, day of the week."""
    every: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """A duration as ISO 8601 has it, such as `PT15M`."""
    timezone: str = "UTC"
    """The time zone that `cron` is read in."""
    sweep: SweepDeclaration | None = None
    """Runs it once for each of these records, in place of once."""


class StartSchedule(Declared, frozen=True, kw_only=True):
    """Runs the flow at times."""

    type: Literal["cron", "interval"] = "cron"
    """What `expression` is."""
    expression: Annotated[str, msgspec.Meta(min_length=1)]
    """Five fields of cron, or a duration such as `PT15M`."""
    timezone: str = "UTC"
    """The time zone that a cron is read in."""


class StartSweep(Declared, frozen=True, kw_only=True):
    """One run for each record that satisfies a condition."""

    object: str = msgspec.field(name="objectName")
    """The object of the records."""
    where: dict[str, Any] = msgspec.field(name="filter")
    """A condition of the query language; `record` is one that satisfies it."""


class StartConfig(Declared, frozen=True, kw_only=True):
    """What begins a graph: records that are written, times, or whoever asks for it."""

    object: str | None = msgspec.field(name="objectName", default=None)
    """The object of `record`."""
    when: TriggerType | None = msgspec.field(name="triggerType", default=None)
    """`record-before-*` runs within the write, `record-after-*` once it stands."""
    condition: Expression | None = None
    """A CEL expression over `record` and `previous`; the flow runs only where it holds."""
    schedule: StartSchedule | None = None
    """Runs it at times."""
    sweep: StartSweep | None = msgspec.field(name="timeRelative", default=None)
    """Runs it for each of these records, at the times of `schedule`, else at eight every day."""


class NodeDeclaration(Declared, frozen=True, kw_only=True):
    """A node of a graph."""

    id: NodeId
    """Its id, new in the flow."""
    type: str
    """A kind of step."""
    label: str | None = None
    """What people call it."""
    config: dict[str, Any] = {}
    """What its kind takes."""
    timeout_ms: Milliseconds | None = None
    """How long one try may take; then it has failed."""
    position: dict[Literal["x", "y"], float] | None = None
    """Where editors draw it; told by `/meta`."""


class EdgeDeclaration(Declared, frozen=True, kw_only=True):
    """A way from one node to another."""

    source: str
    """The id of the node that it leads from."""
    target: str
    """The id of the node that it leads to."""
    id: NodeId | None = None
    """Its own id, for editors; told by `/meta`."""
    type: Literal["default", "fault", "conditional", "back"] = "default"
    """`fault` is gone when the node has failed, `back` leads to a node that was there before, `conditional` has a `condition`."""
    condition: Expression | None = None
    """A CEL expression; it is gone where that holds."""
    label: str | None = None
    """Behind a decision, the label of the condition that it is for."""
    is_default: bool = False
    """It is gone when no other edge of its node is."""


class Nodes(Declared, frozen=True, kw_only=True):
    """Nodes and edges: those of a flow, or of a part of it within a node."""

    nodes: Annotated[tuple[NodeDeclaration, ...], msgspec.Meta(min_length=1)]
    """The nodes."""
    edges: tuple[EdgeDeclaration, ...] = ()
    """The edges."""


class VariableDeclaration(Declared, frozen=True, kw_only=True):
    """A value that steps may set, and expressions use by its name."""

    name: Name
    """Its name."""
    type: Literal["text", "number", "integer", "boolean", "date", "datetime", "record", "object", "list", "json"] = (
        "json"
    )
    """What it holds."""
    is_input: bool = False
    """Whoever starts the flow gives it."""
    is_output: bool = False
    """The run tells it when it has ended."""
    required: bool = False
    """As an input, it must be given."""
    default_value: Any = None
    """What it holds until it is set."""


class ErrorHandling(Declared, frozen=True, kw_only=True):
    """What becomes of nodes that fail and have no way of their own out of it."""

    strategy: Literal["fail", "retry", "continue"] = "fail"
    """`retry` tries a node again, `continue` goes on behind it."""
    max_retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    """How often a node is tried again."""
    backoff_ms: Milliseconds = 1000
    """How long the second try waits."""
    backoff_multiplier: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1
    """By how much each further wait is longer than the one before."""
    max_retry_delay_ms: Milliseconds = 30_000
    """The longest wait."""
    jitter: bool = False
    """`true`: waits are shortened by up to a half, each by another part."""


class FlowDeclaration(Declared, frozen=True, kw_only=True):
    """A process in steps: a list (`inputs`, `steps`, `outputs`, `trigger`, `schedule`) or a graph (`variables`, `nodes`, `edges`).

    What else there is, both may say.
    """

    elsewhere: ClassVar[dict[str, str]] = {"objectName": "The start node's `config` names the object."}

    name: Name
    """The flow's name."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it is for."""
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Its version, as its makers count; each run tells it."""
    type: Literal["autolaunched", "scheduled", "manual", "record_change", "schedule", "screen", "api"] = "autolaunched"
    """How it is begun."""
    status: Literal["draft", "active", "obsolete"] = "active"
    """Only an `active` flow is begun; runs of an `obsolete` one go on, a `draft` is checked alone."""
    run_as: Literal["user", "system"] = "user"
    """As whom its steps read and write: whoever began it, or the system."""
    required_permissions: tuple[CapabilityName, ...] = ()
    """Capabilities that whoever starts it by hand must hold, all of them."""
    success_message: str | None = None
    """What faces say when it has ended well; told by the run."""
    error_message: str | None = None
    """What faces say when it has failed; told by the run."""
    trigger: RecordTrigger | None = None
    """List: runs it for records that are written."""
    schedule: Schedule | None = None
    """List: runs it at times."""
    inputs: dict[Name, AnyField] = {}
    """List: what whoever starts it gives, declared like fields."""
    steps: Steps | None = None
    """List: the steps."""
    outputs: dict[Name, Any] = {}
    """List: what the run tells when it has ended."""
    variables: tuple[VariableDeclaration, ...] = ()
    """The values that steps set."""
    nodes: Annotated[tuple[NodeDeclaration, ...], msgspec.Meta(min_length=1)] | None = None
    """Graph: the nodes."""
    edges: tuple[EdgeDeclaration, ...] = ()
    """Graph: the edges."""
    error_handling: ErrorHandling = ErrorHandling()
    """What becomes of steps that fail and say nothing about it."""


FLOW = Kind(name="flow", plural="flows", struct=FlowDeclaration, summary="A process in steps")
