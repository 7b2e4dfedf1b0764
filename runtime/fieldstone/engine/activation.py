"""What expressions of declarations know of who asks and when: the caller, his organisation, the clock."""

from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.query.cel.context import activation


def activation_of(caller: Caller, now: str) -> dict[str, Any]:
    """Returns the values of `current_user` and `os.org`, and the clock; what the caller lacks is null, or an empty list."""
    return activation(caller.values, now)
