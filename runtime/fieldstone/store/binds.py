"""What a compiled statement is given each time it runs."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.query.viewpoint import timezone_of


class Binds(msgspec.Struct, frozen=True):
    """The values of one run, all in wire form.

    `values` are what `Slot`s point to, `caller` what `CallerValue`s and `Holds` nodes read, `now` the request's instant.
    `epoch` is the policy epoch at which a read by itself is to be answered; None: at any.
    """

    values: tuple[Any, ...] = ()
    caller: Mapping[str, Any] = {}
    now: str = ""
    limit: int | None = None
    offset: int | None = None
    epoch: int | None = None

    @property
    def timezone(self) -> str:
        """The zone in which `today()` is meant: that of the caller's organisation."""
        return timezone_of(self.caller)
