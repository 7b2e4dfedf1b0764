"""Matching: which records the rows of an update or an upsert mean, by the values of their match fields.

Records are looked for among those that the caller may see. Refuses, for the whole import, fields that cannot tell records apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Import
from fieldstone.engine.unit import Unit
from fieldstone.errors import Invalid
from fieldstone.query.names import shown
from fieldstone.query.storage import StorageClass
from fieldstone.store.binds import Binds

ID = "id"
MOST_MATCHES = 20_000
"""How many records may match the rows that are written together."""

_UNFIT = frozenset({StorageClass.JSON, StorageClass.BYTES, StorageClass.NONE, StorageClass.DOUBLE})
Key = tuple[Any, ...]


class Matching(msgspec.Struct, frozen=True, eq=False):
    """By which fields records are found, and the caller's policy for reading."""

    read: Policy
    fields: tuple[str, ...]

    def key(self, values: Mapping[str, Any]) -> Key | None:
        """Returns the key of a row; None where a part of it is blank."""
        key = tuple(values.get(name) for name in self.fields)
        return None if any(part in (None, "") for part in key) else key


def matching_of(door: Door, caller: Caller, operation: Import) -> Matching | None:
    """Returns how records are found, None for an insert, which finds none; raises Invalid."""
    named = operation.match_fields
    if operation.write_mode == "insert":
        if named:
            raise _refused("`matchFields` are for an update or an upsert.", "Say `writeMode: upsert`.")
        return None
    if not named:
        raise _refused(f"An {operation.write_mode} finds records by `matchFields`.", "Name a field, such as `[code]`.")
    read = door.policies.policy(caller, operation.object, "read")
    columns = {column.field for column in operation.columns}
    for name in named:
        shape = read.shape.fields.get(name)
        if name not in columns:
            raise _refused(f"No column goes to the match field `{shown(name)}`.", "Map a column to it.")
        if name not in read.readable:
            raise _refused(f"No field `{shown(name)}` on `{operation.object}`.")
        if shape is None or shape.formula is not None or shape.storage.masked or shape.storage.kind in _UNFIT:
            raise _refused(f"Records are not told apart by `{name}`.")
    return Matching(read, named)


async def find_matches(
    door: Door, unit: Unit, caller: Caller, match: Matching, keys: Sequence[Key]
) -> Mapping[Key, list[str]]:
    """Returns the ids of the records that have each key, in their order."""
    wanted = set(keys)
    slots = tuple(list(dict.fromkeys(part)) for part in zip(*wanted, strict=True))
    binds = Binds(slots, caller.values, unit.now, limit=MOST_MATCHES)
    rows = await unit.transaction.fetch(door.plans.matching(match.read, match.fields), binds) if wanted else []
    if len(rows) == MOST_MATCHES:
        raise _refused("The match fields fit too many records.", "Match by a field that no two records share.")
    found: dict[Key, list[str]] = {}
    for record_id, *key in rows:
        if tuple(key) in wanted:
            found.setdefault(tuple(key), []).append(record_id)
    return found


def _refused(message: str, hint: str | None = None) -> Invalid:
    return Invalid(message, reason="INVALID_IMPORT", path="matchFields", hint=hint)
