"""Groups in plain Python: what an aggregation answers over records in memory. The oracle of the store's tests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from fieldstone.query.ast import Column, FieldValue, GroupKey, GroupQuery, Measure, OrderKey
from fieldstone.query.evaluate import Record, Surroundings, matches, value_of

Scales = Callable[[Column], int | None]
"""Returns the digits after the point of a column of exact numbers; None for doubles."""

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def groups_in_memory(
    query: GroupQuery, rows: Sequence[Record], around: Surroundings, scales: Scales
) -> list[tuple[Any, ...]]:
    """Returns all groups of a query in their order, before any page is cut."""
    shape = query.aggregation
    gathered: dict[tuple[Any, ...], list[Record]] = {} if shape.groups else {(): []}
    for row in rows:
        if matches(shape.where, row, around):
            gathered.setdefault(tuple(_key(key, row, around) for key in shape.groups), []).append(row)
    groups = [
        dict(
            zip(shape.names, (*key, *(_measure(each, members, around, scales) for each in shape.measures)), strict=True)
        )
        for key, members in gathered.items()
    ]
    kept = [group for group in groups if matches(shape.having, group, around)]
    return [tuple(group.values()) for group in _sorted(kept, shape.order)]


def label(day: str, bucket: str) -> str:
    """Returns the label of the bucket that a day lies in."""
    moment = date.fromisoformat(day)
    year, week, _ = moment.isocalendar()
    return {
        "day": day,
        "week": f"{year:04d}-W{week:02d}",
        "month": day[:7],
        "quarter": f"{day[:4]}-Q{(moment.month + 2) // 3}",
        "year": day[:4],
    }[bucket]


def _key(key: GroupKey, row: Record, around: Surroundings) -> Any:
    value = _value(key.column, row, around)
    if value is None or key.bucket is None:
        return value
    if len(value) > 10:
        zone = "UTC" if key.zone is None else around.values[key.zone.index]
        value = local_day(value, zone)
    return label(value, key.bucket)


def local_day(instant: str, zone: str) -> str:
    """Returns the day of an instant in a time zone, none of which lies before the first or after the last of the calendar."""
    try:
        return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).date().isoformat()
    except OverflowError:
        return instant[:10]


def _value(column: Column, row: Record, around: Surroundings) -> Any:
    return value_of(column if isinstance(column, FieldValue) else FieldValue(column), row, around)


def _measure(measure: Measure, rows: Iterable[Record], around: Surroundings, scales: Scales) -> Any:
    rows = [row for row in rows if matches(measure.where, row, around)]
    if measure.column is None:
        return len(rows)
    found = (_value(measure.column, row, around) for row in rows)
    values = [value for value in found if value is not None]
    if measure.function in ("count", "count_distinct"):
        return len(values if measure.function == "count" else set(values))
    values.sort()
    scale = scales(measure.column) if measure.function in ("sum", "avg") else None
    if measure.function == "sum":
        return float(sum(values)) if scale is None else _at_scale(sum(map(Fraction, values), Fraction()), scale)
    if not values:
        return None
    if measure.function == "avg":
        mean = sum(map(Fraction, values), Fraction()) / len(values)
        return float(mean) if scale is None else _at_scale(mean, scale + 6)
    chosen = {"min": values[0], "max": values[-1], "array_agg": values}
    return chosen[measure.function] if measure.function in chosen else ", ".join(values)


def _at_scale(number: Fraction, scale: int) -> Decimal:
    """Returns a fraction rounded to so many digits after the point, half of the last one away from zero."""
    scaled = number * 10**scale
    whole = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-scale, EXACT)


def _sorted(groups: list[dict[str, Any]], order: Sequence[OrderKey]) -> list[dict[str, Any]]:
    for key in reversed(order):
        groups = sorted(groups, key=lambda group: _place(group, key), reverse=key.descending)
    return groups


def _place(group: Mapping[str, Any], key: OrderKey) -> tuple[bool, Any]:
    value = group[key.field]
    return (value is None, 0 if value is None else value)
