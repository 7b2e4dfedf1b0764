"""Windows of validity: from `valid_from` on and up to, without, `valid_until`; a side that is not set is open."""

from collections.abc import Iterable, Mapping
from typing import Any

WINDOW = ("valid_from", "valid_until")

Row = Mapping[str, Any]
"""A record that has a window, with its instants in wire form."""


def is_open(row: Row, now: str) -> bool:
    """Tells whether a window is open."""
    opens, closes = (row[name] for name in WINDOW)
    return (opens is None or opens <= now) and (closes is None or now < closes)


def next_edge(rows: Iterable[Row], now: str) -> str | None:
    """Returns the first instant after now at which some window opens or closes; None when none ever will."""
    return earliest(row[name] for row in rows for name in WINDOW if row[name] is not None and row[name] > now)


def earliest(instants: Iterable[str | None]) -> str | None:
    """Returns the first of some instants, of which None is never."""
    return min((instant for instant in instants if instant is not None), default=None)


def latest(one: str | None, other: str | None) -> str | None:
    """Returns the later of two instants, of which None is never."""
    return None if one is None or other is None else max(one, other)
