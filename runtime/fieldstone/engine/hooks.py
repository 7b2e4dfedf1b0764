"""Hooks: named functions that a write calls inside its Unit, before or after the rows are written.

`app.py` hands the door one table of them; nothing registers by import. They run in the order of the table.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome

Event = Literal["before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete"]


class Change(msgspec.Struct):
    """One record being written; a before-hook may change `values`, an after-hook may not.

    `values` holds what is set, in wire form; `previous` the stored record (None on create).
    """

    object: str
    id: str
    values: dict[str, Any]
    previous: Mapping[str, Any] | None


class Context(Protocol):
    """What a hook may use: who writes, when, and the door within the same Unit."""

    caller: Caller
    now: str

    async def execute(self, operation: Operation, caller: Caller | None = None) -> Outcome:
        """Runs a further operation in the same Unit, as the same caller unless another is given."""

    async def take_turn(self) -> None:
        """Waits until every other Unit that has taken its turn, or changed anybody's rights, has ended; what they did is seen then.

        For a rule over several records that two Units at once could break together.
        """


HookFunction = Callable[[Context, Change], Awaitable[None]]


class Hook(msgspec.Struct, frozen=True, eq=False):
    """One hook of one object and event."""

    name: str
    object: str
    event: Event
    function: HookFunction
