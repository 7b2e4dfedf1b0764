"""What is loaded late: modules over large libraries that few processes ever need, each at the first use of the function that stands in it.

The libraries of workbooks, of PDF and of durable runs would take a third of the time of every start, and of an idle process's memory.
"""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any


def late(place: str) -> Callable[..., Any]:
    """Returns a function that stands for the one at `module:name`, whose module is loaded by the first call."""

    def call(*given: Any, **named: Any) -> Any:
        return resolve_name(place)(*given, **named)

    return call
