"""The past of records: reading as of an instant, and the versions of one record.

A past version is shown only if the caller may see the record as it is now and the version satisfies his rows too; a field that he may not
read now was never there. Refuses, as Invalid, an object that keeps no history.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.gate import absent, enter
from fieldstone.engine.operation import ReadHistory
from fieldstone.engine.outcome import FieldChange, History, Version
from fieldstone.engine.unit import Unit, fetcher
from fieldstone.errors import Invalid
from fieldstone.ids import is_id
from fieldstone.query.ast import Query, conjunction
from fieldstone.registry.catalog import Object
from fieldstone.registry.history import VALID_FROM, stood_at
from fieldstone.registry.system_fields import SYSTEM_NAMES
from fieldstone.store.binds import Binds

MOST_VERSIONS = 200
DEFAULT_VERSIONS = 50
"""How many versions are on a page, at most and when nobody says."""

_BOOKKEEPING = SYSTEM_NAMES - {"owner_id"}


def require_history(subject: Object) -> None:
    """Raises Invalid for an object that keeps no history."""
    if not subject.declaration.enable.track_history:
        raise Invalid(
            f"`{subject.name}` keeps no history.",
            reason="HISTORY_NOT_TRACKED",
            hint="Its declaration must say `enable: {trackHistory: true}`.",
        )


def refuse_expansion(names: Sequence[object]) -> None:
    """Raises Invalid when anything is to be expanded in the past."""
    if names:
        raise Invalid(
            "`expand` cannot be asked for together with `asOf`: it shows records as they are now.",
            reason="INVALID_QUERY",
            path="expand",
        )


def look_back(
    door: Door, subject: Object, policy: Policy, query: Query, as_of: str, *, searched: bool
) -> tuple[Policy, Query]:
    """Returns policy and query turned to the history, at an instant. Raises Invalid, for an expansion and a search too."""
    require_history(subject)
    refuse_expansion(query.expand)
    if searched:
        raise Invalid(
            "`search` cannot be asked for together with `asOf`: it knows the words of records as they are now.",
            reason="INVALID_QUERY",
            path="search",
        )
    where = conjunction(query.where, stood_at(len(query.values)))
    values = (*query.values, as_of)
    return door.policies.past(policy), msgspec.structs.replace(query, where=where, values=values)


async def answer_history(door: Door, operation: ReadHistory, caller: Caller, unit: Unit | None) -> History:
    """Returns the versions of a record that the caller may see, the newest first, each with what it changed."""
    subject, policy = enter(door, caller, operation.object, "history")
    require_history(subject)
    fetch, now = fetcher(door.store, unit), door.clock()
    ids = [operation.id]
    if not is_id(operation.id) or not await fetch(door.plans.visible(policy), Binds((ids,), caller.values, now)):
        raise absent(subject.name, operation.id)
    limit = min(operation.limit or DEFAULT_VERSIONS, MOST_VERSIONS)
    plan = door.plans.versions(door.policies.past(policy), operation.before is not None)
    rows = await fetch(plan.statement, Binds((operation.id, operation.before), caller.values, now, limit=limit + 1))
    images = [dict(zip(plan.columns, row, strict=True)) for row in rows]
    untold = _BOOKKEEPING | {name for name, field in subject.fields.items() if field.declaration.track_history is False}
    entries = tuple(
        _version(image, images[place + 1] if place + 1 < len(images) else None, untold)
        for place, image in enumerate(images[:limit])
    )
    return History(subject.name, operation.id, entries, entries[-1].version if len(images) > limit else None)


def _version(image: dict[str, Any], previous: dict[str, Any] | None, untold: frozenset[str]) -> Version:
    """Returns what a version changed, but for fields that are untold; the oldest that the caller may see is shown in full."""
    before = previous or {}
    changes = tuple(
        FieldChange(name, before.get(name), value)
        for name, value in image.items()
        if name not in untold and name != VALID_FROM and before.get(name) != value
    )
    return Version(image["version"], image[VALID_FROM], image.get("updated_by"), changes)
