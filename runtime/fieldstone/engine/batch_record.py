"""The records of a batch as they are sent: which keys each must have, and of what kind their values are.

Refuses a record alone, with Invalid; what its `data` holds is the concern of the write.
"""

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.errors import (
    Conflict,
    FieldstoneError,
    Invalid,
    MethodNotAllowed,
    NotAttempted,
    NotFound,
    PermissionDenied,
    RolledBack,
)

REFUSALS: Final = (Invalid, PermissionDenied, NotFound, MethodNotAllowed, Conflict)
"""What befalls a row by itself; anything else befalls the whole batch."""

KEYS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "create": (frozenset({"data"}), frozenset()),
    "update": (frozenset({"id", "data"}), frozenset({"expectedVersion"})),
    "upsert": (frozenset({"data"}), frozenset({"id", "externalId", "expectedVersion"})),
    "delete": (frozenset({"id"}), frozenset({"expectedVersion"})),
}
"""The keys that a record must have, and those that it may have."""

ROWS_WITHOUT_PAUSE: Final = 100
"""After how many rows of plain computing the loop is let go."""

ROWS_TOGETHER: Final = 250
"""How many new rows of a batch are written by one statement."""


def check_record(operation: str, record: Any) -> None:
    """Raises Invalid for a record whose keys, or whose values beside `data`'s own, are not those of its operation."""
    needed, possible = KEYS[operation]
    allowed = ", ".join(f"`{key}`" for key in sorted(needed | possible))
    if not isinstance(record, Mapping) or not needed <= record.keys() <= needed | possible:
        raise Invalid(f"A record of this batch is an object with {allowed}.", reason="INVALID_BATCH")
    if not isinstance(record.get("data", {}), Mapping):
        raise Invalid("`data` is an object of field values.", reason="INVALID_BATCH")
    if not isinstance(record.get("id", ""), str):
        raise Invalid("`id` is a text.", reason="INVALID_BATCH")
    if type(record.get("expectedVersion", 0)) is not int:
        raise Invalid("`expectedVersion` is a whole number.", reason="INVALID_BATCH")
    if "id" in record and "externalId" in record:
        raise Invalid("A record is found by its `id` or by its `externalId`, not by both.", reason="INVALID_BATCH")


def left_out(*, tried: bool) -> FieldstoneError:
    """Returns what is told of a row that nothing was wrong with, and that was not written because of another."""
    if tried:
        return RolledBack("Undone, because another record of the batch failed.")
    return NotAttempted("Not tried, because another record of the batch failed.")
