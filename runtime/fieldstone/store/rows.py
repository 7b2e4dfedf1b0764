"""Rows: from the driver's form to wire form, or back; a place at a time, and only where it needs it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from fieldstone.query.masking import Masking
from fieldstone.store.columns import Convert
from fieldstone.store.interface import Row

Change: TypeAlias = Callable[[Iterable[list[Any]]], None]
"""Converts what stands at one place of rows; nulls stay nulls."""


def changes_of(converts: Iterable[Convert | None]) -> tuple[Change, ...]:
    """Returns the changes of rows whose values, place by place, need these conversions or none."""
    return tuple(
        convert.over(place) if isinstance(convert, Masking) else _over(place, convert)
        for place, convert in enumerate(converts)
        if convert is not None
    )


def converted(rows: Iterable[Iterable[Any]], changes: tuple[Change, ...]) -> list[Row]:
    """Returns rows as tuples, changed."""
    if not changes:
        return [*map(tuple, rows)]
    found = [*map(list, rows)]
    for change in changes:
        change(found)
    return [*map(tuple, found)]


def _over(place: int, convert: Convert) -> Change:
    def change(rows: Iterable[list[Any]]) -> None:
        for row in rows:
            value = row[place]
            if value is not None:
                row[place] = convert(value)

    return change
