"""What an expression may know of who asks: the types of `current_user` and of `os.org`."""

from collections.abc import Mapping
from typing import Any

from fieldstone.query.cel.types import STRING, list_of, optional, struct_of

REPORTS = "report_ids"
"""The users who report to the caller, over however many others."""

FELLOWS = "org_user_ids"
"""The users who are members of his active organisation."""

_OF_ALL = {
    "id": optional(STRING),
    "email": optional(STRING),
    "organization_id": optional(STRING),
    "roles": list_of(STRING),
    "positions": list_of(STRING),
    "permissions": list_of(STRING),
}
_OF_MEMBERS = {
    "business_unit_id": optional(STRING),
    "unit_ids_below": list_of(STRING),
    "team_ids": list_of(STRING),
    REPORTS: list_of(STRING),
    FELLOWS: list_of(STRING),
}

CALLER_TYPE = struct_of(_OF_ALL)
"""What `current_user` is in an expression."""

POLICY_CALLER_TYPE = struct_of(_OF_ALL | _OF_MEMBERS)
"""What it is in a row policy: where he stands among the members of his organisation, too."""

ORGANIZATION_TYPE = struct_of({"id": optional(STRING), "timezone": STRING})
"""What `os.org` is in an expression: the caller's active organisation."""

_SCALARS = ("id", "email", "organization_id")
_LISTS = ("roles", "positions", "permissions")


def activation(values: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Returns the values of `current_user` and `os.org` for a caller with these, and the clock; of whom nothing is known, all are null."""
    timezone = values.get("timezone") or "UTC"
    return {
        "current_user": {**dict.fromkeys(_SCALARS), **dict.fromkeys(_LISTS, ()), **values},
        "os": {"org": {"id": values.get("organization_id"), "timezone": timezone}},
        "now": now,
        "timezone": timezone,
    }
