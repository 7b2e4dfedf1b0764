"""The time, as a value that is passed in: one canonical text form for instants."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], str]
"""Returns now as `YYYY-MM-DDTHH:MM:SS.mmmZ`, UTC, cut to milliseconds."""


def system_clock() -> str:
    """Returns the machine's time in the canonical form."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> str:
    """Returns an aware datetime in the canonical form; what is finer than a millisecond is cut off."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def moment(text: str) -> datetime:
    """Returns the aware datetime of a canonical instant."""
    return datetime.fromisoformat(text)


def later(text: str, seconds: float) -> str:
    """Returns the instant so many seconds after another."""
    return instant(moment(text) + timedelta(seconds=seconds))
