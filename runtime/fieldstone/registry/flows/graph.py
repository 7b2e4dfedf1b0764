"""The Graph: what a flow, or an action's list of steps, comes to. One form for both dialects; `flows/interpreter.py` runs it.

A Region is a part that is run from its start until it ends: the flow itself, the body of a loop, a branch. Within one, edges lead from
node to node; a node's own Regions are run by its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from fieldstone.errors import Place
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.field_type import Reader
from fieldstone.kinds.flow import FlowDeclaration
from fieldstone.kinds.step import Retry, StepOptions
from fieldstone.query.cel.types import Type
from fieldstone.registry.timetable import Timetable

Names = Mapping[str, Any]
"""The values that expressions may use, by their roots."""

Evaluate = Callable[[Names], Any]
"""Computes a value in wire form; raises EvaluationError."""

Lasting = Literal["all", "variables"]
"""What stays of a Region behind its node: the outputs of its steps with the variables, or the variables alone."""


class Input(msgspec.Struct, frozen=True, eq=False):
    """A value that whoever starts a flow gives, or fills into a screen; `reader` takes it as a field of this type would."""

    name: str
    label: str
    reader: Reader
    type: Type
    required: bool = False
    default: Any = None
    secret: bool = False


class Body(msgspec.Struct, frozen=True, eq=False):
    """A part of a node that is a Region of its own: what is declared of it, where, and the names that are bound in it alone."""

    path: tuple[str | int, ...]
    content: Any
    binds: Mapping[str, Type] = {}
    lasting: Lasting = "all"
    certain: bool = False
    """It is run whenever its node is, so that what it binds is there behind the node."""


class Linked(msgspec.Struct, frozen=True, eq=False):
    """What a kind makes of a step: the configuration for its work, the type of what comes of it (None: nothing), its Regions by name."""

    config: Any
    output: Type | None = None
    bodies: Mapping[str, Body] = {}
    labels: tuple[str, ...] = ()
    """The labels that edges behind it may have."""
    calls: tuple[str, ...] = ()
    """The flows that it starts."""
    inputs: Mapping[str, Input] = {}
    """What is filled into it while the run waits: the fields of a screen."""
    sets: Mapping[str, tuple[str | int, ...]] = {}
    """The variables that it sets beside its output, and where."""
    beside: bool = False
    """Its Regions are run side by side."""


class Trigger(msgspec.Struct, frozen=True, eq=False):
    """Records whose writes begin a flow: within the write (`before`), or once it stands; where the condition holds."""

    object: str
    before: bool
    events: tuple[str, ...]
    """Of `create`, `update`, `delete`."""
    condition: Evaluate | None = None


class Sweep(msgspec.Struct, frozen=True, eq=False):
    """The records that a schedule begins a run for, each its own: those that satisfy a condition of the query language."""

    object: str
    where: Evaluate


class Scheduled(msgspec.Struct, frozen=True, eq=False):
    """When a flow is begun: once at each time, or once for each record of a sweep."""

    timetable: Timetable
    sweep: Sweep | None = None


class StepKind(msgspec.Struct, frozen=True, eq=False):
    """A kind of step, as far as loading knows it.

    `step` is the Struct of an item of a list (its tag is the `type`), `node` that of a node's `config`: None where a dialect has none.
    Both are given to `link`, which tells its Site of every fault; after one it returns None, or what its
    Regions are, so that their faults are told, too. `inline` steps may stand in one Unit: in
    actions and before-triggers. `pure` ones neither act nor wait: nothing of them is kept, and they are never tried again.
    """

    name: str
    link: Callable[[Any, Any], Linked | None]
    step: type[StepOptions] | None = None
    node: type[Declared] | None = None
    inline: bool = True
    pure: bool = False
    tried: bool = True
    """It may fail by itself, so that trying it again is of use."""
    timed: bool = True
    """It may take long, so that a time limit is of use."""
    answers: bool = False
    """Its work answers with the label of the edge to take."""
    own_when: bool = False
    """Its `when` is its own matter: it is looked at by its work, not before it."""


StepKinds = Mapping[str, StepKind]
"""The kinds of steps by name, which is the `type` of a node; that of an item of a list is the tag of its Struct."""


class Edge(msgspec.Struct, frozen=True, eq=False):
    """A way on to the node `target`: gone where `condition` holds or the node answers its `label`, always where it has neither.

    A `default` one is gone when no other is.
    """

    target: str
    condition: Evaluate | None = None
    label: str | None = None
    default: bool = False


class Node(msgspec.Struct, frozen=True, eq=False):
    """A step: `config` is what its kind has made of the declaration, `edges` lead on, `fault` is the node to go to when it fails.

    `when` passes it over where it does not hold. `join` is where the branches that its edges open meet again. `output` is a further name
    for what comes of it. With `goes_on` a failure is no end. `inputs` are the fields of a screen.
    """

    id: str
    kind: str
    label: str
    config: Any
    place: Place
    edges: tuple[Edge, ...] = ()
    regions: Mapping[str, Region] = {}
    fault: str | None = None
    join: str | None = None
    when: Evaluate | None = None
    output: str | None = None
    retry: Retry | None = None
    goes_on: bool = False
    timeout_ms: int | None = None
    inputs: Mapping[str, Input] = {}


class Region(msgspec.Struct, frozen=True, eq=False):
    """Nodes by id, run from `start` until no edge leads on; `binds` are the names that only its own nodes use.

    `lasting` says what of it stays behind the node that it belongs to.
    """

    start: str
    nodes: Mapping[str, Node]
    binds: tuple[str, ...] = ()
    lasting: Lasting = "all"


class Graph(msgspec.Struct, frozen=True, eq=False):
    """A flow that can be run. `declaration` is None for the steps of something else: an action, a hook.

    `version_hash` tells versions of one flow apart, whatever their numbers. `nodes` are those of all Regions, by id. `steps` are the names
    of all nodes whose output can be used, `names` further names that are empty until something is bound to them, `variables` the values
    that variables begin with. `inline` says that all of its steps may run in one Unit. `subject` is the object of `record`, None where
    there is none. `calls` are the flows that it starts, `system` says that it acts as the system,
    `active` that it is begun. `content` is the declaration as it was written, from which the same Graph can be made again.
    """

    name: str
    version_hash: str
    body: Region
    nodes: Mapping[str, Node]
    place: Place
    declaration: FlowDeclaration | None = None
    inputs: Mapping[str, Input] = {}
    outputs: Mapping[str, Evaluate] = {}
    variables: Mapping[str, Any] = {}
    steps: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    inline: bool = True
    trigger: Trigger | None = None
    schedule: Scheduled | None = None
    subject: str | None = None
    calls: tuple[str, ...] = ()
    system: bool = False
    active: bool = True
    content: bytes = b""

    def node(self, key: str) -> Node | None:
        """Returns the node that a key of the journal stands for: `each[3].update#2~1` is the node `update`; None when there is none."""
        return self.nodes.get(node_id(key))


def node_id(key: str) -> str:
    """Returns the id of the node in a key, without what stands around it, and what counts rounds and tries."""
    last = key.rpartition(".")[2]
    return last.partition("[")[0].partition("#")[0].partition("~")[0]
