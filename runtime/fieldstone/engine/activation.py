"""What expressions of declarations know of who asks and when: the caller, his organisation, the clock."""

from typing import Any

from fieldstone.access.caller import Caller

_SCALARS = ("id", "email", "organization_id")
_LISTS = ("roles", "positions", "permissions")


def activation_of(caller: Caller, now: str) -> dict[str, Any]:
    """Returns the values of `current_user` and `os.org`, and the clock; what the caller lacks is null, or an empty list."""
    timezone = caller.values.get("timezone") or "UTC"
    return {
        "current_user": {**dict.fromkeys(_SCALARS), **dict.fromkeys(_LISTS, ()), **caller.values},
        "os": {"org": {"id": caller.values.get("organization_id"), "timezone": timezone}},
        "now": now,
        "timezone": timezone,
    }
