"""The devices that wait: what is stored of each, found by the code of the device or of its user."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.engine.records import Execute, read_first

OBJECT = "sys_device_code"
Status = Literal["pending", "approved", "denied"]


class Waiting(msgspec.Struct, frozen=True):
    """A device that waits; `scopes` is None for no limit, `user_id` who has answered, within `active_organization_id`."""

    id: str
    client_id: str
    scopes: tuple[str, ...] | None
    status: Status
    user_id: str | None
    active_organization_id: str | None
    interval: int
    polled_at: str | None
    expires_at: str
    version: int


async def find_waiting(execute: Execute, where: Mapping[str, Any]) -> Waiting | None:
    """Returns the device of a condition, over or not."""
    row = await read_first(execute, OBJECT, where, Waiting.__struct_fields__)
    if row is None:
        return None
    stored = row["scopes"]
    scopes = msgspec.json.decode(stored) if isinstance(stored, msgspec.Raw) else stored
    return Waiting(**row | {"scopes": None if scopes is None else tuple(scopes)})
