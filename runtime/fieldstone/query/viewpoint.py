"""From where a query is asked: what it may refer to beside the fields of its object.

The floors above fill one in for each caller: which related objects he may look at, under which policy, and his own values. Nothing of
it is looked up here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.query.ast import Filter
from fieldstone.query.storage import ObjectShape

UTC = "UTC"


class Related(msgspec.Struct, frozen=True, eq=False):
    """An object that references lead to, as the caller may see it: the fields that may be named and the rows that are there.

    `max_page` is the most of its records that a list may hold.
    """

    shape: ObjectShape
    rows: Filter
    max_page: int


FindRelated = Callable[[str], Related | None]
"""Returns an object by its name; None for one that the caller may not look at."""

FindReferrers = Callable[[str], Mapping[str, tuple[str, ...]]]
"""Returns, for an object, those that refer to it and that the caller may list, by name, each with its visible fields that do."""


class Viewpoint(msgspec.Struct, frozen=True, eq=False):
    """Who asks and when: `caller` are his values in wire form, `now` is the instant of the request.

    `kept` is said of a condition whose outcome is kept: it may not depend on who asks or when.
    """

    related: FindRelated
    caller: Mapping[str, Any]
    now: str
    referrers: FindReferrers = lambda _object_name: {}
    kept: bool = False

    @property
    def timezone(self) -> str:
        """The time zone of the caller's organisation."""
        return timezone_of(self.caller)


def timezone_of(caller: Mapping[str, Any]) -> str:
    """Returns the time zone in which a caller's days begin, from his values."""
    return caller.get("timezone") or UTC


NOWHERE = Viewpoint(lambda _object_name: None, {}, "1970-01-01T00:00:00.000Z")
"""Without anybody who asks: nothing is related, and no value is there."""

KEPT = Viewpoint(lambda _object_name: None, {}, NOWHERE.now, kept=True)
"""That of a declared condition over the fields of one record alone, whose outcome is kept."""
