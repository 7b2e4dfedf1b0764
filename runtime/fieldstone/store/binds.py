"""What a compiled statement is given each time it runs."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Binds(msgspec.Struct, frozen=True):
    """The values of one run, all in wire form.

    `values` are what `Slot`s point to, `caller` what `CallerValue`s and `Holds` nodes read, `now` the request's instant, `timezone` the
    organisation's zone for `today()`.
    """

    values: tuple[Any, ...] = ()
    caller: Mapping[str, Any] = {}
    now: str = ""
    timezone: str = "UTC"
    limit: int | None = None
    offset: int | None = None
