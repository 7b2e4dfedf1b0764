"""The journal: what a run has done already, and the only way to do more.

A run is its journal: the interpreter is begun anew after every pause and crash, and each step that is not pure takes its result from the
journal where it is there. `InlineJournal` is that of actions, hooks and before-triggers, which run at once within one Unit.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.errors import FieldstoneError

WaitKind = Literal["timer", "signal", "screen", "condition", "retry"]


class Step(msgspec.Struct, frozen=True, eq=False):
    """A step on its way: `key` is new and always the same within its run; `input` is what it was given, for people to read."""

    key: str
    node_id: str
    kind: str
    label: str
    attempt: int = 1
    input: Any = None


class Entry(msgspec.Struct, frozen=True, eq=False):
    """What came of a step, as the journal keeps it: `output`, or the `error` of what failed (code, message, details). `at` is when."""

    output: Any = None
    error: Mapping[str, Any] | None = None
    at: str = ""


class Waiting(msgspec.Struct, frozen=True, eq=False):
    """What a run waits for: until `due_at` (a timer, the end of a time limit), for a signal of this name, for a screen to be filled in.

    `due_at` of None waits for ever. A condition is looked at again at `due_at`. `told` is what others are told meanwhile (a screen).
    """

    kind: WaitKind
    due_at: str | None = None
    signal: str | None = None
    told: Any = None


class Effects(Protocol):
    """What a step may do while it acts: operations, as whom the run acts, in the Unit in which its journal row is written.

    `key` names the step of the run to whoever is outside, the same whenever it is tried again.
    """

    caller: Caller
    now: str
    key: str

    async def execute(self, operation: Operation) -> Outcome:
        """Runs an operation; raises what it raises."""


Work = Callable[[Effects], Awaitable[Any]]
"""What a step does with records, or by itself; returns its output."""


class Paused(Exception):
    """The run waits, and its segment ends; the journal knows for what."""


class Journal(Protocol):
    """Does the steps of one run, each once. What it returns for a key is the same for ever."""

    concurrent: bool
    """Branches may be under way at the same time."""

    async def act(self, step: Step, work: Work, /) -> Entry:
        """Does work on records and writes down what came of it in the same Unit, the error of work that was refused, too.

        What is written down already is returned as it is. Raises what says nothing about the work: a Unit that cannot be had, a cancel.
        """

    async def reach_out(self, step: Step, work: Work, /) -> Entry:
        """Does work outside of every Unit, at least once, and writes down what came of it. Effects have no `execute` that writes."""

    async def wait(self, step: Step, waiting: Waiting, /) -> Entry:
        """Returns what ended the wait: nothing (it was due), or what came with the signal or the screen. Raises Paused until then."""

    async def call(self, step: Step, flow: str, inputs: Mapping[str, Any], /) -> Entry:
        """Returns the outputs of a run of another flow, or its error. Raises Paused until it has ended."""

    def passed(self, step: Step, output: Any, /, *, skipped: bool = False) -> None:
        """Takes note of a pure step, or of one that was passed over, for people to read; told again whenever the run is begun anew."""


def error_of(error: FieldstoneError) -> dict[str, Any]:
    """Returns an error as the journal keeps it."""
    return {"code": error.code, "message": error.message, "details": dict(error.details)}
