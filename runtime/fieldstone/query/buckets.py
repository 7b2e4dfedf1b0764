"""Buckets: the spans of time by which days and instants can be grouped, and their labels.

A label is a text, and labels of one kind sort as their spans do. The day of an instant is that of a time zone; one that the zone moves out
of the years 0001 to 9999 stays at their end.
"""

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

import msgspec

from fieldstone.query.storage import FieldShape, Storage, StorageClass

DATED = frozenset({"day", "instant"})
"""The families of what has a day."""


class Bucket(msgspec.Struct, frozen=True):
    """One kind of span, with the label of the one that 5 March 2026 lies in."""

    name: str
    label: str
    summary: str


BUCKETS: Mapping[str, Bucket] = {
    bucket.name: bucket
    for bucket in (
        Bucket("day", "2026-03-05", "The day"),
        Bucket("week", "2026-W10", "The week, from Monday, and the year that it counts to (ISO 8601)"),
        Bucket("month", "2026-03", "The month"),
        Bucket("quarter", "2026-Q1", "The quarter of the year"),
        Bucket("year", "2026", "The year"),
    )
}
"""By name, as a `dateGranularity` writes it."""


def bucket_shape(name: str, field: FieldShape) -> FieldShape:
    """Returns the shape of the labels of a field."""
    return FieldShape(name, Storage(StorageClass.TEXT), "text", nullable=field.nullable)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Returns the names of all time zones; the machine's own, `localtime`, is none of them."""
    return frozenset(available_timezones() - {"localtime"})
