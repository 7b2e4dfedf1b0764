"""Time zones as both databases are told of them: when the clocks of a zone change, and how far they are from UTC in between.

The rules are those that Python has, whatever a database's server may know, so that a day is the same day everywhere. They are
written out from 1880 to 2100; whatever is earlier or later goes by the first or the last of them.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

ZONES_KEPT = 64
DAYS_KEPT = 65_536

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_WEEK = 7 * 24 * 3600
_FIRST = (datetime(1880, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND
_LAST = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND


class ZoneRules(msgspec.Struct, frozen=True):
    """When the clocks of a zone change: at each of `changes`, in seconds since 1970, the next of `offsets` comes into force, in seconds.

    There is one offset more than there are changes: the first holds before all of them.
    """

    changes: tuple[int, ...]
    offsets: tuple[int, ...]


@lru_cache(maxsize=ZONES_KEPT)
def rules_of(zone: str) -> ZoneRules:
    """Returns the rules of a zone by its name."""
    known = ZoneInfo(zone)
    before = _offset(known, _FIRST)
    changes, offsets = [], [before]
    for week in range(_FIRST + _WEEK, _LAST, _WEEK):
        after = _offset(known, week)
        if after != before:
            changes.append(_change(known, week - _WEEK, week))
            offsets.append(after)
            before = after
    return ZoneRules(tuple(changes), tuple(offsets))


@lru_cache(maxsize=DAYS_KEPT)
def local_day(instant: str, zone: str) -> str:
    """Returns the day of an instant in a zone; one outside of the years 0001 to 9999 becomes the nearest within."""
    rules = rules_of(zone)
    moment = datetime.fromisoformat(instant)
    offset = rules.offsets[bisect_right(rules.changes, (moment - _EPOCH) // _SECOND)]
    try:
        return (moment + offset * _SECOND).date().isoformat()
    except OverflowError:
        return instant[:10]


def _change(zone: ZoneInfo, earlier: int, later: int) -> int:
    """Returns the first second at which the offset is that of the later instant."""
    before = _offset(zone, earlier)
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if _offset(zone, middle) == before:
            earlier = middle
        else:
            later = middle
    return later


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = (_EPOCH + seconds * _SECOND).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _SECOND
