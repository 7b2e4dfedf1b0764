"""The time, as a value that is passed in: one canonical text form for instants."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time_ns

Clock = Callable[[], str]
"""Returns now as `YYYY-MM-DDTHH:MM:SS.mmmZ`, UTC, cut to milliseconds."""


class SystemClock:
    """The machine's time in the canonical form; the text of a millisecond is made once. Threads may share one."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made = (-1, "")

    def __call__(self) -> str:
        """Returns now."""
        now = time_ns() // 1_000_000
        made, text = self._made
        if now != made:
            second, milliseconds = divmod(now, 1000)
            day = text[:20] if second == made // 1000 else f"{datetime.fromtimestamp(second, UTC).isoformat()[:19]}."
            text = f"{day}{milliseconds:03d}Z"
            self._made = (now, text)
        return text


system_clock = SystemClock()
"""The machine's time."""


def instant(moment: datetime) -> str:
    """Returns an aware datetime in the canonical form; what is finer than a millisecond is cut off."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def moment(text: str) -> datetime:
    """Returns the aware datetime of a canonical instant."""
    return datetime.fromisoformat(text)


def later(text: str, seconds: float) -> str:
    """Returns the instant so many seconds after another."""
    return instant(moment(text) + timedelta(seconds=seconds))
