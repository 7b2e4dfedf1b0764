"""The event: what happened to one record, as the outbox keeps it."""

from typing import Literal

import msgspec

EventAction = Literal["created", "updated", "deleted", "restored", "purged"]


class RecordEvent(msgspec.Struct, frozen=True):
    """A change of one record: `version` is the one that it made, `changed` names the fields that it set."""

    organization_id: str | None
    object: str
    record_id: str
    action: EventAction
    version: int
    actor: str | None
    at: str
    changed: tuple[str, ...] = ()
