"""What a question is: how the data API is asked for a figure, and how the files give the same one."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from packages.flights.client import DataApi
from packages.flights.source import Source

Figure = int | tuple[Any, ...]
"""A number, or rows of plain values."""

PAGE = 200


class Question(msgspec.Struct, frozen=True):
    """A question, how the API is asked for its figure, and how the files give it."""

    text: str
    ask: Callable[[DataApi], Awaitable[Figure]]
    compute: Callable[[Source], Figure]


def instant(text: str) -> str:
    """Returns an instant of the files as the API shows it."""
    return text.replace("Z", ".000Z")


def mean(values: Sequence[Decimal], digits: int) -> Decimal | None:
    """Returns the mean of exact numbers to so many digits after the point, half of the last one away from zero; None of none."""
    if not values:
        return None
    return (sum(values, Decimal()) / len(values)).quantize(Decimal((0, (1,), -digits)), ROUND_HALF_UP)


def shown(figure: Figure) -> str:
    """Returns a figure as text, cut to what a person takes in."""
    if isinstance(figure, int):
        return f"{figure:,}"
    parts = [_shown_part(part) for part in figure[:3]]
    return ", ".join(parts) + (f" ... ({len(figure)} values)" if len(figure) > len(parts) else "")


def _shown_part(part: Any) -> str:
    if isinstance(part, tuple):
        return "(" + ", ".join(map(_shown_part, part)) + ")"
    return f"{part:,}" if isinstance(part, int | Decimal) else str(part)
