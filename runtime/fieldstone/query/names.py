"""Names that somebody sent: how messages show them, and which known name was meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST = 64
_FEW = 12


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


def meant_or_known(name: Any, known: Iterable[str]) -> str | None:
    """Returns the hint for a wrong name in a declaration: the one that is like it, else all that there are where these are few."""
    names = sorted(known) if isinstance(known, (set, frozenset)) else list(known)
    listed = ", ".join(f"`{each}`" for each in names)
    few = f"Known {'is' if len(names) == 1 else 'are'} {listed}." if 0 < len(names) <= _FEW else None
    return did_you_mean(name, names) or few
