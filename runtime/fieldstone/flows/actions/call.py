"""What the handler of an action is called with; the other argument is the `Context` of `engine/hooks.py`."""

from collections.abc import Mapping
from typing import Any

import msgspec


class ActionCall(msgspec.Struct, frozen=True, eq=False):
    """One call: the action's key, its parameters in wire form (all of them; None for one without a value), and its record.

    `record` is what its caller, or the system under `runAs: system`, reads of it. It may have changed since it was read: who writes it
    says at which `version` it must still be.
    """

    action: str
    input: Mapping[str, Any]
    object: str | None = None
    record_id: str | None = None
    record: Mapping[str, Any] | None = None
