"""Record ids: ULIDs, 26 characters of Crockford's base 32, in order of their making."""

from collections.abc import Callable
from datetime import datetime

from ulid import ULID

NewId = Callable[[], str]
"""Returns a fresh id."""

LENGTH = 26
_ALPHABET = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def new_id() -> str:
    """Returns a fresh ULID."""
    return str(ULID())


def is_id(text: str) -> bool:
    """Tells whether a text has the form of an id."""
    return len(text) == LENGTH and text[0] <= "7" and _ALPHABET.issuperset(text)


def made_at(record_id: str) -> datetime:
    """Returns the moment that an id tells, that of its making."""
    return ULID.from_str(record_id).datetime
