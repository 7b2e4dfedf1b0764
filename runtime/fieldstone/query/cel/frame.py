"""What one evaluation carries with it: its values from outside, the items of its macros, and the work that is left to it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from fieldstone.query.cel.calendar import add_days, zone
from fieldstone.query.cel.fault import EvaluationError, Failure
from fieldstone.query.cel.limits import ITERATIONS
from fieldstone.query.cel.values import instant_from

Activation = Mapping[str, Any]


class Frame:
    """The state of one evaluation; `items` holds the current item of each macro, outermost first."""

    __slots__ = ("activation", "items", "left")

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.items: list[Any] = []
        self.left = ITERATIONS

    def step(self, pos: int) -> None:
        """Takes one step of a macro; raises EvaluationError when none is left."""
        self.left -= 1
        if self.left < 0:
            raise EvaluationError("TOO_LARGE", f"The macros take more than {ITERATIONS:,} steps", pos)


Closure = Callable[[Frame], Any]


def clock_function(name: str) -> Callable[..., Any]:
    """Returns a function of the clock; it takes the frame before its arguments."""
    return _CLOCK[name]


def _now(frame: Frame) -> datetime:
    text = frame.activation.get("now")
    if not text:
        raise Failure("NO_VALUE", "There is no clock here")
    return instant_from(text)


def _today(frame: Frame) -> date:
    return _now(frame).astimezone(zone(frame.activation.get("timezone") or "UTC")).date()


_CLOCK: Mapping[str, Callable[..., Any]] = {
    "now": _now,
    "today": _today,
    "daysFromNow": lambda frame, days: add_days(_now(frame), days),
    "daysAgo": lambda frame, days: add_days(_now(frame), -days),
}
