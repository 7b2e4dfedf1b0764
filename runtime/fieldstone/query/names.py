"""Names that somebody sent: how messages show them, and which known name was meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST = 64


def shown(name: Any) -> str:
    """Returns a name as messages may quote it: cut when it is long, and without what cannot be encoded."""
    text = str(name) if isinstance(name, str | int | float | bool) or name is None else type(name).__name__
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")


def nearest(name: Any, known: Iterable[str]) -> str | None:
    """Returns the known name that is most like a wrong one, None when none is."""
    if not isinstance(name, str) or len(name) > _LONGEST:
        return None
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in reversed(names)}
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(name: Any, known: Iterable[str]) -> str | None:
    """Returns the hint for a wrong name, None when nothing is like it."""
    found = nearest(name, known)
    return f"Did you mean `{found}`?" if found else None
